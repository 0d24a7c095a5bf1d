//! A queue of records of different lengths in a ring of bytes.

use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// There is no room for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DoesNotFit;

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
        let pushed = self.try_push(value);
        if pushed.is_err() {
            self.len = before;
        }
        pushed
    }

    fn try_push<T: Serialize>(&mut self, value: &T) -> Result<(), DoesNotFit> {
        let length_at = [self.put(0)?, self.put(0)?];
        let start = self.len;
        let mut serializer = postcard::Serializer {
            output: Record(self),
        };
        value.serialize(&mut serializer).map_err(|_| DoesNotFit)?;
        let length = u16::try_from(self.len - start).map_err(|_| DoesNotFit)?;
        for (at, byte) in length_at.into_iter().zip(length.to_le_bytes()) {
            if let Some(place) = self.bytes.get_mut(at) {
                *place = byte;
            }
        }
        Ok(())
    }

    /// Takes out the length of the first record. The caller then takes out that many bytes.
    pub(super) fn pop_length(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.pop()?, self.pop()?]))
    }

    /// Takes out a byte.
    pub(super) fn pop(&mut self) -> Option<u8> {
        self.len = self.len.checked_sub(1)?;
        let byte = self.bytes.get(self.start).copied();
        self.start = (self.start + 1) % BYTES;
        byte
    }

    /// Adds a byte and returns its position.
    // Inlined, it would be repeated in every place where a value is serialised.
    #[inline(never)]
    fn put(&mut self, byte: u8) -> Result<usize, DoesNotFit> {
        if self.len == BYTES {
            return Err(DoesNotFit);
        }
        let at = (self.start + self.len) % BYTES;
        self.len += 1;
        if let Some(place) = self.bytes.get_mut(at) {
            *place = byte;
        }
        Ok(at)
    }
}

/// Puts the bytes that postcard writes into the ring, one by one.
struct Record<'r, const BYTES: usize>(&'r mut Ring<BYTES>);

impl<const BYTES: usize> Flavor for Record<'_, BYTES> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        match self.0.put(byte) {
            Ok(_) => Ok(()),
            Err(DoesNotFit) => Err(postcard::Error::SerializeBufferFull),
        }
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    fn record<const BYTES: usize>(ring: &mut Ring<BYTES>) -> Option<Vec<u8>> {
        let length = ring.pop_length()?;
        Some((0..length).map_while(|_| ring.pop()).collect())
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
