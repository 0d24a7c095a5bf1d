//! Finds the description for a command: that of the device, that of a known device, or the one in a file.

use crate::context::Context;
use crate::failure::{Class, Failure};
use serde::Deserialize;
use serial_rpc::Connection;
use serial_rpc::cache::Cached;
use serial_rpc::description::Description;
use serial_rpc::value::from_hex;
use serial_rpc_source::is_source;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// The source of the description.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// Work without the device: use the description of the last one or, with =DEVICE, of the one
    /// with that name or fingerprint.
    #[arg(
        long,
        value_name = "DEVICE",
        num_args = 0..=1,
        require_equals = true
    )]
    cached: Option<Option<String>>,
}

impl Source {
    /// Returns the description.
    pub fn description(&self, context: &Context) -> Result<Arc<Description>, Failure> {
        match &self.cached {
            Some(name) => Ok(Arc::new(cached(context, name.as_deref())?.description)),
            None => of_device(&*context.connect()?),
        }
    }

    /// Returns the description as the device sends it.
    pub fn bytes(&self, context: &Context) -> Result<Vec<u8>, Failure> {
        match &self.cached {
            Some(name) => Ok(cached(context, name.as_deref())?.bytes),
            None => {
                let device = context.connect()?;
                device
                    .description_bytes()
                    .map_err(|error| Failure::description(&device, error))
            }
        }
    }
}

/// Returns the description of the device.
pub fn of_device(device: &Connection) -> Result<Arc<Description>, Failure> {
    let description = device.description();
    description.map_err(|error| Failure::description(device, error))
}

/// Reads the description in a file: as `schema dump` saves it, in either form, or of Rust source.
pub fn of_file(file: &Path) -> Result<Vec<u8>, Failure> {
    if is_source(file) {
        return serial_rpc_source::description(file).map_err(|error| {
            let failure = Failure::new(Class::Usage, error.to_string());
            match error.hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        });
    }
    let bytes = fs::read(file).map_err(|error| {
        let message = format!("cannot read {}: {error}", file.display());
        Failure::new(Class::Usage, message)
    })?;
    Ok(dumped_bytes(&bytes).unwrap_or(bytes))
}

/// Returns the bytes in a description that was saved as JSON.
fn dumped_bytes(json: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Bytes {
        bytes: String,
    }
    let Bytes { bytes } = serde_json::from_slice(json).ok()?;
    from_hex(&bytes)
}

fn cached(context: &Context, name: Option<&str>) -> Result<Cached, Failure> {
    let Some(cache) = context.cache() else {
        let message = "there is no cache to use with --cached: --no-cache disables it";
        return Err(Failure::new(Class::Usage, message));
    };
    let all = cache.all();
    let known: Vec<String> = all.iter().map(shown).collect();
    let is_meant = |cached: &Cached| {
        name.is_none_or(|name| {
            cached.description.name == name || fingerprint(cached) == name.to_lowercase()
        })
    };
    all.into_iter().find(is_meant).ok_or_else(|| {
        let what = match name {
            Some(name) => format!("no device `{name}` was met before"),
            None => "no device was met before".to_owned(),
        };
        Failure::new(Class::Usage, what).hint(match known.as_slice() {
            [] => "connect one, and leave --cached out".to_owned(),
            known => format!("those that were are {}", known.join(", ")),
        })
    })
}

fn shown(cached: &Cached) -> String {
    let Description { name, version, .. } = &cached.description;
    format!("{name} {version} ({})", fingerprint(cached))
}

fn fingerprint(cached: &Cached) -> String {
    format!("{:#010x}", cached.fingerprint)
}
