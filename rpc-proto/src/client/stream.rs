//! Streams: items that are pulled from a device in batches (PROTOCOL.md, "Streams").

use super::answer::{Answer, own_error};
use super::call_error::CallError;
use super::caller::{AsyncCaller, Caller, Calling, Running};
use super::calls::Ticket;
use super::operation::{Calls, Operation};
use super::pull::{Batch, Pull};
use super::target::Target;
use crate::service::{Ask, StreamProcedure};
use crate::time::Instant;
use crate::wire::decode::take_from;
use crate::wire::frame::encode;
use crate::wire::message::MAX_WINDOW;
use core::fmt;
use core::marker::PhantomData;
use core::task::Poll;
use heapless::Deque;
use serde::Serialize;

/// A stream's procedure and arguments, and how to read its items.
pub trait StreamSource {
    /// An item.
    type Item;
    /// The error in place of an item.
    type Error;

    /// Returns the procedure.
    fn target(&self) -> Target;

    /// Returns true if the items come and go while the stream is read.
    fn moves(&self) -> bool;

    /// Writes the arguments behind the request, and returns their length if they fit.
    fn encode(&self, place: &mut [u8]) -> Option<usize>;

    /// Reads an item from the front of `bytes`.
    ///
    /// # Errors
    /// Fails if the bytes do not begin with an item.
    fn item(&self, bytes: &mut &[u8]) -> Result<Self::Item, Self::Error>;

    /// Reads the procedure's own error.
    fn own_error(&self, bytes: &[u8]) -> Self::Error;

    /// Returns the error of a call that failed.
    fn failed(&self, error: CallError) -> Self::Error;
}

/// A typed stream's procedure and arguments.
pub struct TypedSource<P, A> {
    arguments: A,
    procedure: PhantomData<fn() -> P>,
}

impl<P: StreamProcedure, A: Serialize> TypedSource<P, A> {
    /// Creates the source of the stream that the procedure returns for arguments that are encoded like
    /// its own.
    pub const fn new(arguments: A) -> Self {
        Self {
            arguments,
            procedure: PhantomData,
        }
    }
}

impl<P: StreamProcedure, A> fmt::Debug for TypedSource<P, A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(P::PATH)
    }
}

impl<P: StreamProcedure, A: Serialize> StreamSource for TypedSource<P, A> {
    type Item = P::Item;
    type Error = CallError<P::Error>;

    fn target(&self) -> Target {
        Target::of::<P>()
    }

    fn moves(&self) -> bool {
        P::MOVES
    }

    fn encode(&self, place: &mut [u8]) -> Option<usize> {
        encode(&self.arguments, place)
    }

    fn item(&self, bytes: &mut &[u8]) -> Result<P::Item, CallError<P::Error>> {
        let (item, rest) = take_from(bytes).map_err(|_| CallError::BadReply)?;
        *bytes = rest;
        Ok(item)
    }

    fn own_error(&self, bytes: &[u8]) -> CallError<P::Error> {
        own_error(bytes)
    }

    fn failed(&self, error: CallError) -> CallError<P::Error> {
        error.widen()
    }
}

/// The items of a stream, pulled on demand through the caller `C`.
///
/// Nothing is requested before the first item. A blocking caller's stream is an iterator, an async one's
/// has [`next`](Self::next). It ends after an error. The device runs the procedure anew for each batch
/// and skips the items already sent, so a reset of the device or a lost link does no harm: the procedure
/// promises that it returns the same items again. One that returns [`Moving`](crate::service::Moving)
/// does not, and its stream ends with [`CallError::StreamChanged`] when the session ends.
#[derive(Debug)]
pub struct Stream<'a, C: Calling, P: StreamProcedure>(
    Running<&'a mut C, Pulling<TypedSource<P, P::Arguments<'a>>>>,
);

impl<'a, C: Calling, P: StreamProcedure> Stream<'a, C, P> {
    /// Creates the stream that the procedure returns for these arguments.
    pub fn new(caller: &'a mut C, arguments: P::Arguments<'a>) -> Self {
        let pulling = Pulling::new(TypedSource::new(arguments));
        Self(Running::new(caller, pulling))
    }

