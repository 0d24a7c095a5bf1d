//! Cuts the bytes of one direction into frames, text, and the rest.

use super::seals::Seals;
use rpc_proto::wire::frame::{Accumulator, DELIMITER};

/// The longest frame that a caller on a host sends or receives.
const MAX_FRAME: usize = 4096;

/// The most bytes without a delimiter that are kept together.
const LONGEST: usize = 2 * MAX_FRAME;

/// The fewest characters that count as text: noise is often printable for a byte or two.
const SHORTEST_TEXT: usize = 4;

/// A piece of the bytes of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A valid frame, or a frame of a session whose beginning is not in the capture.
    Frame {
        /// Header and body.
        payload: Vec<u8>,
        /// True if its checksum is right. In an unknown session it cannot be checked.
        is_checked: bool,
        /// True if other bytes stood before it without a delimiter between: its receiver then drops
        /// both.
        spoilt: bool,
    },
    /// Text between frames, as a device prints it.
    Text(String),
    /// Bytes that are neither frames nor text.
    Broken(Vec<u8>),
}

/// Finds the pieces.
///
/// ```
/// use serial_rpc_values::trace::{Piece, Pieces, Seals};
///
/// let mut seals = Seals::default();
/// let mut pieces = Pieces::default();
/// assert_eq!(pieces.take(&mut seals, b"boot ok\n"), [Piece::Text("boot ok".into())]);
/// let connect = b"\x01\x0d\x01\xf8\xac\xd1\x91\x01\xa0\x01\x7b\x87\x47\x7a\x00";
/// let payload = b"\x00\x01\xf8\xac\xd1\x91\x01\xa0\x01".to_vec();
/// assert_eq!(
///     pieces.take(&mut seals, connect),
///     [Piece::Frame { payload, is_checked: true, spoilt: true }],
/// );
/// ```
#[derive(Debug, Default)]
pub struct Pieces {
    /// The bytes since the last delimiter.
    candidate: Vec<u8>,
    /// The number of those bytes that were already returned as text.
    shown: usize,
}

impl Pieces {
    /// Takes bytes, and returns the pieces that they complete.
    pub fn take(&mut self, seals: &mut Seals, bytes: &[u8]) -> Vec<Piece> {
        let mut found = Vec::new();
        for &byte in bytes {
            if byte == DELIMITER {
                self.end(seals, &mut found);
                continue;
            }
            self.candidate.push(byte);
            if self.candidate.len() == LONGEST {
                self.end(seals, &mut found);
            }
        }
        // A device that only prints never sends a delimiter, but its text should still be seen. Where a
        // delimiter has come as well, it tells a frame with lines of text in it.
        while let Some(end) = self.rest().iter().position(|byte| *byte == b'\n')
            && let Some(text) = self.rest().get(..=end).and_then(text)
        {
            found.push(Piece::Text(text));
            self.shown += end + 1;
        }
        found
    }

    /// Returns the pieces of the bytes since the last delimiter, when no more will come.
    pub fn finish(&mut self, seals: &mut Seals) -> Vec<Piece> {
        let mut found = Vec::new();
        self.end(seals, &mut found);
        found
    }

    fn rest(&self) -> &[u8] {
        self.candidate.get(self.shown..).unwrap_or_default()
    }

    fn end(&mut self, seals: &mut Seals, found: &mut Vec<Piece>) {
        if let Some(frame) = frame(&self.candidate, false, seals) {
            found.push(frame);
        } else {
            split_spoilt(self.rest(), self.shown > 0, seals, found);
        }
        self.candidate.clear();
        self.shown = 0;
    }
}

/// Splits bytes that are not a frame; `after_text` is true if text came before them.
fn split_spoilt(bytes: &[u8], after_text: bool, seals: &mut Seals, found: &mut Vec<Piece>) {
    let line_ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let starts = line_ends.map(|(index, _)| index + 1);
    for start in after_text.then_some(0).into_iter().chain(starts) {
        let (before, rest) = bytes.split_at(start);
        if let Some(frame) = frame(rest, true, seals) {
            found.extend(text_or_broken(before));
            found.push(frame);
            return;
        }
    }
    found.extend(text_or_broken(bytes));
}

fn text_or_broken(bytes: &[u8]) -> Option<Piece> {
    match text(bytes) {
        Some(text) => Some(Piece::Text(text)),
        None if bytes.is_empty() => None,
        None => Some(Piece::Broken(bytes.to_vec())),
    }
}

