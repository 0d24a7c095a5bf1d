//! Streams by name: the items as JSON, pulled in batches while they are asked for.

use super::by_name::{NamedCallError, PreparedCall};
use super::{Connection, PendingReply, Reply};
use crate::value::{Problem, ValueError, decode};
use rpc_proto::client::{Batch, CallError, Pull};
use rpc_proto::service::Ask;
use rpc_proto::wire::message::MAX_WINDOW;
use serde_json::Value;
use std::collections::VecDeque;

/// The items of a stream, as JSON. Nothing is asked for before the first, and whoever has seen enough
/// drops it. After an error it ends.
///
/// ```
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::SimulatedDevice;
///
/// let device = Connection::to(SimulatedDevice::new());
/// device.call("calculator.add", &serde_json::json!([2, 3]))?;
/// let mut history = device.stream("calculator.history", &serde_json::json!([]))?;
/// assert_eq!(history.next().unwrap()?["result"]["Ok"], 5);
/// assert!(history.next().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NamedStream<'d> {
    device: &'d Connection,
    call: PreparedCall,
    pull: Pull,
    in_flight: VecDeque<(Ask, PendingReply<'d>)>,
    /// What has come and was not given out.
    items: VecDeque<Value>,
    /// Whether the next batch is to be asked for with nothing else in flight, because one failed.
    careful: bool,
    failures: u32,
    /// How often calls had been cancelled when the last batch was asked for.
    cancellations: u32,
    done: bool,
}

impl<'d> NamedStream<'d> {
    pub(super) fn new(device: &'d Connection, call: PreparedCall) -> Self {
        Self {
            device,
            call,
            pull: Pull::new(),
            in_flight: VecDeque::new(),
            items: VecDeque::new(),
            careful: false,
            failures: 0,
            cancellations: 0,
            done: false,
        }
    }

    /// How many batches to have under way: one more than the device has room for, so that it never
    /// waits.
    fn window(&self) -> usize {
        match self.device.device() {
            Some(device) if !self.careful => MAX_WINDOW.min(usize::from(device.window) + 1),
            _ => 1,
        }
    }

    /// Asks ahead, waits for the oldest batch, and takes it apart.
    fn advance(&mut self) -> Result<(), NamedCallError> {
        let mut alone = false;
        while let Some(ask) = self.pull.ask(self.in_flight.len(), self.window()) {
            alone = self.in_flight.is_empty();
            self.cancellations = self.device.cancellations();
            let arguments = asking(ask, &self.call.arguments);
            let pending = self.device.submit_encoded(self.call.target, &arguments);
            let pending = pending.map_err(|error| self.call.failed(error))?;
            self.in_flight.push_back((ask, pending));
        }
        let Some((ask, pending)) = self.in_flight.pop_front() else {
            self.done = true;
            return Ok(());
        };
        match pending.wait() {
            Ok(Reply::Return(reply)) => self.take(ask, &reply),
            Ok(error) if self.pull.wants(ask) => self.call.value(&error).map(|_| ()),
            Ok(_) => Ok(()),
            Err(error) => self.recover(error, alone),
        }
    }

    fn take(&mut self, ask: Ask, reply: &[u8]) -> Result<(), NamedCallError> {
        let batch = self.pull.take(ask, reply);
        match batch.map_err(|error| self.call.failed(error))? {
            Batch::Items { count, items } => {
                self.careful = false;
                self.failures = 0;
                self.items = self.call.items(count, items)?.into();
            }
            Batch::Void => {}
        }
        self.done = self.pull.has_ended();
        Ok(())
    }

    /// Asks again for what failed, which does no harm. One that had others before it may have failed
    /// because nobody asked for items for a while.
    fn recover(&mut self, error: CallError, alone: bool) -> Result<(), NamedCallError> {
        self.failures += u32::from(alone);
        let again = match error {
            CallError::Timeout | CallError::Disconnected | CallError::OutcomeUnknown(_) => {
                self.failures <= self.device.options().retries
                    && self.cancellations == self.device.cancellations()
            }
            _ => false,
        };
        if !again {
            return Err(self.call.failed(error));
        }
        self.in_flight.clear();
        self.careful = true;
        self.pull.begin_again();
        Ok(())
    }
}

impl Iterator for NamedStream<'_> {
    type Item = Result<Value, NamedCallError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Some(Ok(item));
            }
            if self.done {
                self.in_flight.clear();
                return None;
            }
            if let Err(error) = self.advance() {
                self.done = true;
                return Some(Err(error));
            }
        }
    }
}

/// The arguments of a call for a batch.
pub(super) fn asking(ask: Ask, arguments: &[u8]) -> Vec<u8> {
    // Two numbers can be encoded.
    let mut bytes = postcard::to_stdvec(&ask).unwrap_or_default();
    bytes.extend_from_slice(arguments);
    bytes
}

impl PreparedCall {
    /// The items of a batch.
    pub(super) fn items(&self, count: u8, mut bytes: &[u8]) -> Result<Vec<Value>, NamedCallError> {
        let items = (0..count).map(|_| decode(&self.procedure.value, &mut bytes));
        let items = items.collect::<Result<Vec<_>, ValueError>>();
        let items = items.and_then(|items| match bytes.len() {
            0 => Ok(items),
            count => Err(Problem::Trailing { count }.into()),
        });
        items.map_err(|error| self.senseless(error))
    }
}
