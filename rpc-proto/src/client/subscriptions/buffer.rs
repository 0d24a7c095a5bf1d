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
}

impl<const BYTES: usize> EventBuffer<BYTES> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; BYTES],
            start: 0,
            end: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Adds an event. Returns false if there is no room.
    pub(super) fn push(&mut self, event: &ReceivedEvent<'_>) -> bool {
        let len = HEAD + event.data.len();
        if BYTES - self.end < len {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let place = self.bytes.get_mut(self.end..self.end + len);
        let Some((head, data)) = place.and_then(|place| place.split_first_chunk_mut::<HEAD>())
        else {
            return false;
        };
        // A frame is no longer than 65,535 bytes.
        let [a, b] = (event.data.len() as u16).to_le_bytes();
        let [c, d, e, f] = event.key.to_le_bytes();
        let [g, h, i, j] = event.lost.to_le_bytes();
        let [k, l, m, n] = event.session.to_le_bytes();
        *head = [a, b, c, d, e, f, g, h, i, j, k, l, m, n];
        data.copy_from_slice(event.data);
        self.end += len;
        true
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
            assert!(buffer.push(&event(round, b"ab")));
            assert!(buffer.push(&event(round + 1, b"cde")));
            assert_eq!(buffer.pop(), Some(event(round, b"ab")));
            assert_eq!(buffer.pop(), Some(event(round + 1, b"cde")));
            assert_eq!(buffer.pop(), None);
        }
    }

    #[test]
    fn an_event_that_finds_no_room_is_refused() {
        let mut buffer = EventBuffer::<20>::new();
        assert!(buffer.push(&event(1, b"ab")));
        assert!(!buffer.push(&event(2, b"ab")));
        assert_eq!(buffer.pop(), Some(event(1, b"ab")));
        assert!(!buffer.push(&event(3, &[0; 7])));
        assert!(buffer.push(&event(4, b"abcdef")));
        assert_eq!(buffer.pop(), Some(event(4, b"abcdef")));
    }
}
