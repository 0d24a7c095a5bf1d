//! A bridge between two links: a server whose procedures are those of another device.
//!
//! To callers on the near link, it is a device like any other. Their calls run on the device at the
//! far link, exactly once; if that is uncertain, they get an error that says so. As many calls as
//! the window allows are in flight on both links at the same time.
//!
//! Like the two ends that it is made of, a bridge does no I/O and has no clock.

use rpc_proto::client::{Answer, Calls, Client, Ticket, Timing};
use rpc_proto::server::{RawReply, RawServer, Token};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::message::Fault;
use serial_rpc::description::Mirror;

/// A device on the near link, a caller on the far link.
#[derive(Debug)]
pub struct Bridge<const FRAME: usize, const WINDOW: usize> {
    /// The end of the near link, where the callers are.
    pub near: RawServer<Mirror, FRAME, WINDOW>,
    /// The end of the far link, where the device is.
    pub far: Client<FRAME, WINDOW>,
    mirror: Mirror,
    timeout: Duration,
    /// The calls that were passed on, by their names on both links.
    under_way: Vec<(Ticket, Token)>,
}

impl<const FRAME: usize, const WINDOW: usize> Bridge<FRAME, WINDOW> {
    /// Creates a bridge that has just been switched on. It can hold `buffer` received bytes. It
    /// gives up a call that the far device does not answer in `timeout`.
    pub fn new(mirror: Mirror, buffer: u16, nonce: u32, timing: Timing, timeout: Duration) -> Self {
        Self {
            near: RawServer::new(mirror.clone()).with_buffer(buffer),
            far: Client::new(nonce, timing),
            mirror,
            timeout,
            under_way: Vec::new(),
        }
    }

    /// Takes a byte from the near link, and passes on the call that it completes, if any.
    pub fn receive_near(&mut self, now: Instant, byte: u8) {
        if let Some(call) = self.near.receive(byte) {
            let deadline = now + self.timeout;
            let started = match self.mirror.target(call.index) {
                None => Err(Fault::UnknownProcedure),
                Some(target) => Calls::start(&mut self.far, target, deadline.into(), |place| {
                    copy(call.arguments, place)
                })
                .map_err(|error| error.fault()),
            };
            let token = call.token;
            match started {
                Ok(ticket) => self.under_way.push((ticket, token)),
                Err(fault) => self.near.answer(token, RawReply::Fault(fault)),
            }
        }
        self.abandon_unasked();
    }

    /// Takes a byte from the far link, and passes back the answer that it completes, if any.
    pub fn receive_far(&mut self, now: Instant, byte: u8) {
        self.far.receive(now, byte);
        self.pass_back();
    }

    /// Does the work that is due at the far link.
    pub fn advance(&mut self, now: Instant) {
        self.far.advance(now);
        self.pass_back();
    }

    /// Answers the calls that have ended.
    fn pass_back(&mut self) {
        let far = &mut self.far;
        self.under_way.retain(|&(ticket, token)| {
            let Some(end) = far.take(ticket) else {
                return true;
            };
            let reply = match end {
                Ok(Answer::Return(value)) => RawReply::Return(value),
                Ok(Answer::Error(error)) => RawReply::Error(error),
                Err(error) => RawReply::Fault(error.fault()),
            };
            self.near.answer(token, reply);
            false
        });
    }

    /// Gives up the calls of a session that has ended: nobody can receive their results, and those
    /// that were not sent must not run later.
    fn abandon_unasked(&mut self) {
        self.under_way.retain(|&(ticket, token)| {
            let is_open = self.near.is_open(token);
            if !is_open {
                self.far.abandon(ticket);
            }
            is_open
        });
    }
}

/// Copies arguments to `place`. Returns their length, or None if they do not fit.
fn copy(arguments: &[u8], place: &mut [u8]) -> Option<usize> {
    place.get_mut(..arguments.len())?.copy_from_slice(arguments);
    Some(arguments.len())
}
