//! A buffer of received events. Each is contiguous, so that values read from it may borrow.

use super::ReceivedEvent;

/// The length of an event's head: its length, key, losses and session.
const HEAD: usize = 2 + 3 * 4;

#[derive(Clone, Debug)]
pub(super) struct EventBuffer<const BYTES: usize> {
    bytes: [u8; BYTES],
    /// The start of the oldest event.
    start: usize,
    /// The start of the next event.
    end: usize,
    /// The number of events that found no room.
    dropped: u32,
}

impl<const BYTES: usize> EventBuffer<BYTES> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; BYTES],
            start: 0,
            end: 0,
            dropped: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Adds an event, or counts it as dropped if there is no room.
    pub(super) fn push(&mut self, event: &ReceivedEvent<'_>) {
        let len = HEAD + event.data.len();
        if BYTES - self.end < len {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let place = self.bytes.get_mut(self.end..self.end + len);
        let Some((head, data)) = place.and_then(|place| place.split_first_chunk_mut::<HEAD>())
        else {
            self.dropped = self.dropped.wrapping_add(1);
            return;
        };
        let lost = event.lost.wrapping_add(self.dropped);
        // A frame is no longer than 65,535 bytes.
        let [a, b] = (event.data.len() as u16).to_le_bytes();
        let [c, d, e, f] = event.key.to_le_bytes();
        let [g, h, i, j] = lost.to_le_bytes();
        let [k, l, m, n] = event.session.to_le_bytes();
        *head = [a, b, c, d, e, f, g, h, i, j, k, l, m, n];
        data.copy_from_slice(event.data);
        self.end += len;
    }

    /// Takes out the oldest event.
    pub(super) fn pop(&mut self) -> Option<ReceivedEvent<'_>> {
        let rest = self.bytes.get(self.start..self.end)?;
        let (&[a, b, c, d, e, f, g, h, i, j, k, l, m, n], rest) =
            rest.split_first_chunk::<HEAD>()?;
        let data = rest.get(..usize::from(u16::from_le_bytes([a, b])))?;
        self.start += HEAD + data.len();
        Some(ReceivedEvent {
            key: u32::from_le_bytes([c, d, e, f]),
            data,
            lost: u32::from_le_bytes([g, h, i, j]),
            session: u32::from_le_bytes([k, l, m, n]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(key: u32, data: &[u8]) -> ReceivedEvent<'_> {
        ReceivedEvent {
            key,
            data,
            lost: 3,
            session: 2,
        }
    }

    #[test]
    fn events_come_out_in_the_order_in_which_they_went_in() {
        let mut buffer = EventBuffer::<40>::new();
        for round in 0..50 {
            buffer.push(&event(round, b"ab"));
            buffer.push(&event(round + 1, b"cde"));
            assert_eq!(buffer.pop(), Some(event(round, b"ab")));
            assert_eq!(buffer.pop(), Some(event(round + 1, b"cde")));
            assert_eq!(buffer.pop(), None);
        }
    }

    #[test]
    fn events_that_find_no_room_are_among_the_lost_of_the_next() {
        let mut buffer = EventBuffer::<20>::new();
        buffer.push(&event(1, b"ab"));
        buffer.push(&event(2, b"ab"));
        assert_eq!(buffer.pop(), Some(event(1, b"ab")));
        buffer.push(&event(3, &[0; 7]));
        buffer.push(&event(4, b"abcdef"));
        let last = buffer.pop().expect("it has room when the others are out");
        assert_eq!((last.key, last.lost), (4, 3 + 2));
    }
}
