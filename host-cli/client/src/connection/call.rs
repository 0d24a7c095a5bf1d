//! Calls over a connection: typed, and by number.

use super::{Connection, MAX_FRAME};
use rpc_proto::client::{
    self, Answer, CallError, Caller, Cause, IntoCaller, PipelinedCaller, Target, Ticket,
};
use rpc_proto::device::{DevicePing, DeviceResolve};
use rpc_proto::service::{FeedProcedure, Procedure};
use rpc_proto::wire::message::{Accept, MAX_WINDOW};
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeTuple, Serializer};
use std::iter::Peekable;
use std::marker::PhantomData;

/// What a device answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The encoded value.
    Return(Vec<u8>),
    /// The procedure's own error, encoded.
    Error(Vec<u8>),
}

impl From<Answer<'_>> for Reply {
    fn from(answer: Answer<'_>) -> Self {
        match answer {
            Answer::Return(bytes) => Self::Return(bytes.to_vec()),
            Answer::Error(bytes) => Self::Error(bytes.to_vec()),
        }
    }
}

impl Reply {
    pub(super) fn answer(&self) -> Answer<'_> {
        match self {
            Self::Return(bytes) => Answer::Return(bytes),
            Self::Error(bytes) => Answer::Error(bytes),
        }
    }
}

impl Connection {
    /// Calls a procedure by its number, with arguments that are encoded already.
    ///
    /// # Errors
    /// Why the call failed. A procedure's own error is [`Reply::Error`].
    pub fn call_encoded(&self, target: Target, arguments: &[u8]) -> Result<Reply, CallError> {
        self.call_patiently(target, &Encoded(arguments))
    }

    /// Makes a call, again after a time-out if that can do no harm and the options say so.
    fn call_patiently<A: Serialize + ?Sized>(
        &self,
        target: Target,
        arguments: &A,
    ) -> Result<Reply, CallError> {
        let cancellations = self.cancellations();
        let mut retries = self.options.retries;
        loop {
            let end = self
                .start(target, arguments)
                .and_then(|ticket| self.wait(ticket));
            let again = match end {
                Err(CallError::Timeout) => true,
                Err(CallError::OutcomeUnknown(Cause::Timeout)) => target.idempotent,
                _ => false,
            };
            if !again || retries == 0 || self.cancellations() != cancellations {
                return end;
            }
            retries -= 1;
        }
    }

    /// Starts a call and does not wait for it, so that one thread can have many in flight. They run
    /// in the order in which they are submitted.
    ///
    /// Bytes move while any thread waits for a call; meanwhile, those that fit the device's window
    /// are on their way already.
    ///
    /// ```
    /// use firmware::calculator::CalculatorAdd;
    /// use serial_rpc::Connection;
    /// use serial_rpc_simulator::SimulatedDevice;
    ///
    /// let device = Connection::to(SimulatedDevice::new());
    /// let sums = (0..100)
    ///     .map(|x| device.submit::<CalculatorAdd>(&(x, 1)))
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// for (x, sum) in (0..).zip(sums) {
    ///     assert_eq!(sum.wait()?, x + 1);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the device does not offer the procedure, the arguments do not fit a frame, or no room
    /// for another call is found by its deadline. The call was not sent then.
    pub fn submit<P: Procedure>(
        &self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Pending<'_, P>, CallError> {
        // Nothing may be taken for granted: there is no second try with a handle given out.
        self.announced()?;
        let ticket = self.start(self.target::<P>()?, arguments)?;
        Ok(Pending {
            reply: PendingReply {
                device: self,
                ticket,
            },
            procedure: PhantomData,
        })
    }

