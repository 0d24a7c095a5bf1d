//! Separates the echo of one's own bytes from those of the other end.

use crate::wire::frame::DELIMITER;

/// Bytes that were sent and have not come back.
///
/// They are counted, not remembered: noise may change them, but hardly their number. All come back
/// before anything else does, and only the last byte of a frame is a delimiter, so a delimiter marks
/// the end of the echo even if some of it was lost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Echo {
    bytes: u32,
    /// The number of delimiters among them.
    delimiters: u32,
}

impl Echo {
    pub(super) const fn is_due(&self) -> bool {
        self.bytes > 0
    }

    pub(super) fn sent(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.bytes = self.bytes.saturating_add(1);
            if byte == DELIMITER {
                self.delimiters = self.delimiters.saturating_add(1);
            }
        }
    }

    /// Returns true if a received byte is one of them.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        if byte == DELIMITER && self.delimiters > 0 {
            self.delimiters -= 1;
            self.bytes = match self.delimiters {
                0 => 0,
                _ => self.bytes.saturating_sub(1),
            };
            true
        } else if byte != DELIMITER && self.bytes > self.delimiters {
            self.bytes -= 1;
            true
        } else {
            // Anything other than the expected delimiter may be a byte of the other end. If it is not,
            // it breaks the frame that it falls into, like any noise.
            *self = Self::default();
            false
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    /// Returns the bytes that an end which has sent `sent` keeps of `received`.
    fn heard(sent: &[u8], received: &[u8]) -> Vec<u8> {
        let mut echo = Echo::default();
        echo.sent(sent);
        let heard = |byte: &u8| !echo.is_due() || !echo.take(*byte);
        received.iter().copied().filter(heard).collect()
    }

    const SENT: &[u8] = b"\0hello\0";

    #[test]
    fn what_comes_back_is_not_heard_and_what_follows_is() {
        assert_eq!(heard(SENT, b"\0hello\0world\0"), b"world\0");
        assert_eq!(heard(b"one\0two\0", b"one\0two\0three\0"), b"three\0");
    }

    #[test]
    fn damaged_bytes_are_still_one_s_own() {
        assert_eq!(heard(SENT, b"\0hexxo\0world\0"), b"world\0");
        assert_eq!(heard(SENT, b"x\0ello\0world\0"), b"world\0");
    }

    #[test]
    fn a_byte_that_does_not_come_back_costs_none_of_the_other_end() {
        assert_eq!(heard(SENT, b"hello\0world\0"), b"world\0");
        assert_eq!(heard(SENT, b"\0hllo\0world\0"), b"world\0");
        assert_eq!(heard(SENT, b"\0hello" as &[u8]), b"");
        assert_eq!(heard(SENT, b"\0helloworld\0"), b"world\0");
    }

    #[test]
    fn nothing_is_waited_for_once_the_other_end_was_heard() {
        assert_eq!(heard(SENT, b"\0helloworld\0hello\0"), b"world\0hello\0");
    }
}
