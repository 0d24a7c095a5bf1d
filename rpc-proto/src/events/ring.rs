//! A queue of records of different lengths in a ring of bytes.

use crate::wire::encode::Sink;
use serde::Serialize;

/// There is no room for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DoesNotFit;

/// The number of bytes for the length of a record.
const LENGTH: usize = 2;

/// A ring of `BYTES` bytes for records and their lengths.
#[derive(Debug)]
pub(super) struct Ring<const BYTES: usize> {
    bytes: [u8; BYTES],
    start: usize,
    len: usize,
}

impl<const BYTES: usize> Ring<BYTES> {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; BYTES],
            start: 0,
            len: 0,
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds the encoding of `value` as one record. Adds nothing if it does not fit.
    pub(super) fn push<T: Serialize>(&mut self, value: &T) -> Result<(), DoesNotFit> {
        let before = self.len;
        Sink::push(self, 0);
        Sink::push(self, 0);
        if self.value(value).is_err() || self.len > BYTES {
            self.len = before;
            return Err(DoesNotFit);
        }
        // A ring is not longer than a `u16` can tell.
        let [low, high] = ((self.len - before - LENGTH) as u16).to_le_bytes();
        self.put(before, low);
        self.put(before + 1, high);
        Ok(())
    }

    /// Takes out the length of the first record, if there is one. The caller then takes out that many
    /// bytes.
    pub(super) fn pop_length(&mut self) -> Option<usize> {
        (self.len > 0).then(|| u16::from_le_bytes([self.pop(), self.pop()]).into())
    }

    /// Takes out a byte of a record.
    // Without the check whether there is one, it saves 32 bytes.
    #[inline(never)]
    pub(super) fn pop(&mut self) -> u8 {
        let byte = self.bytes.get(self.start).copied();
        self.start = (self.start + 1) % BYTES;
        self.len = self.len.saturating_sub(1);
        byte.unwrap_or_default()
    }

    /// Writes the byte at that distance from the first.
    fn put(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.bytes.get_mut((self.start + at) % BYTES) {
            *place = byte;
        }
    }
}

impl<const BYTES: usize> Sink for Ring<BYTES> {
    // Inlined, it would be repeated in every place where a value is serialised.
    #[inline(never)]
    fn push(&mut self, byte: u8) {
        // It stays too long until the record is removed.
        if self.len < BYTES {
            self.put(self.len, byte);
        }
        self.len = self.len.min(BYTES) + 1;
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    fn record<const BYTES: usize>(ring: &mut Ring<BYTES>) -> Option<Vec<u8>> {
        let length = ring.pop_length()?;
        Some((0..length).map(|_| ring.pop()).collect())
    }

    #[test]
    fn records_come_out_as_they_went_in() {
        let mut ring = Ring::<16>::new();
        for round in 0..100_u8 {
            assert_eq!(ring.push(&(round, "ab")), Ok(()));
            assert_eq!(ring.push(&[round; 3]), Ok(()));
            assert_eq!(record(&mut ring), Some([round, 2, b'a', b'b'].to_vec()));
            assert_eq!(record(&mut ring), Some([round; 3].to_vec()));
            assert_eq!(record(&mut ring), None);
        }
    }

    #[test]
    fn a_record_that_does_not_fit_leaves_nothing_behind() {
        let mut ring = Ring::<8>::new();
        assert_eq!(ring.push(&[1_u8, 2, 3]), Ok(()));
        for long in 2..10 {
            let value: &[u8] = &[7; 10][..long];
            assert_eq!(ring.push(&value), Err(DoesNotFit), "{long}");
        }
        assert_eq!(ring.push(&9_u8), Ok(()));
        assert_eq!(record(&mut ring), Some([1, 2, 3].to_vec()));
        assert_eq!(record(&mut ring), Some([9].to_vec()));
        assert!(ring.is_empty());
    }
}
