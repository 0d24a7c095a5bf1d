//! Feeds: items sent to a procedure in calls as large as frames allow (PROTOCOL.md, "Feeds").

use super::answer::{Answer, exactly, own_error};
use super::call_error::CallError;
use super::calls::Ticket;
use super::operation::{Calls, Operation};
use super::target::Target;
use crate::device::DevicePing;
use crate::service::{FeedProcedure, MAX_BATCH, Never};
use crate::time::Instant;
use crate::wire::frame::encode;
use crate::wire::message::MAX_WINDOW;
use core::fmt;
use core::iter::Peekable;
use core::task::{Poll, ready};
use heapless::Deque;
use serde::Serialize;

/// Why feeding items ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FeedError<E = Never> {
    /// The number of items, from the first on, that were certainly taken. If `error` leaves it open,
    /// the items of the calls in flight may have been taken too.
    pub taken: u32,
    /// The reason why the next call failed.
    pub error: CallError<E>,
}

impl<E: fmt::Debug> fmt::Display for FeedError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { taken, error } = self;
        write!(formatter, "{error}; {taken} items were taken before that")
    }
}

impl<E: fmt::Debug> core::error::Error for FeedError<E> {}

/// The calls of a feed, independent of the type of its items.
#[derive(Debug)]
struct FeedCalls {
    target: Target,
    /// True if the procedure has an error of its own, so that no call may run after a failed one.
    is_fallible: bool,
    /// The calls, the oldest first, with the number of items in each.
    in_flight: Deque<(Ticket, u8), MAX_WINDOW>,
    /// A ping, which makes a device announce the frames that it takes.
    greeting: Option<Ticket>,
    /// The last call, once it has ended.
    last: Option<Ticket>,
    /// The number of items that were certainly taken.
    taken: u32,
}

/// A call of a feed that failed. Its result has the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FailedCall {
    /// The call ended with an error. Whoever reads the result must forget the call.
    Ended(Ticket),
    /// It could not be made.
    NotMade(CallError),
}

/// The outcome of a step of a feed.
type FeedPoll<T> = Poll<Result<T, FailedCall>>;

impl FeedCalls {
    /// Creates a feed without calls.
    const fn new(target: Target, is_fallible: bool) -> Self {
        Self {
            target,
            is_fallible,
            in_flight: Deque::new(),
            greeting: None,
            last: None,
            taken: 0,
        }
    }

    /// Returns true if no call has been made.
    fn is_new(&self) -> bool {
        self.in_flight.is_empty() && self.last.is_none()
    }

    /// Waits until another call can be made and the length of frames is known.
    fn poll_room<C: Calls>(&mut self, calls: &mut C, now: Instant) -> FeedPoll<()> {
        ready!(self.poll_announced(calls, now))?;
        loop {
            let window = match self.is_fallible {
                true => 1,
                false => calls.window().min(MAX_WINDOW),
            };
            if self.in_flight.len() < window {
                return match calls.has_room() || self.last.is_some() {
                    true => Poll::Ready(Ok(())),
                    false => Poll::Pending,
                };
            }
            ready!(self.poll_oldest(calls))?;
        }
    }

    /// Makes a call with arguments that `encode` writes into the available room. It returns their
    /// length and the number of items.
    ///
    /// # Errors
    /// Returns the reason if the call was not made.
    fn submit<C: Calls>(
        &mut self,
        calls: &mut C,
        now: Instant,
        encode: impl FnOnce(&mut [u8]) -> Option<(usize, u8)>,
    ) -> Result<(), FailedCall> {
        // Its value no longer matters, and this call may need its slot.
        if let Some(before) = self.last.take() {
            calls.forget(before);
        }
        let patience = calls.patience(now);
        let room = calls.room(&self.target);
        let mut count = 0;
        let call = calls.start(self.target, patience, |place| {
            let room = room.min(place.len());
            let (len, items) = encode(place.get_mut(..room)?)?;
            count = items;
            Some(len)
        });
        let call = call.map_err(FailedCall::NotMade)?;
        // `poll_room` has waited for room.
        let _ = self.in_flight.push_back((call, count));
        Ok(())
    }

    /// Waits until all calls have ended, and returns the last one, whose answer is a Return.
    fn poll_end<C: Calls>(&mut self, calls: &mut C) -> FeedPoll<Ticket> {
        while !self.in_flight.is_empty() {
            ready!(self.poll_oldest(calls))?;
        }
        let nothing = FailedCall::NotMade(CallError::Disconnected);
        Poll::Ready(self.last.take().ok_or(nothing))
    }

    /// Forgets all calls.
    fn forget<C: Calls>(&mut self, calls: &mut C) {
        let in_flight = self.in_flight.iter().map(|&(call, _)| call);
        for call in in_flight.chain(self.greeting).chain(self.last) {
            calls.forget(call);
        }
        self.in_flight.clear();
        self.greeting = None;
        self.last = None;
    }

