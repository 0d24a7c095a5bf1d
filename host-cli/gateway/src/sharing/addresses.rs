//! Shares the devices on the addresses that the command line chooses.

#[cfg(unix)]
use super::sockets::Folder;
use super::{Limits, Sharing};
use crate::device::Device;
use crate::devices::Devices;
use crate::options::{OutwardOptions, Shared};
use serial_rpc::failure::{Class, Failure};
use std::sync::Arc;
#[cfg(unix)]
use {serial_rpc::safe, std::path::Path, tracing::warn};

impl Sharing {
    /// Shares the devices on their sockets, and on the TCP ports that were chosen.
    ///
    /// # Errors
    /// Fails if an address that was chosen cannot be had.
    pub async fn begin(
        options: &OutwardOptions,
        devices: &Devices,
        limits: Limits,
    ) -> Result<Self, Failure> {
        let mut sharing = Self::new(limits);
        #[cfg(unix)]
        share_on_sockets(options.sockets.as_deref(), devices, &mut sharing)?;
        for Shared { name, address } in &options.tcp {
            let device = match name {
                Some(name) => devices.get(name).ok_or_else(|| {
                    let error = format!("no device has the name {name}, which --tcp gives");
                    Failure::new(Class::Usage, error)
                })?,
                None => only(devices)?,
            };
            sharing.on_tcp(&device, *address).await.map_err(|error| {
                Failure::new(Class::Port, format!("cannot listen on {address}: {error}"))
                    .hint("choose another port with --tcp")
            })?;
        }
        Ok(sharing)
    }
}

/// Shares the devices on their sockets. Without them, a folder that nobody chose is no failure: the other
/// ways remain.
#[cfg(unix)]
fn share_on_sockets(
    chosen: Option<&Path>,
    devices: &Devices,
    sharing: &mut Sharing,
) -> Result<(), Failure> {
    let folder = match Folder::open(chosen) {
        Ok(folder) => folder,
        Err(error) if chosen.is_none() => {
            warn!(%error, "programs cannot use the devices' ports");
            return Ok(());
        }
        Err(error) => {
            return Err(Failure::new(
                Class::Usage,
                format!("cannot use the folder for sockets: {error}"),
            )
            .hint("choose a folder of yours with --sockets"));
        }
    };
    for device in devices.all() {
        if let Err(error) = sharing.on_socket(&device, &folder) {
            warn!(device = safe::line(device.name()), %error, "programs cannot use the device's port");
        }
    }
    Ok(())
}

/// Returns the only device.
fn only(devices: &Devices) -> Result<Arc<Device>, Failure> {
    match &devices.all()[..] {
        [device] => Ok(Arc::clone(device)),
        _ => Err(Failure::new(
            Class::Usage,
            "there are several devices, and --tcp does not say which",
        )
        .hint("write --tcp NAME=HOST:PORT")),
    }
}
