//! Feeds by name: items as JSON, in calls as large as frames allow.

use super::Connection;
use super::prepared::{NamedCallError, NamedResult, PreparedCall};
use super::reply::copy;
use crate::value::encode;
use rpc_proto::client::{CallError, Calling, FailedCall, FeedCalls};
use rpc_proto::service::MAX_BATCH;
use serde_json::Value;
use std::task::Poll;

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
    calls: FeedCalls,
    pushed: u64,
}

impl NamedFeed {
    pub(super) fn new(device: Connection, call: PreparedCall) -> Self {
        let is_fallible = call.procedure.error.is_some();
        Self {
            device,
            calls: FeedCalls::new(call.target, is_fallible),
            call,
            items: Vec::new(),
            count: 0,
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
        let ended = device.until(|state, _| (self.calls.poll_end(state), None));
        let _ = device.block_on(ended);
        self.calls.taken()
    }

    async fn end(&mut self) -> NamedResult<Value> {
        if self.count > 0 || self.calls.is_new() {
            self.send().await?;
        }
        let ended = self
            .device
            .until(|state, _| (self.calls.poll_end(state), None));
        match ended.await {
            Ok(call) => {
                let reply = self.device.shared.take(call);
                self.call
                    .value(&reply.map_err(|error| self.call.failed(error))?)
            }
            Err(failed) => Err(self.failed(failed)),
        }
    }

    /// Returns true if `more` bytes still fit the call.
    async fn fits(&mut self, more: usize) -> NamedResult<bool> {
        self.room().await?;
        let room = self
            .device
            .with(|state, _| rpc_proto::client::Calls::room(state, &self.call.target));
        Ok(self.call.arguments.len() + COUNT + self.items.len() + more <= room)
    }

    /// Waits until another call can be made.
    async fn room(&mut self) -> NamedResult<()> {
        let room = self
            .device
            .until(|state, now| (self.calls.poll_room(state, now), None));
        let room = room.await;
        room.map_err(|failed| self.failed(failed))
    }

    async fn send(&mut self) -> NamedResult<()> {
        self.room().await?;
        let count = std::mem::take(&mut self.count);
        let items = std::mem::take(&mut self.items);
        let arguments = [&self.call.arguments[..], &[count], &items].concat();
        let sent = self.device.until(|state, now| {
            let sent = self
                .calls
                .submit(state, now, |place| Some((copy(&arguments, place)?, count)));
            (Poll::Ready(sent), None)
        });
        let sent = sent.await;
        sent.map_err(|failed| self.failed(failed))
    }

    /// Converts the error of a failed call.
    fn failed(&mut self, failed: FailedCall) -> NamedCallError {
        let end = match failed {
            FailedCall::Ended(call) => self.device.shared.take(call),
            FailedCall::NotMade(error) => Err(error),
        };
        let error = match end {
            Ok(reply) => match self.call.value(&reply) {
                Err(error) => error,
                Ok(_) => self.call.failed(CallError::BadReply),
            },
            Err(error) => self.call.failed(error),
        };
        match self.calls.taken() {
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

impl Drop for NamedFeed {
    fn drop(&mut self) {
        let calls = &mut self.calls;
        self.device.with(|state, _| calls.forget(state));
    }
}
