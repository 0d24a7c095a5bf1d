//! Keeps received bytes that were outside frames, to show them in messages: noise, or text from
//! firmware that does not use this protocol.

use rpc_proto::wire::frame::DELIMITER;
use std::collections::VecDeque;

/// The number of bytes that are kept: a few lines of text.
const MOST: usize = 200;

/// The last bytes that were not part of a frame.
#[derive(Debug, Default)]
pub(super) struct Stray {
    bytes: VecDeque<u8>,
    /// The number of bytes, at the end, that may still become a frame.
    undecided: usize,
    /// The number of frames that had been received when the last byte came.
    frames: u32,
}

impl Stray {
    /// Adds a received byte; `frames` is the number of whole frames that were received so far.
    pub(super) fn push(&mut self, byte: u8, frames: u32) {
        if frames != self.frames {
            self.frames = frames;
            self.bytes.truncate(self.bytes.len() - self.undecided);
            self.undecided = 0;
        } else if byte == DELIMITER {
            self.undecided = 0;
        } else {
            if self.bytes.len() == MOST {
                self.bytes.pop_front();
            }
            self.bytes.push_back(byte);
            self.undecided = MOST.min(self.undecided + 1);
        }
    }

    /// Returns the bytes, the oldest first.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.bytes.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stray(received: &[(&[u8], u32)]) -> Vec<u8> {
        let mut stray = Stray::default();
        for &(bytes, frames_at_its_end) in received {
            let (last, others) = bytes.split_last().unwrap();
            for &byte in others {
                stray.push(byte, stray.frames);
            }
            stray.push(*last, frames_at_its_end);
        }
        stray.bytes()
    }

    #[test]
    fn what_was_no_frame_is_kept_and_frames_are_not() {
        assert_eq!(
            stray(&[(b"hello\0", 0), (b"frame\0", 1), (b"\0", 1), (b"wor", 1)]),
            b"hellowor"
        );
    }

    #[test]
    fn the_last_200_bytes_are_kept() {
        let text = [b'a'; 150];
        let kept = stray(&[(&text, 0), (&[b'b'; 150], 0)]);
        assert_eq!(kept, [[b'a'; 50].as_slice(), &[b'b'; 150]].concat());
    }

    #[test]
    fn a_long_frame_leaves_nothing() {
        let mut frame = [b'a'; 300];
        frame[299] = 0;
        assert_eq!(stray(&[(&frame, 1), (b"x", 1)]), b"x");
    }
}
