//! The devices of a gateway, by name.

use crate::device::Device;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All devices that the gateway shares.
#[derive(Debug, Default)]
pub struct Devices {
    by_name: BTreeMap<String, Arc<Device>>,
}

impl Devices {
    /// Adds a device. One of the same name is replaced.
    pub fn add(&mut self, device: Device) {
        self.by_name
            .insert(device.name().to_owned(), Arc::new(device));
    }

    /// Returns the device with that name.
    pub fn get(&self, name: &str) -> Option<Arc<Device>> {
        self.by_name.get(name).map(Arc::clone)
    }

    /// Returns all devices in the order of their names.
    pub fn all(&self) -> Vec<Arc<Device>> {
        self.by_name.values().map(Arc::clone).collect()
    }
}