    /// Returns how many items were missed so far; see [`Pulling::lost`].
    pub const fn lost(&self) -> u32 {
        self.0.operation().lost()
    }
}

impl<C: Caller, P: StreamProcedure> Iterator for Stream<'_, C, P> {
    type Item = Result<P::Item, CallError<P::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.wait()
    }
}

impl<C: Caller, P: StreamProcedure> core::iter::FusedIterator for Stream<'_, C, P> {}

impl<C: AsyncCaller, P: StreamProcedure> Stream<'_, C, P> {
    /// Waits for the next item, and lets other tasks run meanwhile. Returns None at the end of the stream
    /// and after an error.
    ///
    /// # Cancel safety
    /// It may be dropped before it has ended; the next one returns the same item.
    ///
    /// # Errors
    /// Returns the procedure's own error, or the reason if a call failed.
    pub async fn next(&mut self) -> Option<Result<P::Item, CallError<P::Error>>> {
        self.0.wait_async().await
    }
}

/// An operation that pulls the items of a source. It ends with each item, and with None.
#[derive(Debug)]
pub struct Pulling<S> {
    source: S,
    pull: Pull,
    /// The requested batches, the oldest first.
    in_flight: Deque<Request, MAX_WINDOW>,
    /// The batch that is being read: the reply to the oldest request.
    batch: Option<Cursor>,
    /// The session of the items taken, if there are any.
    session: Option<u32>,
    /// True if the oldest batch was requested with nothing else in flight. Others may have failed only
    /// because the user did not read for a while, and their deadline passed.
    alone: bool,
    /// True if a batch has failed, so that the next is requested alone.
    careful: bool,
    done: bool,
}

/// A batch that was requested.
#[derive(Clone, Copy, Debug)]
struct Request {
    ask: Ask,
    call: Ticket,
    /// The nonce of the session in which it was requested, if there was one.
    session: Option<u32>,
}

/// The position of the next item in a batch.
#[derive(Debug)]
struct Cursor {
    at: usize,
    left: u8,
}

/// The result of reading the oldest answer.
enum Step<S: StreamSource> {
    /// The next item. The answer may have more.
    Item(S::Item),
    /// The answer is used up, or void.
    Next,
    /// All pending requests are to be repeated.
    Again,
    End,
    Fail(S::Error),
}

impl<S: StreamSource> Pulling<S> {
    /// Creates an operation that pulls from that source. Nothing has been requested.
    pub fn new(source: S) -> Self {
        Self {
            pull: Pull::new(source.moves()),
            source,
            in_flight: Deque::new(),
            batch: None,
            session: None,
            alone: true,
            careful: false,
            done: false,
        }
    }

    /// Returns the source.
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Returns how many items were missed so far: the device has dropped them, after the first item and
    /// before the latest. It grows when the item behind them, or the end, is returned. Only a
    /// [moving](crate::service::Moving) stream misses any.
    pub const fn lost(&self) -> u32 {
        self.pull.lost()
    }

    /// Requests as many batches as are worth having in flight.
    fn ask<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Result<(), CallError> {
        let window = if self.careful { 1 } else { calls.window() };
        while calls.has_room() {
            let in_flight = self.in_flight.len();
            let Some(ask) = self.pull.ask(in_flight, window.min(MAX_WINDOW)) else {
                break;
            };
            self.alone = in_flight == 0;
            let source = &self.source;
            let patience = calls.patience(now);
            let session = calls.device().map(|accept| accept.nonce);
            let call = calls.start(source.target(), patience, |place| {
                let asked = encode(&ask, place)?;
                Some(asked + source.encode(place.get_mut(asked..)?)?)
            })?;
            // There is room for all pending requests.
            let _ = self.in_flight.push_back(Request { ask, call, session });
        }
        Ok(())
    }

