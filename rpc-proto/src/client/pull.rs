//! Plans the requests for a stream of items, so that it is as fast as the link (PROTOCOL.md,
//! "Streams").
//!
//! This is only the plan. Every caller that pulls a stream makes the calls itself.

use super::CallError;
use crate::service::{Ask, BatchEnd, MAX_BATCH};
use crate::wire::decode::take_from;

/// The number of full batches in a row after which more items might fit.
const PATIENCE: u8 = 8;

/// The plan of a stream, pulled batch by batch.
///
/// The first batch shows how many items fit a frame. From then on, batches of that size are requested
/// ahead. A batch that is shorter, because its items were longer, leaves a gap before those behind it:
/// they are [void](Batch::Void) and requested again.
///
/// ```
/// use rpc_proto::client::{Batch, Pull};
/// use rpc_proto::service::Ask;
///
/// let mut pull = Pull::new(false);
/// let ask = pull.ask(0, 4).unwrap();
/// assert_eq!(ask, Ask { position: 0, limit: 127 });
/// // Two items of one byte, and that these are all.
/// assert_eq!(pull.take(ask, &[7, 8, 0x82])?, Batch::Items { count: 2, items: &[7, 8] });
/// assert_eq!(pull.ask(0, 4), None);
/// # Ok::<(), rpc_proto::client::CallError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pull {
    /// True if the items come and go, so that each batch tells where it starts.
    moves: bool,
    /// True if a batch was received.
    begun: bool,
    /// The number of items that a moving stream has dropped before they were received.
    lost: u32,
    /// The position behind the items received.
    taken: u32,
    /// The position of the next item to request.
    next: u32,
    /// The number of items to request, or None until it is known how many fit.
    limit: Option<u8>,
    ended: bool,
    /// The number of full batches since the limit last changed.
    full: u8,
    patience: u8,
    /// True if the limit was raised and no batch has confirmed yet that so many fit.
    probing: bool,
}

/// The content of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch<'b> {
    /// The next items.
    Items {
        /// The number of items.
        count: u8,
        /// The encoded items, end to end.
        items: &'b [u8],
    },
    /// Nothing: an earlier batch was shorter than expected.
    Void,
}

impl Pull {
    /// Creates the plan for a stream of which nothing was received. It may be a moving one.
    pub const fn new(moves: bool) -> Self {
        Self {
            moves,
            begun: false,
            lost: 0,
            taken: 0,
            next: 0,
            limit: None,
            ended: false,
            full: 0,
            patience: PATIENCE,
            probing: false,
        }
    }

    /// Returns how many items a moving stream has dropped, since the first one received, before they
    /// could be received.
    pub const fn lost(&self) -> u32 {
        self.lost
    }

    /// Returns true if all items were received.
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the next request, if there is one. `in_flight` batches are pending, and `window` may be.
    pub fn ask(&mut self, in_flight: usize, window: usize) -> Option<Ask> {
        let position = self.next;
        if self.ended || in_flight >= window.max(1) {
            return None;
        }
        let limit = match self.limit {
            // No batch follows it, so it may hold as many items as fit.
            _ if window <= 1 => MAX_BATCH,
            Some(limit) => limit,
            None if in_flight > 0 => return None,
            None => MAX_BATCH,
        };
        if window > 1 && self.limit.is_some() {
            self.next = position.wrapping_add(u32::from(limit));
        }
        Some(Ask { position, limit })
    }

    /// Requests everything anew that was not received. Pending requests are given up.
    pub const fn begin_again(&mut self) {
        self.next = self.taken;
    }

    /// Returns true if the reply to `ask` is still wanted.
    pub const fn wants(&self, ask: Ask) -> bool {
        !self.ended && ask.position == self.taken
    }

