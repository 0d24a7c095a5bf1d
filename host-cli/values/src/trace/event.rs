//! The events of a trace, shown one a line.

use super::Direction;
use crate::safe;
use crate::value::hex;
use rpc_proto::wire::message::{Kind, Seq};
use std::fmt;

/// Something that passed on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The direction in which it passed.
    pub direction: Direction,
    /// The kind of event, with its content.
    pub happening: Happening,
}

/// The content of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A frame.
    Frame(Frame),
    /// Text between frames.
    Text(String),
    /// Bytes that are neither frames nor text.
    Broken(Vec<u8>),
}

/// A frame that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The kind of the frame.
    pub kind: Kind,
    /// Its sequence number.
    pub seq: Seq,
    /// The frame's body in words.
    pub words: String,
    /// True if it had been sent before.
    pub again: bool,
    /// True if bytes before it spoilt it for its receiver.
    pub spoilt: bool,
}

/// Writes one line without control characters: `> Call    0  calculator.add(x: 2, y: 3)`.
impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.direction)?;
        match &self.happening {
            Happening::Frame(frame) => {
                let (kind, seq) = (format!("{:?}", frame.kind), frame.seq.number());
                write!(formatter, "{kind:<7} {seq:>2}  {}", frame.words)?;
                if frame.again {
                    formatter.write_str("  (again)")?;
                }
                if frame.spoilt {
                    formatter.write_str("  (dropped: other bytes run into it)")?;
                }
                Ok(())
            }
            Happening::Text(text) => write!(formatter, "text        {}", safe::line(text)),
            Happening::Broken(bytes) => {
                let unit = if bytes.len() == 1 { "byte" } else { "bytes" };
                let count = bytes.len();
                write!(formatter, "broken      {count} {unit}: {}", hex(bytes))
            }
        }
    }
}