/// Returns the frame if the bytes are a whole one without its delimiter.
fn frame(bytes: &[u8], spoilt: bool, seals: &mut Seals) -> Option<Piece> {
    let mut accumulator = Accumulator::<MAX_FRAME>::new();
    for &byte in bytes {
        accumulator.push(byte);
    }
    let candidate = accumulator.push(DELIMITER)?.ok()?;
    let payload = |body: &[u8]| [&[candidate.header().to_byte()], body].concat();
    if let Some(body) = seals.open(candidate) {
        return Some(Piece::Frame {
            payload: payload(body),
            is_checked: true,
            spoilt,
        });
    }
    // Without the nonce, all that is known is that it may be one; but what reads as text is text.
    (!seals.know_a_session() && text(bytes).is_none()).then(|| Piece::Frame {
        payload: payload(candidate.unchecked_body()),
        is_checked: false,
        spoilt,
    })
}

/// Returns the bytes as text if they are text. Escapes count as text: programs colour their output.
fn text(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?;
    let is_text = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n' | '\x1b');
    let visible = text.chars().filter(|c| !c.is_control()).count();
    (visible >= SHORTEST_TEXT && text.chars().all(is_text))
        .then(|| text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECT: &[u8] = b"\x01\x0d\x01\xf8\xac\xd1\x91\x01\xa0\x01\x7b\x87\x47\x7a\x00";
    /// `0: Return(5)` in the session that it begins.
    const FRAME: &[u8] = b"\x07\x60\x0a\x35\x8e\x23\x04\x00";

    fn frame(spoilt: bool) -> Piece {
        Piece::Frame {
            payload: vec![0x60, 0x0a],
            is_checked: true,
            spoilt,
        }
    }

    /// The pieces of what follows the beginning of a session.
    fn pieces(bytes: &[u8]) -> Vec<Piece> {
        let mut seals = Seals::default();
        let mut pieces = Pieces::default();
        assert_eq!(pieces.take(&mut seals, CONNECT).len(), 1);
        let mut found = pieces.take(&mut seals, bytes);
        found.extend(pieces.finish(&mut seals));
        found
    }

    #[test]
    fn frames_of_a_session_whose_beginning_was_not_seen_are_not_checked() {
        let mut damaged = FRAME.to_vec();
        damaged[2] ^= 1;
        for bytes in [FRAME, &damaged] {
            let found = Pieces::default().take(&mut Seals::default(), bytes);
            let [Piece::Frame { is_checked, .. }] = found[..] else {
                panic!("{found:?} is not one frame");
            };
            assert!(!is_checked);
        }
        // It decodes, since "(" is the code of a block of 39 bytes.
        let text = format!("({}", "a".repeat(39));
        let found = Pieces::default().take(&mut Seals::default(), format!("{text}\0").as_bytes());
        assert_eq!(found, [Piece::Text(text)]);
    }

    #[test]
    fn a_frame_that_begins_like_a_line_of_text_is_a_frame() {
        // In a session that is not known; "0" is the code of a block of 47 bytes, and 0x60 is printable.
        let block = format!("0`{}\nthe rest of what it documents", "a".repeat(16));
        let bytes = format!("{block}\x02a\0");
        let found = Pieces::default().take(&mut Seals::default(), bytes.as_bytes());
        let [Piece::Frame { payload, .. }] = &found[..] else {
            panic!("{found:?} is not one frame");
        };
        assert!(payload.starts_with(b"`aaaa"));
    }

    #[test]
    fn frames_come_one_by_one_and_delimiters_are_nothing() {
        let bytes = [b"\0\0", FRAME, b"\0", FRAME].concat();
        assert_eq!(pieces(&bytes), [frame(false), frame(false)]);
    }

    #[test]
    fn text_is_told_from_the_frame_that_it_spoils() {
        for printed in ["one\r\ntwo!\n", "[ 12.345] adc: 3.30 V\r\n"] {
            let found = pieces(&[printed.as_bytes(), FRAME].concat());
            let (last, texts) = found.split_last().unwrap();
            assert!(texts.iter().all(|piece| matches!(piece, Piece::Text(_))));
            assert_eq!(last, &frame(true));
        }
    }

    #[test]
    fn text_that_ends_in_a_delimiter_spoils_nothing() {
        let text = Piece::Text("ready".to_owned());
        assert_eq!(pieces(&[b"ready\0", FRAME].concat()), [text, frame(false)]);
    }

    #[test]
    fn a_damaged_frame_is_broken() {
        let mut damaged = FRAME.to_vec();
        damaged[2] ^= 1;
        let broken = Piece::Broken(damaged[..7].to_vec());
        assert_eq!(pieces(&damaged), [broken]);
    }

    #[test]
    fn noise_that_is_printable_for_a_byte_or_two_is_no_text() {
        assert_eq!(pieces(b"ab\n"), [Piece::Broken(b"ab\n".to_vec())]);
    }

    #[test]
    fn noise_without_end_is_given_in_parts() {
        let found = pieces(&[0xff; 3 * LONGEST]);
        assert_eq!(found, vec![Piece::Broken(vec![0xff; LONGEST]); 3]);
    }
}
