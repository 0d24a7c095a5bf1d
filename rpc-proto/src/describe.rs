//! The description of an interface, made by the compiler (PROTOCOL.md, "Description").
//!
//! A description is a constant: the postcard encoding of the structures below, computed in `const fn`s.
//! No code on the device makes it, and its strings are in flash only once, inside the encoded bytes.
//! The structures themselves are used only at compile time.
//!
//! The same walk over a procedure's types, with type names left out, gives its key.

mod digest;

pub use digest::{DIGEST, DIGEST_OFFSET, digest};

use crate::wire::crc::Crc32;
use postcard_schema::schema::{DataModelType, DataModelVariant, NamedType, NamedValue};
use serde::Serialize;

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
#[derive(Clone, Copy, Debug, Serialize)]
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
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ProcedureDescription {
    /// The name.
    pub name: &'static str,
    /// The method's doc comment.
    pub doc: &'static str,
    /// The arguments, in order.
    pub arguments: &'static [ArgumentDescription],
    /// The type of the value.
    pub value: &'static NamedType,
    /// The type of the procedure's own error, if it has one.
    pub error: Option<&'static NamedType>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ArgumentDescription {
    /// The name.
    pub name: &'static str,
    /// The type.
    pub ty: &'static NamedType,
}

impl Header {
    /// Returns the length of [`encode`](Self::encode)'s result.
    pub const fn encoded_len(&self) -> usize {
        self.write(Writer::<0>::new(Names::Kept)).len
    }

    /// Returns the encoding, with `LEN` being [`encoded_len`](Self::encoded_len).
    pub const fn encode<const LEN: usize>(&self) -> [u8; LEN] {
        self.write(Writer::new(Names::Kept)).finish()
    }

    const fn write<const LEN: usize>(&self, writer: Writer<LEN>) -> Writer<LEN> {
        writer
            .str(self.name)
            .str(self.version)
            .varint(self.services)
    }
}

impl ServiceDescription {
    /// Returns the length of [`encode`](Self::encode)'s result.
    pub const fn encoded_len(&self) -> usize {
        self.write(Writer::<0>::new(Names::Kept)).len
    }

    /// Returns the encoding, with `LEN` being [`encoded_len`](Self::encoded_len).
    pub const fn encode<const LEN: usize>(&self) -> [u8; LEN] {
        self.write(Writer::new(Names::Kept)).finish()
    }

    /// Returns the keys of the procedures.
    ///
    /// # Panics
    /// Panics at compile time if `LEN` is not the number of procedures.
    pub const fn keys<const LEN: usize>(&self) -> [u32; LEN] {
        assert!(LEN == self.procedures.len());
        let mut keys = [0; LEN];
        let mut index = 0;
        while index < LEN {
            keys[index] = self.procedures[index].key(self.name);
            index += 1;
        }
        keys
    }

    const fn write<const LEN: usize>(&self, writer: Writer<LEN>) -> Writer<LEN> {
        let mut writer = writer
            .str(self.name)
            .str(self.doc)
            .varint(self.procedures.len());
        let mut index = 0;
        while index < self.procedures.len() {
            writer = self.procedures[index].write(writer);
            index += 1;
        }
        writer
    }
}

impl ProcedureDescription {
    /// Returns the key of this procedure in the service with that name (PROTOCOL.md, "Keys").
    pub const fn key(&self, service: &str) -> u32 {
        let mut writer = Writer::<0>::new(Names::LeftOut)
            .str(service)
            .str(self.name)
            .varint(self.arguments.len());
        let mut index = 0;
        while index < self.arguments.len() {
            writer = writer.ty(self.arguments[index].ty);
            index += 1;
        }
        let mut writer = writer.ty(self.value).optional_ty(self.error);
        match self.mark.kind() {
            ProcedureKind::Call => {}
            kind => writer = writer.byte(kind as u8),
        }
        writer.crc.value()
    }