    /// Takes the next item from the answer to the oldest request, in the session that there is now.
    fn take(
        &mut self,
        request: Request,
        answer: Result<Answer<'_>, CallError>,
        session: Option<u32>,
    ) -> Step<S> {
        let ask = request.ask;
        let reply = match answer {
            Ok(Answer::Return(reply)) => reply,
            Ok(Answer::Error(bytes)) if self.pull.wants(ask) => {
                return Step::Fail(self.source.own_error(bytes));
            }
            Ok(Answer::Error(_)) => return Step::Next,
            Err(error) => return self.failed(error),
        };
        if self.is_stray(request, session) {
            // Without a session, the first request could not name one.
            if self.session.is_some() || self.careful {
                return Step::Fail(self.source.failed(CallError::StreamChanged));
            }
            self.careful = true;
            return Step::Again;
        }
        let cursor = match &mut self.batch {
            Some(cursor) => cursor,
            None => match self.pull.take(ask, reply) {
                Ok(Batch::Items { count, items }) => {
                    self.careful = false;
                    self.session = session;
                    let at = reply.len() - 1 - items.len();
                    self.batch.insert(Cursor { at, left: count })
                }
                Ok(Batch::Void) => return Step::Next,
                Err(error) => return Step::Fail(self.source.failed(error)),
            },
        };
        let Some(left) = cursor.left.checked_sub(1) else {
            // The items fill the given bytes exactly.
            let is_whole = cursor.at + 1 == reply.len();
            self.batch = None;
            return match (is_whole, self.pull.has_ended()) {
                (false, _) => Step::Fail(self.source.failed(CallError::BadReply)),
                (true, true) => Step::End,
                (true, false) => Step::Next,
            };
        };
        let items = reply.split_last().map_or(&[][..], |(_, items)| items);
        let mut rest = items.get(cursor.at..).unwrap_or_default();
        match self.source.item(&mut rest) {
            Ok(item) => {
                cursor.left = left;
                cursor.at = items.len() - rest.len();
                Step::Item(item)
            }
            Err(error) => Step::Fail(error),
        }
    }

    /// Returns true if a new batch is not certain to be of the session of the items before. A device that
    /// was reset counts the positions of a moving stream anew.
    fn is_stray(&self, request: Request, session: Option<u32>) -> bool {
        let has_lasted = request.session.is_some() && request.session == session;
        let fits = has_lasted && (self.session.is_none() || self.session == session);
        self.source.moves() && self.batch.is_none() && !fits
    }

    /// Requests again what failed, which does no harm, unless it was requested alone.
    fn failed(&mut self, error: CallError) -> Step<S> {
        let was_alone = self.alone && self.in_flight.len() == 1;
        if was_alone || !error.may_pass() {
            return Step::Fail(self.source.failed(error));
        }
        self.batch = None;
        self.careful = true;
        self.pull.begin_again();
        Step::Again
    }
}

impl<S: StreamSource> Operation for Pulling<S> {
    type Output = Option<Result<S::Item, S::Error>>;

    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output> {
        loop {
            if self.done {
                return Poll::Ready(None);
            }
            if let Err(error) = self.ask(calls, now) {
                self.done = true;
                self.forget(calls, now);
                return Poll::Ready(Some(Err(self.source.failed(error))));
            }
            let Some(&request) = self.in_flight.front() else {
                // Calls that were given up still take all the room.
                calls.reclaim();
                return Poll::Pending;
            };
            let session = calls.device().map(|accept| accept.nonce);
            let Some(answer) = calls.end(request.call) else {
                return Poll::Pending;
            };
            match self.take(request, answer, session) {
                Step::Item(item) => return Poll::Ready(Some(Ok(item))),
                Step::Next => {
                    self.in_flight.pop_front();
                    calls.forget(request.call);
                }
                Step::Again => self.forget(calls, now),
                Step::End => {
                    self.done = true;
                    self.forget(calls, now);
                }
                Step::Fail(error) => {
                    self.done = true;
                    self.forget(calls, now);
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    fn forget<C: Calls>(&mut self, calls: &mut C, _: Instant) {
        while let Some(request) = self.in_flight.pop_front() {
            calls.forget(request.call);
        }
    }
}
