//! Feeds items to a procedure, as a typed client does: in calls as large as frames allow.

use super::call_error::CallError;
use super::caller::exactly;
use super::calls::Answer;
use super::pipelined::{AsyncPipelinedCaller, PipelinedCaller};
use super::read;
use crate::service::{FeedProcedure, MAX_BATCH, Never};
use crate::wire::message::MAX_WINDOW;
use core::fmt;
use core::iter::Peekable;
use heapless::Deque;
use serde::Serialize;

/// Why feeding items ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FeedError<E = Never> {
    /// How many items, from the first on, were taken for certain. More may have been: as far as
    /// `error` leaves it open, those of the calls that were under way.
    pub taken: u32,
    /// Why the call after them failed.
    pub error: CallError<E>,
}

impl<E: fmt::Debug> fmt::Display for FeedError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { taken, error } = self;
        write!(formatter, "{error}; {taken} items were taken before that")
    }
}

impl<E: fmt::Debug> core::error::Error for FeedError<E> {}

/// Feeds `items` to the procedure, and returns the value of the last call.
///
/// Each call has as many items as fit a frame. If there are none, there is one call with none. If the
/// procedure has an error of its own, each call waits for the one before, so that nothing runs after
/// an error. Otherwise, several are under way at a time.
///
/// # Errors
/// Why a call failed, and how many items were taken before.
pub fn feed<C: PipelinedCaller, P: FeedProcedure>(
    caller: &mut C,
    head: &P::Head<'_>,
    items: impl IntoIterator<Item = P::Item>,
) -> Result<P::Output, FeedError<P::Error>> {
    let mut items = items.into_iter().peekable();
    let mut feed = Feed::<C::Pending>::new();
    let end = loop {
        if feed.wants_more::<P>(&mut items, caller.window()) {
            match caller.submit_items::<P>(head, &mut items) {
                Ok((pending, count)) => feed.submitted(pending, count),
                Err(error) => break Err(error.widen()),
            }
            continue;
        }
        let Some((mut pending, count)) = feed.in_flight.pop_front() else {
            break Err(CallError::Disconnected);
        };
        let is_last = feed.in_flight.is_empty() && items.peek().is_none();
        let value = take::<P>(caller.wait(&mut pending), is_last);
        caller.forget(pending);
        match value {
            Ok(value) => {
                feed.taken = feed.taken.saturating_add(u32::from(count));
                if let Some(value) = value {
                    break Ok(value);
                }
            }
            Err(error) => break Err(error),
        }
    };
    while let Some((pending, _)) = feed.in_flight.pop_front() {
        caller.forget(pending);
    }
    let taken = feed.taken;
    end.map_err(|error| FeedError { taken, error })
}

/// As [`feed`], for a caller that lets other tasks run meanwhile; one call at a time. If it is dropped
/// before it has ended, the call under way runs once or never.
///
/// # Errors
/// Why a call failed, and how many items were taken before.
pub async fn feed_async<C: AsyncPipelinedCaller, P: FeedProcedure>(
    caller: &mut C,
    head: &P::Head<'_>,
    items: impl IntoIterator<Item = P::Item>,
) -> Result<P::Output, FeedError<P::Error>> {
    let mut items = items.into_iter().peekable();
    let mut taken = 0;
    loop {
        let (mut pending, count) = match caller.submit_items::<P>(head, &mut items).await {
            Ok(submitted) => submitted,
            Err(error) => {
                let error = error.widen();
                return Err(FeedError { taken, error });
            }
        };
        let is_last = items.peek().is_none();
        let value = take::<P>(caller.wait(&mut pending).await, is_last);
        caller.forget(pending);
        match value {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => taken = taken.saturating_add(u32::from(count)),
            Err(error) => return Err(FeedError { taken, error }),
        }
    }
}

/// Calls that were submitted, the oldest first, and how many items each has.
struct Feed<Q> {
    in_flight: Deque<(Q, u8), MAX_WINDOW>,
    has_begun: bool,
    taken: u32,
}

impl<Q> Feed<Q> {
    const fn new() -> Self {
        Self {
            in_flight: Deque::new(),
            has_begun: false,
            taken: 0,
        }
    }

    /// Whether it is time for another call.
    fn wants_more<P: FeedProcedure>(
        &self,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
        window: usize,
    ) -> bool {
        let window = match P::FALLIBLE {
            true => 1,
            false => window.min(MAX_WINDOW),
        };
        self.in_flight.len() < window && (!self.has_begun || items.peek().is_some())
    }

    fn submitted(&mut self, pending: Q, count: u8) {
        self.has_begun = true;
        // There is room: that was asked before.
        let _ = self.in_flight.push_back((pending, count));
    }
}

/// Reads an answer, whose value counts only if it is the last.
fn take<P: FeedProcedure>(
    answer: Result<Answer<'_>, CallError>,
    is_last: bool,
) -> Result<Option<P::Output>, CallError<P::Error>> {
    match answer {
        Ok(Answer::Return(_)) if !is_last => Ok(None),
        Ok(Answer::Return(value)) => exactly(value).map(Some).ok_or(CallError::BadReply),
        Ok(answer) => Err(read::<P>(answer).err().unwrap_or(CallError::BadReply)),
        Err(error) => Err(error.widen()),
    }
}

/// Encodes the arguments of a call into `buffer`: `head`, and as many of the items as fit, which are
/// taken off. Tells the length, and how many they are. None if not even the first fits.
pub fn encode_items<T: Serialize>(
    buffer: &mut [u8],
    head: &impl Serialize,
    items: &mut Peekable<impl Iterator<Item = T>>,
) -> Option<(usize, u8)> {
    let count_at = postcard::to_slice(head, buffer).ok()?.len();
    // The number of items comes before them, and is known last. It is one byte: they are few enough.
    let mut end = count_at + 1;
    let mut count = 0;
    while count < MAX_BATCH {
        let (Some(item), Some(room)) = (items.peek(), buffer.get_mut(end..)) else {
            break;
        };
        let Ok(encoded) = postcard::to_slice(item, room) else {
            break;
        };
        end += encoded.len();
        count += 1;
        items.next();
    }
    *buffer.get_mut(count_at)? = count;
    (count > 0 || items.peek().is_none()).then_some((end, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lengths and counts of the calls that take all of those items.
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
