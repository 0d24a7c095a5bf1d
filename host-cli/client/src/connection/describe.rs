//! Reads the device's description, once for each interface.

use super::Connection;
use super::shared::Known;
use crate::description::{Description, MAX_DESCRIPTION, Mirror, ReadError};
use rpc_proto::client::{self, CallError, Target};
use rpc_proto::describe::{DIGEST, DIGEST_OFFSET, digest};
use rpc_proto::device::DeviceDescribe;
use rpc_proto::wire::crc::Crc32;
use std::sync::Arc;
use std::time::Instant;

/// The bytes that must come within the time limit of a call, so that one who sends them singly does
/// not keep the reader for hours.
const IN_TIME: usize = 1024;

/// The fewest bytes that an answer brings on average: a device fills its frames, and the shortest
/// has room for these.
const IN_ANSWER: usize = 16;

/// An error of reading a device's description.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The device's firmware was built without a description.
    #[error(
        "the device does not describe its procedures: its firmware was built without the description"
    )]
    LeftOut,
    /// The description exceeds the limit.
    #[error("the device's description is longer than {MAX_DESCRIPTION} bytes")]
    TooLong,
    /// The description does not come to an end in time.
    #[error("the device sends its description too slowly, or in pieces that are too small")]
    TooSlow,
    /// The description is not the one that the device announced.
    #[error("the device's description is not the one that it announced")]
    Mismatch,
    /// The description cannot be read.
    #[error("the device's description makes no sense: {0}")]
    Malformed(#[from] ReadError),
}

impl Connection {
    /// Returns the description of the device's interface.
    ///
    /// # Errors
    /// Fails if a call fails, or if the device has no description or a wrong one.
    pub fn description(&self) -> Result<Arc<Description>, DescriptionError> {
        self.block_on(self.description_async())
    }

    /// Returns the description, and lets other tasks run while it is read.
    ///
    /// # Errors
    /// Fails as [`description`](Self::description) does.
    pub async fn description_async(&self) -> Result<Arc<Description>, DescriptionError> {
        let (description, _) = self.description_and_fingerprint().await?;
        Ok(description)
    }

    /// Returns the interface for a server that passes calls on, and lets other tasks run while the
    /// description is read.
    ///
    /// # Errors
    /// Fails as [`description`](Self::description) does.
    pub async fn mirror_async(&self) -> Result<Mirror, DescriptionError> {
        let known = self.known().await?;
        Ok(Mirror::new(known.bytes.to_vec())?)
    }

    /// Returns the description in the form that the device sends, for [`Description::read`].
    ///
    /// # Errors
    /// Fails as [`description`](Self::description) does.
    pub fn description_bytes(&self) -> Result<Vec<u8>, DescriptionError> {
        self.block_on(self.read_description_bytes())
    }

    /// Returns the description and its fingerprint, which the device announces.
    pub(super) async fn description_and_fingerprint(
        &self,
    ) -> Result<(Arc<Description>, u32), DescriptionError> {
        let known = self.known().await?;
        Ok((known.description, known.fingerprint))
    }

    /// Returns the description that the device has now.
    async fn known(&self) -> Result<Known, DescriptionError> {
        let known = self.shared.state().known.clone();
        let mut known = match known {
            Some(known) if self.still_has(&known).await? => known,
            _ => {
                let bytes = self.read_description_bytes().await?;
                Known {
                    session: 0,
                    fingerprint: Crc32::of(&bytes).value(),
                    digest: digest(&[&bytes]),
                    description: Arc::new(Description::read(&bytes)?),
                    bytes: bytes.into(),
                }
            }
        };
        known.session = self.counters().sessions;
        self.shared.state().known = Some(known.clone());
        Ok(known)
    }

    /// Returns true if the device has that description. After a reset it may have other firmware.
    async fn still_has(&self, known: &Known) -> Result<bool, DescriptionError> {
        Ok(match self.device() {
            Some(device) if device.fingerprint != known.fingerprint => false,
            Some(_) if self.counters().sessions == known.session => true,
            _ => self.digest().await? == Some(known.digest),
        })
    }

    async fn read_description_bytes(&self) -> Result<Vec<u8>, DescriptionError> {
        let cache = self.shared.cache.get();
        if let Some(cache) = cache
            && let Some(digest) = self.digest().await?
            && let Some(cached) = cache.get(&digest)
        {
            return Ok(cached.bytes);
        }
        let bytes = self.fetch_description().await?;
        if bytes.is_empty() {
            return Err(DescriptionError::LeftOut);
        }
        let fingerprint = Crc32::of(&bytes).value();
        let announced = self.device().map(|device| device.fingerprint);
        if announced.is_some_and(|announced| announced != fingerprint) {
            return Err(DescriptionError::Mismatch);
        }
        if let Some(cache) = cache {
            // A description that cannot be kept is read from the device next time.
            let _ = cache.put(&bytes);
        }
        Ok(bytes)
    }

    /// Asks the device for the digest of its description, if it has one.
    async fn digest(&self) -> Result<Option<[u8; DIGEST]>, DescriptionError> {
        match self.describe(DIGEST_OFFSET).await {
            Ok(digest) => Ok(digest.try_into().ok()),
            // A device without its own service has none.
            Err(CallError::NoSuchProcedure) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn fetch_description(&self) -> Result<Vec<u8>, DescriptionError> {
        let mut bytes = Vec::new();
        let started = Instant::now();
        for asked in 0.. {
            let limit = self
                .patience()
                .saturating_mul(1 + (bytes.len() / IN_TIME) as u32);
            let left = limit.saturating_sub(started.elapsed());
            if left.is_zero() || bytes.len() + IN_TIME < asked * IN_ANSWER {
                break;
            }
            let offset = u32::try_from(bytes.len()).map_err(|_| DescriptionError::TooLong)?;
            let chunk = self
                .within(left.min(self.timeout()))
                .describe(offset)
                .await?;
            if chunk.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_DESCRIPTION {
                return Err(DescriptionError::TooLong);
            }
        }
        Err(DescriptionError::TooSlow)
    }

    async fn describe(&self, offset: u32) -> Result<Vec<u8>, CallError> {
        // Encoding a number cannot fail.
        let arguments = postcard::to_stdvec(&offset).unwrap_or_default();
        let target = Target::of::<DeviceDescribe>();
        let reply = self.call_encoded_async(target, &arguments).await?;
        client::read::<DeviceDescribe>(reply.answer()).map(<[u8]>::to_vec)
    }
}
