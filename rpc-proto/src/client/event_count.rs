//! Counts events to detect how many did not arrive (PROTOCOL.md, "Events").

use crate::wire::decode::take_from;
use crate::wire::message::{EVENT_COUNT, Seq};

/// Counts the events of a session.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EventCount {
    /// The number of events that the device is known to have sent or dropped.
    passed: u32,
    lost: u32,
}

impl EventCount {
    pub(super) const NONE: Self = Self { passed: 0, lost: 0 };

    /// Returns how many did not arrive, or were dropped on arrival.
    pub(super) const fn lost(&self) -> u32 {
        self.lost
    }

    /// Counts an event as lost that arrived, but found no room.
    pub(super) fn note_dropped(&mut self) {
        self.lost = self.lost.wrapping_add(1);
    }

    /// Restarts the count, as the device does in a new session. Earlier losses stay counted.
    pub(super) fn restart(&mut self) {
        self.passed = 0;
    }

    /// Takes a frame. Returns topic and data of the event, or None if it is a count.
    pub(super) fn take<'a>(&mut self, seq: Seq, body: &'a [u8]) -> Option<(u16, &'a [u8])> {
        let (topic, data) = take_from::<u16>(body).ok()?;
        if topic == EVENT_COUNT {
            let (count, _) = take_from(data).ok()?;
            self.reckon(count);
            return None;
        }
        let missing = seq.since(Seq::new(self.passed as u8));
        self.reckon(self.passed.wrapping_add(missing.into()));
        self.passed = self.passed.wrapping_add(1);
        Some((topic, data))
    }

    /// Notes that there were `count` events so far. An old answer that was sent again may report a
    /// lower count.
    pub(super) fn reckon(&mut self, count: u32) {
        let missing = count.wrapping_sub(self.passed);
        // More than half the range ahead means that the count is an old one.
        if missing <= u32::MAX / 2 {
            self.lost = self.lost.wrapping_add(missing);
            self.passed = count;
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    fn count_frame(count: u32) -> Vec<u8> {
        postcard::to_stdvec(&(EVENT_COUNT, count)).unwrap()
    }

    /// Returns how many numbered events are lost after each arrival.
    fn lost(arriving: &[u32]) -> Vec<u32> {
        let mut events = EventCount::NONE;
        let lost = arriving.iter().map(|&number| {
            assert!(events.take(Seq::new(number as u8), &[8]).is_some());
            events.lost()
        });
        lost.collect()
    }

    #[test]
    fn what_is_missing_between_two_events_was_lost() {
        assert_eq!(lost(&[0, 1, 2, 3]), [0, 0, 0, 0]);
        assert_eq!(lost(&[0, 3, 4, 6]), [0, 2, 2, 3]);
        assert_eq!(lost(&[5]), [5]);
        assert_eq!(lost(&[0, 31, 32, 64, 65]), [0, 30, 30, 61, 61]);
    }

    #[test]
    fn a_count_tells_of_losses_that_numbers_cannot() {
        let mut events = EventCount::NONE;
        events.take(Seq::new(0), &[8]);
        // A sequence number does not show that a multiple of 32 events was lost.
        events.take(Seq::new(65), &[8]);
        assert_eq!(events.lost(), 0);
        assert_eq!(events.take(Seq::new(66), &count_frame(66)), None);
        assert_eq!(events.lost(), 64);
        events.take(Seq::new(66), &[8]);
        assert_eq!(events.lost(), 64);
    }

    #[test]
    fn an_old_count_tells_nothing() {
        let mut events = EventCount::NONE;
        for number in 0..10 {
            events.take(Seq::new(number), &[8]);
        }
        events.reckon(4);
        assert_eq!(events.lost(), 0);
        events.take(Seq::new(10), &[8]);
        assert_eq!(events.lost(), 0);
    }

    #[test]
    fn what_is_no_event_is_not_counted() {
        let mut events = EventCount::NONE;
        assert_eq!(events.take(Seq::new(7), &[]), None);
        assert_eq!(events.take(Seq::new(7), &[0]), None);
        assert_eq!(events.take(Seq::new(7), &[0, 0xFF]), None);
        assert_eq!(events.lost(), 0);
    }
}
