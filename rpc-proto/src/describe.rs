//! The description of an interface, made by the compiler (PROTOCOL.md, "Description").
//!
//! A description is a constant: the postcard encoding of the structures below, computed in `const fn`s.
//! No code on the device makes it, and its strings are in flash only once, inside the encoded bytes.
//! The structures themselves are used only at compile time.
//!
//! The same walk over a procedure's types, with type names left out, gives its key.

mod digest;
mod longest;
mod writer;

pub use digest::{DIGEST, DIGEST_OFFSET, digest};
pub use longest::Longest;

use crate::schema::{Type, is_equal};
use crate::wire::crc::Crc32;
use serde::Serialize;
use writer::{Names, Writer};

/// The beginning of a description; the services follow.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The name of the device.
    pub name: &'static str,
    /// The version of its firmware.
    pub version: &'static str,
    /// The number of services that follow.
    pub services: usize,
}

/// A service and its procedures.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct ServiceDescription {
    /// The name in snake case, as in paths.
    pub name: &'static str,
    /// The trait's doc comment.
    pub doc: &'static str,
    /// The procedures, in the order in which they are numbered.
    pub procedures: &'static [ProcedureDescription],
}

/// A procedure and its types.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProcedureDescription {
    /// The name.
    pub name: &'static str,
    /// The method's doc comment.
    pub doc: &'static str,
    /// The arguments, in order.
    pub arguments: &'static [ArgumentDescription],
    /// The type of the value.
    pub value: &'static Type,
    /// The type of the procedure's own error, if it has one.
    pub error: Option<&'static Type>,
    /// The kind of the procedure, and whether it is idempotent.
    pub mark: Mark,
}

/// The kind of a procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ProcedureKind {
    /// A plain call.
    Call = 0,
    /// An event that the device pushes; its arguments are the data.
    Event = 1,
    /// A call for a sequence of items, a batch at a time; its value is an item.
    Stream = 2,
    /// A call with a sequence of items, a batch at a time; its last argument is the sequence.
    Feed = 3,
    /// A stream whose items come and go while it is read.
    MovingStream = 4,
}

impl ProcedureKind {
    /// Returns true if it returns a sequence of items, a batch at a time.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Stream | Self::MovingStream)
    }
}

/// The kind of a procedure and whether it is idempotent, as one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark(u8);

impl Mark {
    /// Creates the mark of a procedure of that kind.
    pub const fn new(kind: ProcedureKind, idempotent: bool) -> Self {
        Self((kind as u8) << 1 | idempotent as u8)
    }

    /// Returns the mark encoded as `byte`, if this version defines it.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte <= 9 { Some(Self(byte)) } else { None }
    }

    /// Returns the kind of the procedure.
    pub const fn kind(self) -> ProcedureKind {
        match self.0 >> 1 {
            0 => ProcedureKind::Call,
            1 => ProcedureKind::Event,
            2 => ProcedureKind::Stream,
            3 => ProcedureKind::Feed,
            _ => ProcedureKind::MovingStream,
        }
    }

    /// Returns true if running it twice does no harm.
    pub const fn is_idempotent(self) -> bool {
        self.0 & 1 == 1
    }
}

/// An argument.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArgumentDescription {
    /// The name.
    pub name: &'static str,
    /// The type.
    pub ty: &'static Type,
}

impl Header {
    /// Returns the length of [`encode`](Self::encode)'s result.
    pub const fn encoded_len(&self) -> usize {
        self.encode_into(&mut [])
    }

    /// Returns the encoding, with `LEN` being [`encoded_len`](Self::encoded_len).
    pub const fn encode<const LEN: usize>(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        assert!(self.encode_into(&mut bytes) == LEN);
        bytes
    }

    /// Writes the encoding to `bytes`, which has room for all of it or for none, and returns its length.
    pub const fn encode_into(&self, bytes: &mut [u8]) -> usize {
        let mut writer = Writer::new(Names::Kept, bytes);
        self.write(&mut writer);
        writer.len
    }

    const fn write(&self, writer: &mut Writer<'_>) {
        writer.str(self.name);
        writer.str(self.version);
        writer.varint(self.services);
    }
}

impl ServiceDescription {
    /// Returns the length of [`encode`](Self::encode)'s result.
    pub const fn encoded_len(&self) -> usize {
        self.encode_into(&mut [])
    }