    /// Takes the reply to `ask`. Replies are taken in the order of the requests.
    ///
    /// # Errors
    /// Returns [`CallError::StreamChanged`] if the stream no longer has the position that it had, and [`CallError::BadReply`] if the reply is not a batch.
    pub fn take<'b>(&mut self, ask: Ask, reply: &'b [u8]) -> Result<Batch<'b>, CallError> {
        if !self.wants(ask) {
            return Ok(Batch::Void);
        }
        let (&end, mut items) = reply.split_last().ok_or(CallError::BadReply)?;
        let mut start = ask.position;
        if self.moves {
            (start, items) = take_from(items).map_err(|_| CallError::BadReply)?;
        }
        let end = BatchEnd::from_byte(end);
        if end == BatchEnd::BEYOND {
            return Err(CallError::StreamChanged);
        }
        if end.count > ask.limit {
            return Err(CallError::BadReply);
        }
        let missed = start.wrapping_sub(ask.position);
        if self.begun {
            if missed > u32::MAX / 2 {
                return Err(CallError::StreamChanged);
            }
            self.lost = self.lost.saturating_add(missed);
        }
        self.begun = true;
        self.taken = match start.overflowing_add(u32::from(end.count)) {
            (_, true) if !self.moves => return Err(CallError::BadReply),
            (behind, _) => behind,
        };
        self.ended = end.is_last;
        if end.count < ask.limit || self.limit.is_none() || missed > 0 {
            self.come_short(end.count);
        } else {
            self.come_full(ask.limit);
        }
        let count = end.count;
        Ok(Batch::Items { count, items })
    }

    fn come_short(&mut self, count: u8) {
        if self.probing {
            self.patience = self.patience.saturating_mul(2);
        }
        self.probing = false;
        self.full = 0;
        self.limit = Some(count.max(1));
        self.next = self.taken;
    }

    fn come_full(&mut self, asked: u8) {
        let Some(limit) = &mut self.limit else { return };
        if asked == *limit {
            self.probing = false;
        }
        self.full = self.full.saturating_add(1);
        if self.full >= self.patience {
            self.full = 0;
            self.probing = true;
            *limit = (*limit + 1 + *limit / 8).min(MAX_BATCH);
        }
        if self.next.wrapping_sub(self.taken) > u32::MAX / 2 {
            self.next = self.taken;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heapless::Deque;

    /// Pulls `len` items of one byte from a device whose frames hold `room(position)` of them. Returns
    /// the items and the number of requests.
    fn pull(len: u32, window: usize, room: impl Fn(u32) -> u8) -> (u32, u32) {
        let mut pull = Pull::new(false);
        let mut in_flight = Deque::<Ask, 16>::new();
        let mut asked = 0;
        let mut next_item = 0;
        while !pull.has_ended() {
            while let Some(ask) = pull.ask(in_flight.len(), window) {
                in_flight.push_back(ask).unwrap();
                asked += 1;
            }
            let ask = in_flight.pop_front().expect("something is asked for");
            let mut reply = [0; 128];
            let left = len.saturating_sub(ask.position);
            let fits = room(ask.position).min(ask.limit);
            let count = left.min(u32::from(fits)) as u8;
            for (item, place) in (ask.position..).zip(&mut reply[..usize::from(count)]) {
                *place = item as u8;
            }
            let is_last = ask.position + u32::from(count) >= len && ask.position <= len;
            let end = BatchEnd { count, is_last };
            reply[usize::from(count)] = end.to_byte();
            match pull.take(ask, &reply[..=usize::from(count)]) {
                Ok(Batch::Items { items, .. }) => {
                    for &item in items {
                        assert_eq!(item, next_item as u8);
                        next_item += 1;
                    }
                }
                Ok(Batch::Void) => {}
                Err(error) => panic!("{error}"),
            }
        }
        (next_item, asked)
    }

    #[test]
    #[cfg_attr(miri, ignore = "it is arithmetic only, and takes Miri minutes")]
    fn every_item_comes_once_and_in_order_whatever_fits() {
        for window in 1..=15 {
            for len in [0, 1, 2, 99, 100, 101, 5_000] {
                assert_eq!(pull(len, window, |_| 10).0, len);
                assert_eq!(pull(len, window, |_| 127).0, len);
                assert_eq!(
                    pull(len, window, |position| 1 + (position % 7) as u8).0,
                    len
                );
                assert_eq!(
                    pull(len, window, |position| 60 - (position / 100) as u8).0,
                    len
                );
                assert_eq!(
                    pull(len, window, |position| 10 + (position / 100) as u8).0,
                    len
                );
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "it is arithmetic only, and takes Miri minutes")]
    fn items_of_one_length_are_hardly_ever_asked_for_twice() {
        let (_, asked) = pull(10_000, 8, |_| 10);
        assert!(asked < 1_100, "{asked}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "it is arithmetic only, and takes Miri minutes")]
    fn when_more_items_fit_more_are_asked_for() {
        let (_, asked) = pull(10_000, 8, |position| if position < 100 { 5 } else { 100 });
        assert!(asked < 400, "{asked}");
    }

    #[test]
    fn one_by_one_as_many_items_come_as_fit() {
        let (_, asked) = pull(1_000, 1, |position| if position < 500 { 5 } else { 100 });
        assert_eq!(asked, 105);
    }

    #[test]
    fn a_stream_that_has_become_shorter_is_an_error() {
        let mut pull = Pull::new(false);
        let ask = pull.ask(0, 1).unwrap();
        let two = BatchEnd {
            count: 2,
            is_last: false,
        };
        pull.take(ask, &[1, 2, two.to_byte()]).unwrap();
        let ask = pull.ask(0, 1).unwrap();
        assert_eq!(ask.position, 2);
        let beyond = [BatchEnd::BEYOND.to_byte()];
        assert_eq!(pull.take(ask, &beyond), Err(CallError::StreamChanged));
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        let mut pull = Pull::new(false);
        let ask = pull.ask(0, 1).unwrap();
        assert_eq!(pull.take(ask, &[]), Err(CallError::BadReply));
        let more = BatchEnd {
            count: 3,
            is_last: false,
        };
        let ask = Ask {
            position: 0,
            limit: 2,
        };
        assert_eq!(
            pull.take(ask, &[1, 2, 3, more.to_byte()]),
            Err(CallError::BadReply)
        );
    }
}
