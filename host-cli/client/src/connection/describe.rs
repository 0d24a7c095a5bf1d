//! The device's description, read once for each interface.

use super::Connection;
use crate::cache::Cached;
use crate::description::{Description, ReadError};
use rpc_proto::client::{CallError, Caller, IntoCaller};
use rpc_proto::device::DeviceDescribe;
use rpc_proto::wire::crc::Crc32;
use std::sync::Arc;

/// The longest description that is read. A device that sends more never ends, or means harm.
const MAX_DESCRIPTION: usize = 256 * 1024;

/// How often reading starts anew because the device came back with another interface meanwhile.
const ATTEMPTS: u32 = 3;

/// Why there is no description of a device.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The device's firmware was built without one.
    #[error(
        "the device does not describe its procedures: its firmware was built without the description"
    )]
    LeftOut,
    /// The device sends on and on.
    #[error("the device's description is longer than {MAX_DESCRIPTION} bytes")]
    TooLong,
    /// What came is not what the device announced.
    #[error("the device's description is not the one that it announced")]
    Mismatch,
    /// What came makes no sense.
    #[error("the device's description makes no sense: {0}")]
    Malformed(#[from] ReadError),
}

impl Connection {
    /// The description of the device's interface.
    ///
    /// # Errors
    /// When a call fails, or the device has no description or a wrong one.
    pub fn description(&self) -> Result<Arc<Description>, DescriptionError> {
        let (description, _) = self.description_and_fingerprint()?;
        Ok(description)
    }

    /// The description as the device sends it, which [`Description::read`] takes.
    ///
    /// # Errors
    /// As [`description`](Self::description).
    pub fn description_bytes(&self) -> Result<Vec<u8>, DescriptionError> {
        if let Some(cached) = self.cached_description()? {
            return Ok(cached.bytes);
        }
        let mut attempts = 0;
        loop {
            let bytes = self.read_description()?;
            if bytes.is_empty() {
                return Err(DescriptionError::LeftOut);
            }
            attempts += 1;
            let fingerprint = Crc32::of(&bytes).value();
            if self
                .device()
                .is_none_or(|device| device.fingerprint == fingerprint)
            {
                if let Some(cache) = &self.cache {
                    // One that cannot be kept will be read again, and nobody is worse off.
                    let _ = cache.put(&bytes);
                }
                return Ok(bytes);
            }
            if attempts == ATTEMPTS {
                return Err(DescriptionError::Mismatch);
            }
        }
    }

    /// The description, and the fingerprint by which the device announces it.
    pub(super) fn description_and_fingerprint(
        &self,
    ) -> Result<(Arc<Description>, u32), DescriptionError> {
        {
            let state = self.state();
            if let (Some(device), Some((fingerprint, description))) =
                (state.client.device(), &state.description)
                && device.fingerprint == *fingerprint
            {
                return Ok((Arc::clone(description), *fingerprint));
            }
        }
        let bytes = self.description_bytes()?;
        let fingerprint = Crc32::of(&bytes).value();
        let description = Arc::new(Description::read(&bytes)?);
        self.state().description = Some((fingerprint, Arc::clone(&description)));
        Ok((description, fingerprint))
    }

    /// What the cache has for the interface of this device.
    fn cached_description(&self) -> Result<Option<Cached>, DescriptionError> {
        let Some(cache) = &self.cache else {
            return Ok(None);
        };
        let fingerprint = self.announced()?.map(|device| device.fingerprint);
        Ok(fingerprint.and_then(|fingerprint| cache.get(fingerprint)))
    }

    fn read_description(&self) -> Result<Vec<u8>, DescriptionError> {
        let mut caller = self.into_caller();
        let mut bytes = Vec::new();
        loop {
            let offset = u32::try_from(bytes.len()).map_err(|_| DescriptionError::TooLong)?;
            let chunk = caller.call::<DeviceDescribe>(&(offset,))?;
            if chunk.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(chunk);
            if bytes.len() > MAX_DESCRIPTION {
                return Err(DescriptionError::TooLong);
            }
        }
    }
}