    const fn write<const LEN: usize>(&self, writer: Writer<LEN>) -> Writer<LEN> {
        let mut writer = writer
            .str(self.name)
            .str(self.doc)
            .varint(self.arguments.len());
        let mut index = 0;
        while index < self.arguments.len() {
            let argument = self.arguments[index];
            writer = writer.str(argument.name).ty(argument.ty);
            index += 1;
        }
        writer
            .ty(self.value)
            .optional_ty(self.error)
            .byte(self.mark.0)
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

/// Returns the keys of an interface after checking that no two procedures have the same key.
///
/// # Panics
/// Panics at compile time if two keys are equal.
#[doc(hidden)]
#[track_caller]
pub const fn distinct<'k>(services: &'k [&'k [u32]]) -> &'k [&'k [u32]] {
    let mut left = 0;
    while left < services.len() {
        let mut right = 0;
        while right <= left {
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

/// Rejects a type whose encoding differs between the two ends.
///
/// # Panics
/// Panics at compile time if `usize` or `isize` occurs in it.
#[doc(hidden)]
#[track_caller]
pub const fn assert_portable(ty: &NamedType) {
    assert!(
        is_portable(ty),
        "`usize` and `isize` differ between device and host: use `u32`, `i32` or another type of fixed size"
    );
}

const fn is_portable(ty: &NamedType) -> bool {
    match ty.ty {
        DataModelType::Usize | DataModelType::Isize => false,
        DataModelType::Option(inner)
        | DataModelType::NewtypeStruct(inner)
        | DataModelType::Seq(inner) => is_portable(inner),
        DataModelType::Tuple(types) | DataModelType::TupleStruct(types) => are_portable(types),
        DataModelType::Map { key, val } => is_portable(key) && is_portable(val),
        DataModelType::Struct(fields) => are_fields_portable(fields),
        DataModelType::Enum(variants) => {
            let mut index = 0;
            while index < variants.len() {
                let portable = match variants[index].ty {
                    DataModelVariant::UnitVariant => true,
                    DataModelVariant::NewtypeVariant(inner) => is_portable(inner),
                    DataModelVariant::TupleVariant(types) => are_portable(types),
                    DataModelVariant::StructVariant(fields) => are_fields_portable(fields),
                };
                if !portable {
                    return false;
                }
                index += 1;
            }
            true
        }
        _ => true,
    }
}

const fn are_portable(types: &[&NamedType]) -> bool {
    let mut index = 0;
    while index < types.len() {
        if !is_portable(types[index]) {
            return false;
        }
        index += 1;
    }
    true
}

const fn are_fields_portable(fields: &[&NamedValue]) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if !is_portable(fields[index].ty) {
            return false;
        }
        index += 1;
    }
    true
}

/// The choice whether type names are written.
#[derive(Clone, Copy)]
enum Names {
    Kept,
    /// For keys: `Vec<u8>` on the host and `&[u8]` on the device are the same on the wire.
    LeftOut,
}

/// Writes postcard at compile time. With `LEN` 0 it only counts and checks. Running the same code first
/// with 0 and then with the resulting length makes an array that fits.
struct Writer<const LEN: usize> {
    bytes: [u8; LEN],
    len: usize,
    crc: Crc32,
    names: Names,
}

impl<const LEN: usize> Writer<LEN> {
    const fn new(names: Names) -> Self {
        Self {
            bytes: [0; LEN],
            len: 0,
            crc: Crc32::new(),
            names,
        }
    }

    const fn finish(self) -> [u8; LEN] {
        assert!(self.len == LEN);
        self.bytes
    }

    const fn byte(mut self, byte: u8) -> Self {
        if LEN > 0 {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
        self.crc = self.crc.then_byte(byte);
        self
    }

    const fn varint(mut self, mut value: usize) -> Self {
        while value > 0x7F {
            self = self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8)
    }

    const fn str(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        self = self.varint(bytes.len());
        let mut index = 0;
        while index < bytes.len() {
            self = self.byte(bytes[index]);
            index += 1;
        }
        self
    }

    const fn optional_ty(self, ty: Option<&NamedType>) -> Self {
        match ty {
            None => self.byte(0),
            Some(ty) => self.byte(1).ty(ty),
        }
    }

    /// Writes a type. The tags are the positions of the variants in postcard-schema's `DataModelType`.
    const fn ty(self, ty: &NamedType) -> Self {
        let writer = match self.names {
            Names::Kept => self.str(ty.name),
            Names::LeftOut => self.str(""),
        };
        match ty.ty {
            DataModelType::Bool => writer.byte(0),
            DataModelType::I8 => writer.byte(1),
            DataModelType::U8 => writer.byte(2),
            DataModelType::I16 => writer.byte(3),
            DataModelType::I32 => writer.byte(4),
            DataModelType::I64 => writer.byte(5),
            DataModelType::I128 => writer.byte(6),
            DataModelType::U16 => writer.byte(7),
            DataModelType::U32 => writer.byte(8),
            DataModelType::U64 => writer.byte(9),
            DataModelType::U128 => writer.byte(10),
            DataModelType::Usize => writer.byte(11),
            DataModelType::Isize => writer.byte(12),
            DataModelType::F32 => writer.byte(13),
            DataModelType::F64 => writer.byte(14),
            DataModelType::Char => writer.byte(15),
            DataModelType::String => writer.byte(16),
            DataModelType::ByteArray => writer.byte(17),
            DataModelType::Option(inner) => writer.byte(18).ty(inner),
            DataModelType::Unit => writer.byte(19),
            DataModelType::UnitStruct => writer.byte(20),
            DataModelType::NewtypeStruct(inner) => writer.byte(21).ty(inner),
            DataModelType::Seq(inner) => writer.byte(22).ty(inner),
            DataModelType::Tuple(types) => writer.byte(23).types(types),
            DataModelType::TupleStruct(types) => writer.byte(24).types(types),
            DataModelType::Map { key, val } => writer.byte(25).ty(key).ty(val),
            DataModelType::Struct(fields) => writer.byte(26).fields(fields),
            DataModelType::Enum(variants) => {
                let mut writer = writer.byte(27).varint(variants.len());
                let mut index = 0;
                while index < variants.len() {
                    writer = writer.str(variants[index].name).variant(variants[index].ty);
                    index += 1;
                }
                writer
            }
            DataModelType::Schema => writer.byte(28),
        }
    }

    const fn variant(self, variant: &DataModelVariant) -> Self {
        match variant {
            DataModelVariant::UnitVariant => self.byte(0),
            DataModelVariant::NewtypeVariant(inner) => self.byte(1).ty(inner),
            DataModelVariant::TupleVariant(types) => self.byte(2).types(types),
            DataModelVariant::StructVariant(fields) => self.byte(3).fields(fields),
        }
    }

    const fn types(self, types: &[&NamedType]) -> Self {
        let mut writer = self.varint(types.len());
        let mut index = 0;
        while index < types.len() {
            writer = writer.ty(types[index]);
            index += 1;
        }
        writer
    }

    const fn fields(self, fields: &[&NamedValue]) -> Self {
        let mut writer = self.varint(fields.len());
        let mut index = 0;
        while index < fields.len() {
            writer = writer.str(fields[index].name).ty(fields[index].ty);
            index += 1;
        }
        writer
    }
}
