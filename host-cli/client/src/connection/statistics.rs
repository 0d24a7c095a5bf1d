//! The counters of both ends of a link.

use super::Connection;
use rpc_proto::client::{AsyncCaller, CallError, Counters};
use rpc_proto::device::{self, DeviceStatistics};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// The counters of both ends of a link. As JSON, they are objects by the names of the ends.
#[derive(Clone, Copy, Debug)]
pub struct Statistics {
    /// Those of the device, since it started.
    pub device: device::Statistics,
    /// Those of this end, since it connected.
    pub caller: Counters,
}

impl Connection {
    /// Asks the device for its counters, and lets other tasks run meanwhile.
    ///
    /// # Errors
    /// Fails if the call fails.
    pub async fn statistics_async(&self) -> Result<Statistics, CallError> {
        let device = AsyncCaller::call::<DeviceStatistics>(&mut self.clone(), &()).await?;
        let caller = self.counters();
        Ok(Statistics { device, caller })
    }

    /// Asks the device for its counters.
    ///
    /// # Errors
    /// Fails if the call fails.
    pub fn statistics(&self) -> Result<Statistics, CallError> {
        self.block_on(self.statistics_async())
    }
}

impl Serialize for Statistics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut both = serializer.serialize_struct("Statistics", 2)?;
        both.serialize_field("device", &self.device)?;
        both.serialize_field("caller", &Own(&self.caller))?;
        both.end()
    }
}

struct Own<'c>(&'c Counters);

impl Serialize for Own<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(counters) = self;
        let mut own = serializer.serialize_struct("Counters", 7)?;
        own.serialize_field("sent", &counters.sent)?;
        own.serialize_field("resent", &counters.resent)?;
        own.serialize_field("received", &counters.received)?;
        own.serialize_field("broken", &counters.broken)?;
        own.serialize_field("sessions", &counters.sessions)?;
        own.serialize_field("refused", &counters.refused)?;
        own.serialize_field("lost_links", &counters.lost_links)?;
        own.end()
    }
}