    /// Starts a call of a procedure by its number, with arguments that are encoded already; see
    /// [`submit`](Self::submit).
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_encoded(
        &self,
        target: Target,
        arguments: &[u8],
    ) -> Result<PendingReply<'_>, CallError> {
        let ticket = self.start(target, &Encoded(arguments))?;
        Ok(PendingReply {
            device: self,
            ticket,
        })
    }

    /// What the device announced when the session began, which is begun if there is none. None if
    /// it has ended again.
    pub(super) fn announced(&self) -> Result<Option<Accept>, CallError> {
        if let Some(device) = self.device() {
            return Ok(Some(device));
        }
        // Any call makes a device announce itself, and this one is the shortest. Any answer will
        // do: a device without its own service knows no ping.
        let nothing: &[u8] = &[];
        let answer = self.call_typed::<DevicePing>(&(nothing,));
        match (self.device(), answer) {
            (None, Err(error)) => Err(error),
            (device, _) => Ok(device),
        }
    }

    /// Makes a typed call.
    pub(super) fn call_typed<P: Procedure>(
        &self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Reply, CallError> {
        loop {
            let target = self.target::<P>()?;
            match self.call_patiently(target, arguments) {
                // It is not the device that it was taken for, and the call never ran.
                Err(CallError::InterfaceChanged) => {
                    self.state().numbers.remove(&P::KEY);
                }
                end => return end,
            }
        }
    }

    fn target<P: Procedure>(&self) -> Result<Target, CallError> {
        match Target::known::<P>(self.device().as_ref()) {
            Some(target) => Ok(target),
            None => {
                let (number, fingerprint) = self.number::<P>()?;
                Ok(Target::resolved::<P>(number, fingerprint))
            }
        }
    }

    /// The number of a procedure, and the fingerprint of the interface in which it has that.
    fn number<P: Procedure>(&self) -> Result<(u16, u32), CallError> {
        if let Some(&known) = self.state().numbers.get(&P::KEY) {
            return Ok(known);
        }
        let reply = self.call_typed::<DeviceResolve>(&(P::KEY,))?;
        let Some(number) = client::read::<DeviceResolve>(reply.answer())? else {
            return Err(self.why_unresolved(P::PATH));
        };
        let device = self.device().ok_or(CallError::InterfaceChanged)?;
        let known = (number, device.fingerprint);
        self.state().numbers.insert(P::KEY, known);
        Ok(known)
    }

    /// Tells a procedure with another signature from one that is not there.
    fn why_unresolved(&self, path: &str) -> CallError {
        match self.description() {
            Ok(description) if description.procedure(path).is_ok() => CallError::SignatureDiffers,
            _ => CallError::NoSuchProcedure,
        }
    }
}

/// A call that was submitted. Dropping it means that nobody will ask for its end; it may still run.
#[derive(Debug)]
pub struct Pending<'d, P> {
    reply: PendingReply<'d>,
    procedure: PhantomData<fn() -> P>,
}

impl<P: Procedure> Pending<'_, P> {
    /// Waits for the value.
    ///
    /// # Errors
    /// The procedure's own error, or why the call failed.
    pub fn wait(self) -> Result<P::Value<'static>, CallError<P::Error>>
    where
        P::Value<'static>: DeserializeOwned,
    {
        let reply = self.wait_for_reply().map_err(CallError::widen)?;
        client::read_owned::<P>(reply.answer())
    }

    /// Waits for the reply as it was received, for a procedure whose value borrows from it.
    ///
    /// # Errors
    /// Why the call failed. The procedure's own error is [`Reply::Error`].
    pub fn wait_for_reply(self) -> Result<Reply, CallError> {
        self.reply.wait()
    }
}

/// A call that was submitted with arguments that were encoded already. Dropping it is as for
/// [`Pending`].
#[derive(Debug)]
pub struct PendingReply<'d> {
    device: &'d Connection,
    ticket: Ticket,
}

impl PendingReply<'_> {
    /// Waits for the reply.
    ///
    /// # Errors
    /// Why the call failed. The procedure's own error is [`Reply::Error`].
    pub fn wait(self) -> Result<Reply, CallError> {
        self.end()
    }

    /// Waits for the reply, which can be had once.
    fn end(&self) -> Result<Reply, CallError> {
        self.device.wait(self.ticket)
    }
}

impl Drop for PendingReply<'_> {
    fn drop(&mut self) {
        self.device.abandon(self.ticket);
    }
}

