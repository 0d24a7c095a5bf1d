//! Feeds by name: items as JSON, in calls as large as frames allow.

use super::Connection;
use super::calls::PendingReply;
use super::prepared::{NamedCallError, NamedResult, PreparedCall};
use crate::value::encode;
use rpc_proto::client::{Calling, Calls};
use rpc_proto::service::MAX_BATCH;
use serde_json::Value;
use std::collections::VecDeque;

/// Collects items for a procedure, and sends them when there are enough for a call.
///
/// ```
/// use serde_json::json;
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::SimulatedDevice;
///
/// let device = Connection::to(SimulatedDevice::new());
/// let mut replay = device.feed("calculator.replay", &[""; 0])?;
/// for amount in 1..=100 {
///     replay.push(&json!({"Accumulate": amount}))?;
/// }
/// assert_eq!(replay.finish()?, 5050);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NamedFeed {
    device: Connection,
    /// The call, with the arguments before the items.
    call: PreparedCall,
    /// The items not sent yet, encoded end to end, and their number.
    items: Vec<u8>,
    count: u8,
    /// The calls that were made, the oldest first, with the number of items in each.
    in_flight: VecDeque<(PendingReply, u8)>,
    /// The value of the last call that has ended.
    value: Option<Value>,
    /// The number of items that are known to be taken.
    taken: u32,
    pushed: u64,
}

impl NamedFeed {
    pub(super) fn new(device: Connection, call: PreparedCall) -> Self {
        Self {
            device,
            call,
            items: Vec::new(),
            count: 0,
            in_flight: VecDeque::new(),
            value: None,
            taken: 0,
            pushed: 0,
        }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// Fails if the item is not valid, or if a call fails. The error has the number of items that
    /// were taken.
    pub fn push(&mut self, item: &Value) -> NamedResult<()> {
        self.device.clone().block_on(self.push_async(item))
    }

    /// Adds an item, and lets other tasks run while it waits for a call.
    ///
    /// # Errors
    /// Fails as [`push`](Self::push) does.
    pub async fn push_async(&mut self, item: &Value) -> NamedResult<()> {
        self.pushed += 1;
        let mut bytes = Vec::new();
        if let Some(ty) = self.call.procedure.item() {
            encode(ty, item, &mut bytes).map_err(|error| NamedCallError::Item {
                number: self.pushed,
                error: Box::new(error),
            })?;
        }
        if self.count == MAX_BATCH || self.count > 0 && !self.fits(bytes.len()).await? {
            self.send().await?;
        }
        self.items.extend(bytes);
        self.count += 1;
        Ok(())
    }

    /// Sends the remaining items, and returns the value of the last call.
    ///
    /// # Errors
    /// Fails if a call fails. The error has the number of items that were taken.
    pub fn finish(mut self) -> NamedResult<Value> {
        self.device.clone().block_on(self.end())
    }

    /// Finishes as [`finish`](Self::finish) does, and lets other tasks run meanwhile.
    ///
    /// # Errors
    /// Fails as [`finish`](Self::finish) does.
    pub async fn finish_async(mut self) -> NamedResult<Value> {
        self.end().await
    }

    /// Sends nothing more, and returns the number of items that are known to be taken.
    pub fn stop(mut self) -> u32 {
        let device = self.device.clone();
        // The error of a call that failed is not asked for.
        let _ = device.block_on(self.until_in_flight(0));
        self.taken
    }

    async fn end(&mut self) -> NamedResult<Value> {
        let is_new = self.in_flight.is_empty() && self.value.is_none();
        if self.count > 0 || is_new {
            self.send().await?;
        }
        self.until_in_flight(0).await?;
        Ok(self.value.take().unwrap_or_default())
    }

    /// Returns true if `more` bytes still fit the call.
    async fn fits(&mut self, more: usize) -> NamedResult<bool> {
        if self.device.device().is_none() {
            // Only the device knows how long its frames are.
            self.device.description_async().await?;
        }
        let target = &self.call.target;
        let room = self.device.with(|state, _| state.room(target));
        Ok(self.call.arguments.len() + COUNT + self.items.len() + more <= room)
    }

    async fn send(&mut self) -> NamedResult<()> {
        // After a procedure's own error, no other call may run.
        let window = match &self.call.procedure.error {
            Some(_) => 1,
            None => self.device.with(|state, _| state.window()),
        };
        self.until_in_flight(window - 1).await?;
        let arguments = [&self.call.arguments[..], &[self.count], &self.items].concat();
        let sent = self
            .device
            .submit_encoded_async(self.call.target, &arguments);
        let sent = sent.await.map_err(|error| self.call.failed(error));
        let pending = sent.map_err(|error| self.after_others(error))?;
        self.in_flight.push_back((pending, self.count));
        self.items.clear();
        self.count = 0;
        Ok(())
    }

    /// Waits until at most so many calls are in flight.
    async fn until_in_flight(&mut self, most: usize) -> NamedResult<()> {
        while self.in_flight.len() > most
            && let Some((oldest, count)) = self.in_flight.front()
        {
            let value = match oldest.end().await {
                Ok(reply) => self.call.value(&reply),
                Err(error) => Err(self.call.failed(error)),
            };
            let taken = u32::from(*count);
            self.in_flight.pop_front();
            self.value = Some(value.map_err(|error| self.after_others(error))?);
            self.taken = self.taken.saturating_add(taken);
        }
        Ok(())
    }

    /// Adds the number of items that were taken to the error of a call.
    fn after_others(&self, error: NamedCallError) -> NamedCallError {
        match self.taken {
            0 => error,
            taken => NamedCallError::Feed {
                taken,
                error: Box::new(error),
            },
        }
    }
}

/// The length of the count before the items: one byte, because they are few.
const COUNT: usize = 1;