    /// Waits for the oldest call.
    fn poll_oldest<C: Calls>(&mut self, calls: &mut C) -> FeedPoll<()> {
        let Some(&(call, count)) = self.in_flight.front() else {
            return Poll::Ready(Ok(()));
        };
        let Some(end) = calls.end(call) else {
            return Poll::Pending;
        };
        let is_returned = matches!(end, Ok(Answer::Return(_)));
        self.in_flight.pop_front();
        if !is_returned {
            return Poll::Ready(Err(FailedCall::Ended(call)));
        }
        self.taken = self.taken.saturating_add(u32::from(count));
        if let Some(before) = self.last.replace(call) {
            calls.forget(before);
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until the device has announced itself. Any answer shows that it has, even that of a device
    /// without its own service, which knows no ping.
    fn poll_announced<C: Calls>(&mut self, calls: &mut C, now: Instant) -> FeedPoll<()> {
        let greeting = match self.greeting {
            Some(greeting) => greeting,
            None if calls.device().is_some() || !self.is_new() => return Poll::Ready(Ok(())),
            None if !calls.has_room() => {
                calls.reclaim();
                return Poll::Pending;
            }
            None => {
                let nothing: &[u8] = &[];
                let patience = calls.patience(now);
                let ping = calls.start(Target::of::<DevicePing>(), patience, |place| {
                    encode(nothing, place)
                });
                *self.greeting.insert(ping.map_err(FailedCall::NotMade)?)
            }
        };
        let Some(end) = calls.end(greeting) else {
            return Poll::Pending;
        };
        let error = end.err();
        self.greeting = None;
        calls.forget(greeting);
        match (calls.device(), error) {
            (None, Some(error)) => Poll::Ready(Err(FailedCall::NotMade(error))),
            _ => Poll::Ready(Ok(())),
        }
    }
}

/// Feeds typed items to a procedure.
pub struct Feeding<'h, 'a, P: FeedProcedure, I: Iterator<Item = P::Item>> {
    head: &'h P::Head<'a>,
    items: Peekable<I>,
    calls: FeedCalls,
}

impl<'h, 'a, P: FeedProcedure, I: Iterator<Item = P::Item>> Feeding<'h, 'a, P, I> {
    /// Feeds `items`, with `head` as the other arguments of each call.
    pub fn new(head: &'h P::Head<'a>, items: I) -> Self {
        Self {
            head,
            items: items.peekable(),
            calls: FeedCalls::new(Target::of::<P>(), P::FALLIBLE),
        }
    }

    fn poll_value<C: Calls>(&mut self, calls: &mut C, now: Instant) -> FeedPoll<Ticket> {
        while self.calls.is_new() || self.items.peek().is_some() {
            ready!(self.calls.poll_room(calls, now))?;
            let (head, items) = (self.head, &mut self.items);
            self.calls
                .submit(calls, now, |place| encode_items(place, head, items))?;
        }
        self.calls.poll_end(calls)
    }
}

impl<P: FeedProcedure, I: Iterator<Item = P::Item>> Operation for Feeding<'_, '_, P, I> {
    type Output = Result<P::Output, FeedError<P::Error>>;

    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output> {
        let ended = ready!(self.poll_value(calls, now));
        let result = match ended {
            Ok(call) | Err(FailedCall::Ended(call)) => {
                let result = match calls.end(call) {
                    Some(Ok(Answer::Return(value))) => exactly(value).ok_or(CallError::BadReply),
                    Some(Ok(Answer::Error(bytes))) => Err(own_error(bytes)),
                    Some(Err(error)) => Err(error.widen()),
                    None => Err(CallError::Disconnected),
                };
                calls.forget(call);
                result
            }
            Err(FailedCall::NotMade(error)) => Err(error.widen()),
        };
        self.calls.forget(calls);
        let taken = self.calls.taken;
        Poll::Ready(result.map_err(|error| FeedError { taken, error }))
    }

    fn forget<C: Calls>(&mut self, calls: &mut C, _: Instant) {
        self.calls.forget(calls);
    }
}

/// Encodes the arguments of a call into `buffer`: `head`, then as many items as fit, which are removed
/// from `items`. Returns the length and the number of items, or None if not even the first item fits.
fn encode_items<T: Serialize>(
    buffer: &mut [u8],
    head: &impl Serialize,
    items: &mut Peekable<impl Iterator<Item = T>>,
) -> Option<(usize, u8)> {
    let count_at = encode(head, buffer)?;
    // The number of items precedes them but is known last. There are few enough for one byte.
    let mut end = count_at + 1;
    let mut count = 0;
    while count < MAX_BATCH {
        let (Some(item), Some(room)) = (items.peek(), buffer.get_mut(end..)) else {
            break;
        };
        let Some(len) = encode(item, room) else {
            break;
        };
        end += len;
        count += 1;
        items.next();
    }
    *buffer.get_mut(count_at)? = count;
    (count > 0 || items.peek().is_none()).then_some((end, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lengths and counts of the calls that take all of those items.
    fn calls(items: &[&str], room: usize) -> heapless::Vec<(usize, u8), 8> {
        let mut items = items.iter().peekable();
        let mut buffer = [0; 64];
        let mut calls = heapless::Vec::new();
        while let Some(call) = encode_items(&mut buffer[..room], &(7_u8,), &mut items) {
            calls.push(call).unwrap();
            if items.peek().is_none() {
                break;
            }
        }
        calls
    }

    #[test]
    fn a_call_has_as_many_items_as_fit() {
        // One byte for the head, one for the count, and each item has its length.
        assert_eq!(calls(&["ab", "c", "de", "f"], 7), [(7, 2), (7, 2)]);
        assert_eq!(
            calls(&["ab", "c", "de", "f"], 6),
            [(5, 1), (4, 1), (5, 1), (4, 1)]
        );
        assert_eq!(calls(&["ab", "c", "de", "f"], 64), [(12, 4)]);
    }

    #[test]
    fn without_items_there_is_a_call_with_none() {
        assert_eq!(calls(&[], 2), [(2, 0)]);
    }

    #[test]
    fn an_item_that_never_fits_is_found_out() {
        assert_eq!(calls(&["abcdef"], 8), []);
        assert_eq!(calls(&["a", "abcdef"], 8), [(4, 1)]);
    }
}
