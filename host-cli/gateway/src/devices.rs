//! The devices of a gateway, by name.

use crate::device::Device;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// All devices that the gateway shares.
#[derive(Debug, Default)]
pub struct Devices {
    by_name: RwLock<BTreeMap<String, Arc<Device>>>,
    /// Tells of each change of the list or of a device in it.
    changes: Arc<watch::Sender<()>>,
}

impl Devices {
    /// Adds a device. One of the same name is replaced. This needs a Tokio runtime.
    pub fn add(&self, device: Arc<Device>) {
        let (mut status, changes) = (device.watch(), Arc::clone(&self.changes));
        tokio::spawn(async move {
            while status.changed().await.is_ok() {
                changes.send_replace(());
            }
        });
        let mut devices = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        devices.insert(device.name().to_owned(), device);
        drop(devices);
        self.changes.send_replace(());
    }

    /// Returns the device with that name.
    pub fn get(&self, name: &str) -> Option<Arc<Device>> {
        let devices = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        devices.get(name).map(Arc::clone)
    }

    /// Returns all devices in the order of their names.
    pub fn all(&self) -> Vec<Arc<Device>> {
        let devices = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        devices.values().map(Arc::clone).collect()
    }

    /// Returns a receiver that sees when the list or a device in it has changed.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
