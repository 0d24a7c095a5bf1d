//! The longest message of an interface, which a device's frames must have room for.

use super::{ProcedureDescription, ProcedureKind, ServiceDescription};
use crate::schema::{Shape, sum};
use crate::wire::frame::max_payload_len;

const HEADER: usize = 1;
/// Numbers from 128 on take a byte more, but a service does not know its numbers.
const HEADER_AND_NUMBER: usize = HEADER + 1;
const POSITION: usize = 5;
/// Position and limit of a batch.
const ASK: usize = POSITION + 1;
const BATCH_END: usize = 1;

/// The procedure or event with the longest message, of those whose types have a longest value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Longest {
    service: &'static str,
    procedure: &'static str,
    /// The length of the payload, header included.
    payload: usize,
}

impl Longest {
    /// No procedure whose types have a longest value.
    pub const NONE: Self = Self {
        service: "",
        procedure: "",
        payload: 0,
    };

    /// Returns the longest of all services.
    #[doc(hidden)]
    pub const fn of_all(services: &[Self]) -> Self {
        let mut longest = Self::NONE;
        let mut index = 0;
        while index < services.len() {
            if services[index].payload > longest.payload {
                longest = services[index];
            }
            index += 1;
        }
        longest
    }

    /// Rejects frames in which it does not fit.
    ///
    /// # Panics
    /// Panics at compile time if it does not fit.
    #[track_caller]
    pub(crate) const fn assert_fits(self, frame: usize) {
        if max_payload_len(frame) >= self.payload {
            return;
        }
        let mut enough = frame;
        while max_payload_len(enough) < self.payload {
            enough += 1;
        }
        let message = Message::new()
            .text("FRAME is too small for the longest value of `")
            .text(self.service)
            .text(".")
            .text(self.procedure)
            .text("`: make it at least ")
            .number(enough)
            .text(", give its types fewer elements, or wrap the interface in `MayNotFit`");
        panic!("{}", message.as_str());
    }
}

impl ServiceDescription {
    /// Returns the longest message of its procedures and events.
    pub const fn longest(&self) -> Longest {
        let mut longest = Longest::NONE;
        let mut index = 0;
        while index < self.procedures.len() {
            let procedure = &self.procedures[index];
            let payload = procedure.longest_payload();
            if payload > longest.payload {
                longest = Longest {
                    service: self.name,
                    procedure: procedure.name,
                    payload,
                };
            }
            index += 1;
        }
        longest
    }
}

impl ProcedureDescription {
    /// Returns the length of its longest payload, without those that have no longest.
    const fn longest_payload(&self) -> usize {
        // Sequences travel in batches, of at least one item each.
        let (ask, batch) = match self.mark.kind() {
            ProcedureKind::Stream => (ASK, BATCH_END),
            ProcedureKind::MovingStream => (ASK, POSITION + BATCH_END),
            _ => (0, 0),
        };
        let mut arguments = Some(HEADER_AND_NUMBER + ask);
        let mut index = 0;
        while index < self.arguments.len() {
            let ty = self.arguments[index].ty;
            let is_last = index + 1 == self.arguments.len();
            let len = match (self.mark.kind(), ty.shape) {
                (ProcedureKind::Feed, Shape::Seq(item, _)) if is_last => {
                    sum(Some(1), item.max_len())
                }
                _ => ty.max_len(),
            };
            arguments = sum(arguments, len);
            index += 1;
        }
        let value = sum(Some(HEADER + batch), self.value.max_len());
        let error = match self.error {
            Some(error) => sum(Some(HEADER), error.max_len()),
            None => None,
        };
        let mut longest = 0;
        let mut lens: &[Option<usize>] = &[arguments, value, error];
        while let [first, rest @ ..] = lens {
            if let &Some(len) = first
                && len > longest
            {
                longest = len;
            }
            lens = rest;
        }
        longest
    }
}

/// A text that is put together at compile time.
struct Message {
    bytes: [u8; 512],
    len: usize,
}

impl Message {
    const fn new() -> Self {
        Self {
            bytes: [0; 512],
            len: 0,
        }
    }

    const fn text(mut self, text: &str) -> Self {
        let (_, free) = self.bytes.split_at_mut(self.len);
        if text.len() <= free.len() {
            free.split_at_mut(text.len())
                .0
                .copy_from_slice(text.as_bytes());
            self.len += text.len();
        }
        self
    }

    const fn number(self, number: usize) -> Self {
        const DIGITS: &str = "0123456789";
        let (_, digits) = DIGITS.split_at(number % 10);
        let (digit, _) = digits.split_at(1);
        match number / 10 {
            0 => self.text(digit),
            more => self.number(more).text(digit),
        }
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}
