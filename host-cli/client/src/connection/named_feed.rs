//! Feeds by name: items as JSON, in calls as large as frames allow.

use super::by_name::{NamedCallError, PreparedCall};
use super::{Connection, MAX_FRAME, PendingReply};
use crate::value::{decode, encode, from_hex};
use rpc_proto::client::CallError;
use rpc_proto::service::MAX_BATCH;
use rpc_proto::wire::message::MAX_WINDOW;
use serde_json::Value;
use std::collections::VecDeque;

/// Takes items for a procedure, and sends them when there are enough for a call.
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
pub struct NamedFeed<'d> {
    device: &'d Connection,
    /// With the arguments before the items.
    call: PreparedCall,
    /// Items that were not sent, encoded end to end, and their number.
    items: Vec<u8>,
    count: u8,
    in_flight: VecDeque<(u8, PendingReply<'d>)>,
    pushed: u64,
    taken: u64,
    /// What the last call returned.
    value: Option<Value>,
}

impl<'d> NamedFeed<'d> {
    pub(super) fn new(device: &'d Connection, call: PreparedCall) -> Self {
        Self {
            device,
            call,
            items: Vec::new(),
            count: 0,
            in_flight: VecDeque::new(),
            pushed: 0,
            taken: 0,
            value: None,
        }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// When it is no such item, or a call failed. The error says how many items were taken.
    pub fn push(&mut self, item: &Value) -> Result<(), NamedCallError> {
        self.pushed += 1;
        let mut bytes = Vec::new();
        if let Some(ty) = self.call.procedure.item() {
            encode(ty, item, &mut bytes).map_err(|error| NamedCallError::Item {
                number: self.pushed,
                error: Box::new(error),
            })?;
        }
        if self.count == MAX_BATCH || self.items.len() + bytes.len() > self.room()? {
            self.send()?;
        }
        self.items.extend(bytes);
        self.count += 1;
        Ok(())
    }

    /// Sends what is left, and returns the value of the last call.
    ///
    /// # Errors
    /// When a call failed. The error says how many items were taken.
    pub fn finish(mut self) -> Result<Value, NamedCallError> {
        if self.count > 0 || (self.value.is_none() && self.in_flight.is_empty()) {
            self.send()?;
        }
        while !self.in_flight.is_empty() {
            self.wait()?;
        }
        Ok(self.value.unwrap_or_default())
    }

    /// Sends nothing more, and tells how many items were taken, as far as that is certain.
    pub fn stop(mut self) -> u64 {
        while !self.in_flight.is_empty() && self.wait().is_ok() {}
        self.taken
    }

    /// How many bytes of items fit a call.
    fn room(&self) -> Result<usize, NamedCallError> {
        /// The number of items, which is one byte because they are few enough.
        const COUNT: usize = 1;
        let announced = self.device.announced();
        let announced = announced.map_err(|error| self.call.failed(error))?;
        let frame = announced.map_or(MAX_FRAME, |device| usize::from(device.max_frame));
        let room = self.call.target.room(frame.min(MAX_FRAME));
        Ok(room.saturating_sub(self.call.arguments.len() + COUNT))
    }

    fn send(&mut self) -> Result<(), NamedCallError> {
        // Nothing shall run after an error.
        let window = match (&self.call.procedure.error, self.device.device()) {
            (None, Some(device)) => MAX_WINDOW.min(usize::from(device.window) + 1),
            _ => 1,
        };
        while self.in_flight.len() >= window {
            self.wait()?;
        }
        let count = std::mem::take(&mut self.count);
        let items = std::mem::take(&mut self.items);
        let arguments = [&self.call.arguments[..], &[count], &items].concat();
        let pending = self.device.submit_encoded(self.call.target, &arguments);
        match pending {
            Ok(pending) => self.in_flight.push_back((count, pending)),
            Err(error) => return Err(self.failed(self.call.failed(error))),
        }
        Ok(())
    }

    /// Waits for the oldest call.
    fn wait(&mut self) -> Result<(), NamedCallError> {
        let Some((count, pending)) = self.in_flight.pop_front() else {
            return Ok(());
        };
        let reply = pending.wait().map_err(|error| self.call.failed(error));
        match reply.and_then(|reply| self.call.value(&reply)) {
            Ok(value) => {
                self.taken += u64::from(count);
                self.value = Some(value);
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, error: NamedCallError) -> NamedCallError {
        match self.taken {
            0 => error,
            taken => NamedCallError::Feed {
                taken,
                error: Box::new(error),
            },
        }
    }
}

impl PreparedCall {
    /// Takes the items off the encoded arguments of a feed, one by one.
    pub(super) fn split_items(&mut self) -> Result<Vec<Value>, NamedCallError> {
        let senseless = |_| self.failed(CallError::BadArguments);
        let mut rest = self.arguments.as_slice();
        let Some((items, head)) = self.procedure.arguments.split_last() else {
            return Ok(Vec::new());
        };
        for argument in head {
            decode(&argument.ty, &mut rest).map_err(senseless)?;
        }
        let head_len = self.arguments.len() - rest.len();
        let items = decode(&items.ty, &mut rest).map_err(senseless)?;
        self.arguments.truncate(head_len);
        match items {
            Value::Array(items) => Ok(items),
            // A list of bytes is shown as text.
            Value::String(bytes) => {
                let bytes = from_hex(&bytes).unwrap_or_default();
                Ok(bytes.into_iter().map(Value::from).collect())
            }
            item => Ok(vec![item]),
        }
    }
}
