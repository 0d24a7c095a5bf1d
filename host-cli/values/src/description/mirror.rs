//! The interface of another device, for a server whose procedures are that device's.

use super::{Description, FIRST_NUMBER, Procedure, ReadError};
use rpc_proto::client::{Number, Target};
use rpc_proto::describe::{DIGEST, DIGEST_OFFSET, digest};
use rpc_proto::service::Interface;
use rpc_proto::wire::crc::Crc32;
use std::sync::Arc;

/// An interface as a description defines it, known at run time: for a
/// [`RawServer`](rpc_proto::server::RawServer) that passes calls on. Clones share it.
#[derive(Clone, Debug)]
pub struct Mirror(Arc<Mirrored>);

#[derive(Debug)]
struct Mirrored {
    bytes: Vec<u8>,
    digest: [u8; DIGEST],
    fingerprint: u32,
    procedures: Vec<Procedure>,
}

impl Mirror {
    /// Creates the interface that a description defines, in the form that a device sends.
    ///
    /// # Errors
    /// Fails if it is not a description.
    pub fn new(bytes: Vec<u8>) -> Result<Self, ReadError> {
        let description = Description::read(&bytes)?;
        let services = description.services.into_iter();
        Ok(Self(Arc::new(Mirrored {
            digest: digest(&[&bytes]),
            fingerprint: Crc32::of(&bytes).value(),
            bytes,
            procedures: services.flat_map(|service| service.procedures).collect(),
        })))
    }

    /// Returns the procedure at that position.
    pub fn procedure(&self, index: u16) -> Option<&Procedure> {
        self.0.procedures.get(usize::from(index))
    }

    /// Returns all procedures and events, in the order of their positions.
    pub fn procedures(&self) -> &[Procedure] {
        &self.0.procedures
    }

    /// Returns the procedure at that position, as a caller of the described device calls it.
    pub fn target(&self, index: u16) -> Option<Target> {
        let procedure = self.procedure(index)?;
        Some(Target {
            key: procedure.key,
            number: Number::In {
                fingerprint: self.0.fingerprint,
                number: FIRST_NUMBER + index,
            },
            idempotent: procedure.idempotent,
        })
    }
}

impl Interface for Mirror {
    fn description(&self, offset: u32) -> &[u8] {
        match offset {
            DIGEST_OFFSET => &self.0.digest,
            _ => self.0.bytes.get(offset as usize..).unwrap_or_default(),
        }
    }

    fn fingerprint(&self) -> u32 {
        self.0.fingerprint
    }

    fn resolve(&self, key: u32) -> Option<u16> {
        let mut procedures = self.0.procedures.iter();
        let index = procedures.position(|procedure| procedure.key == key)?;
        u16::try_from(index).ok()
    }
}