    /// Returns the encoding, with `LEN` being [`encoded_len`](Self::encoded_len).
    pub const fn encode<const LEN: usize>(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        assert!(self.encode_into(&mut bytes) == LEN);
        bytes
    }

    /// Writes the encoding to `bytes`, which has room for all of it or for none, and returns its length.
    pub const fn encode_into(&self, bytes: &mut [u8]) -> usize {
        let mut writer = Writer::new(Names::Kept, bytes);
        self.write(&mut writer);
        writer.len
    }

    /// Returns the keys of the procedures.
    ///
    /// # Panics
    /// Panics at compile time if `LEN` is not the number of procedures, or a name is not an identifier,
    /// so that a path could be read in two ways.
    #[track_caller]
    pub const fn keys<const LEN: usize>(&self) -> [u32; LEN] {
        assert!(LEN == self.procedures.len());
        assert_identifier(self.name);
        let mut keys = [0; LEN];
        let mut index = 0;
        while index < LEN {
            assert_identifier(self.procedures[index].name);
            keys[index] = self.procedures[index].key(self.name);
            index += 1;
        }
        keys
    }

    const fn write(&self, writer: &mut Writer<'_>) {
        writer.str(self.name);
        writer.str(self.doc);
        writer.varint(self.procedures.len());
        let mut index = 0;
        while index < self.procedures.len() {
            self.procedures[index].write(writer);
            index += 1;
        }
    }
}

impl ProcedureDescription {
    /// Returns the key of this procedure in the service with that name (PROTOCOL.md, "Keys").
    pub const fn key(&self, service: &str) -> u32 {
        let mut writer = Writer::new(Names::LeftOut, &mut []);
        writer.str(service);
        writer.str(self.name);
        writer.varint(self.arguments.len());
        let mut index = 0;
        while index < self.arguments.len() {
            writer.ty(self.arguments[index].ty);
            index += 1;
        }
        writer.ty(self.value);
        writer.optional_ty(self.error);
        match self.mark.kind() {
            ProcedureKind::Call => {}
            kind => writer.byte(kind as u8),
        }
        writer.crc.value()
    }

    const fn write(&self, writer: &mut Writer<'_>) {
        writer.str(self.name);
        writer.str(self.doc);
        writer.varint(self.arguments.len());
        let mut index = 0;
        while index < self.arguments.len() {
            writer.str(self.arguments[index].name);
            writer.ty(self.arguments[index].ty);
            index += 1;
        }
        writer.ty(self.value);
        writer.optional_ty(self.error);
        writer.byte(self.mark.0);
    }
}

/// Returns the CRC-32 of a description in pieces.
pub const fn fingerprint(description: &[&[u8]]) -> u32 {
    let mut crc = Crc32::new();
    let mut piece = 0;
    while piece < description.len() {
        crc = crc.then(description[piece]);
        piece += 1;
    }
    crc.value()
}

#[track_caller]
const fn assert_identifier(name: &str) {
    let bytes = name.as_bytes();
    assert!(
        !bytes.is_empty() && !bytes[0].is_ascii_digit(),
        "the name of a service or procedure begins with a letter or `_`"
    );
    let mut index = 0;
    while index < bytes.len() {
        let byte = bytes[index];
        assert!(
            byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii(),
            "the name of a service or procedure has letters, digits and `_` only"
        );
        index += 1;
    }
}

/// Returns the keys of the procedures of each service after checking that no two procedures have the
/// same path or key.
///
/// # Panics
/// Panics at compile time if two services have the same name, or two keys are equal.
#[doc(hidden)]
#[track_caller]
pub const fn distinct<'k>(names: &[&str], services: &'k [&'k [u32]]) -> &'k [&'k [u32]] {
    let mut left = 0;
    while left < services.len() {
        let mut right = 0;
        while right <= left {
            assert!(
                left == right || !is_equal(names[left], names[right]),
                "two services have the same name: rename one of the traits"
            );
            let mut i = 0;
            while i < services[left].len() {
                let mut j = 0;
                let end = if left == right {
                    i
                } else {
                    services[right].len()
                };
                while j < end {
                    assert!(
                        services[left][i] != services[right][j],
                        "two procedures have the same key: rename one of them or its service"
                    );
                    j += 1;
                }
                i += 1;
            }
            right += 1;
        }
        left += 1;
    }
    services
}