/// Arguments that are encoded already: written as they are.
struct Encoded<'a>(&'a [u8]);

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Unlike a slice of bytes, a tuple of bytes has no length before it.
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for byte in self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

/// What a typed client calls through: a connection, and the last reply, for values to borrow from.
#[derive(Debug)]
pub struct ConnectionCaller<'d> {
    device: &'d Connection,
    reply: Reply,
    /// How often calls had been cancelled when the last was submitted.
    cancellations: u32,
}

impl<'d> ConnectionCaller<'d> {
    pub(super) const fn device(&self) -> &'d Connection {
        self.device
    }
}

impl Caller for ConnectionCaller<'_> {
    fn call<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        self.reply = self
            .device
            .call_typed::<P>(arguments)
            .map_err(CallError::widen)?;
        client::read::<P>(self.reply.answer())
    }
}

/// A call of a stream or feed that was submitted, and its end when that has come.
#[derive(Debug)]
pub enum Submitted<'d> {
    /// It is under way.
    Pending(PendingReply<'d>),
    /// It has ended.
    Ended(Result<Reply, CallError>),
}

impl<'d> PipelinedCaller for ConnectionCaller<'d> {
    type Pending = Submitted<'d>;

    /// One more than the device has room for, so that the next call is there when it has.
    fn window(&mut self) -> usize {
        match self.device.device() {
            Some(device) => MAX_WINDOW.min(usize::from(device.window) + 1),
            None => 1,
        }
    }

    fn max_frame(&self) -> usize {
        let device = self.device.device();
        device.map_or(MAX_FRAME, |device| {
            MAX_FRAME.min(usize::from(device.max_frame))
        })
    }

    fn room<P: Procedure>(&mut self) -> usize {
        let target = self.device.target::<P>();
        // Unless it is known, the number is taken for the longest that there is.
        let target = target.unwrap_or(Target::resolved::<P>(u16::MAX, 0));
        target.room(self.max_frame())
    }

    fn retries(&self) -> Option<u32> {
        let is_cancelled = self.cancellations != self.device.cancellations();
        (!is_cancelled).then(|| self.device.options().retries)
    }

    fn submit<P: Procedure>(
        &mut self,
        arguments: &P::Arguments<'_>,
    ) -> Result<Submitted<'d>, CallError> {
        self.cancellations = self.device.cancellations();
        let pending = self.device.submit::<P>(arguments)?;
        Ok(Submitted::Pending(pending.reply))
    }

    fn submit_items<P: FeedProcedure>(
        &mut self,
        head: &P::Head<'_>,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
    ) -> Result<(Submitted<'d>, u8), CallError> {
        self.device.announced()?;
        let target = self.device.target::<P>()?;
        let mut arguments = vec![0; target.room(self.max_frame())];
        let (len, count) = client::encode_items(&mut arguments, head, items)
            .ok_or(CallError::ArgumentsTooLarge)?;
        let pending = self.device.submit_encoded(target, &arguments[..len])?;
        Ok((Submitted::Pending(pending), count))
    }

    fn wait<'p>(&'p mut self, pending: &'p mut Submitted<'d>) -> Result<Answer<'p>, CallError> {
        if let Submitted::Pending(reply) = pending {
            let end = reply.end();
            if end == Err(CallError::InterfaceChanged) {
                // What was known of the device is not so.
                self.device.state().numbers.clear();
            }
            *pending = Submitted::Ended(end);
        }
        match pending {
            Submitted::Ended(Ok(reply)) => Ok(reply.answer()),
            Submitted::Ended(Err(error)) => Err(*error),
            Submitted::Pending(_) => Err(CallError::Disconnected),
        }
    }

    /// Dropping it is all.
    fn forget(&mut self, _pending: Submitted<'d>) {}
}

impl<'d> IntoCaller for &'d Connection {
    type Caller = ConnectionCaller<'d>;

    fn into_caller(self) -> ConnectionCaller<'d> {
        ConnectionCaller {
            device: self,
            reply: Reply::Return(Vec::new()),
            cancellations: 0,
        }
    }
}
