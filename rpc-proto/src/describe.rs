//! The description of an interface, made by the compiler (PROTOCOL.md, "Description").
//!
//! A description is a constant: the postcard encoding of the structures below, computed in `const fn`s.
//! No code on the device makes it, and its strings are in flash only once, inside the encoded bytes.
//! The structures themselves are used only at compile time.
//!
//! The same walk over a procedure's types, with type names left out, gives its key.

mod digest;
mod longest;

pub use digest::{DIGEST, DIGEST_OFFSET, digest};
pub use longest::Longest;

use crate::schema::{Content, Field, Shape, Type, is_equal};
use crate::wire::crc::Crc32;
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
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug)]
pub struct ArgumentDescription {
    /// The name.
    pub name: &'static str,
    /// The type.
    pub ty: &'static Type,
}

impl Header {
    /// Returns the length of [`encode`](Self::encode)'s result.
    pub const fn encoded_len(&self) -> usize {
        let mut writer = Writer::<0>::new(Names::Kept);
        self.write(&mut writer);
        writer.len
    }

    /// Returns the encoding, with `LEN` being [`encoded_len`](Self::encoded_len).
    pub const fn encode<const LEN: usize>(&self) -> [u8; LEN] {
        let mut writer = Writer::new(Names::Kept);
        self.write(&mut writer);
        writer.finish()
    }

    const fn write<const LEN: usize>(&self, writer: &mut Writer<LEN>) {
        writer.str(self.name);
        writer.str(self.version);
        writer.varint(self.services);
    }
}

impl ServiceDescription {
    /// Returns the length of [`encode`](Self::encode)'s result.
    pub const fn encoded_len(&self) -> usize {
        let mut writer = Writer::<0>::new(Names::Kept);
        self.write(&mut writer);
        writer.len
    }

    /// Returns the encoding, with `LEN` being [`encoded_len`](Self::encoded_len).
    pub const fn encode<const LEN: usize>(&self) -> [u8; LEN] {
        let mut writer = Writer::new(Names::Kept);
        self.write(&mut writer);
        writer.finish()
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

    const fn write<const LEN: usize>(&self, writer: &mut Writer<LEN>) {
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
        let mut writer = Writer::<0>::new(Names::LeftOut);
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

    const fn write<const LEN: usize>(&self, writer: &mut Writer<LEN>) {
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

/// The tags before a shape.
const TYPE_DOC: u8 = 29;
const AT_MOST: u8 = 30;
const FIELD_DOC: u8 = 31;
/// The tag in place of a shape.
const SAME: u8 = 32;
/// The tag before the content of a variant.
const VARIANT_DOC: u8 = 4;

/// The number of types of a service that are referred to where they occur again. Others are written
/// anew: each type is compared with these.
const KEPT: usize = 64;

/// The choice whether names and docs of types are written.
#[derive(Clone, Copy)]
enum Names {
    Kept,
    /// For keys: `Vec<u8>` on the host and `&[u8]` on the device are the same on the wire.
    LeftOut,
}

/// Writes postcard at compile time. With `LEN` 0 it only counts and checks. Running the same code first
/// with 0 and then with the resulting length makes an array that fits.
///
/// It is passed by reference: the compiler would copy the array with every byte otherwise.
struct Writer<const LEN: usize> {
    bytes: [u8; LEN],
    len: usize,
    /// Of keys only.
    crc: Crc32,
    names: Names,
    /// The first types with definitions, by their numbers, and how many they are.
    kept: [Option<&'static Type>; KEPT],
    count: usize,
}

impl<const LEN: usize> Writer<LEN> {
    const fn new(names: Names) -> Self {
        Self {
            bytes: [0; LEN],
            len: 0,
            crc: Crc32::new(),
            names,
            kept: [None; KEPT],
            count: 0,
        }
    }

    const fn finish(self) -> [u8; LEN] {
        assert!(self.len == LEN);
        self.bytes
    }

    /// Writes bytes in one step, since the compiler limits the steps.
    const fn bytes(&mut self, bytes: &[u8]) {
        if LEN > 0 {
            let (_, unwritten) = self.bytes.split_at_mut(self.len);
            unwritten.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
        }
        self.len += bytes.len();
        if let Names::LeftOut = self.names {
            self.crc = self.crc.then(bytes);
        }
    }

    const fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    const fn varint(&mut self, mut value: usize) {
        while value > 0x7F {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    const fn str(&mut self, text: &str) {
        self.varint(text.len());
        self.bytes(text.as_bytes());
    }

    const fn optional_ty(&mut self, ty: Option<&'static Type>) {
        self.byte(ty.is_some() as u8);
        if let Some(ty) = ty {
            self.ty(ty);
        }
    }

    const fn ty(&mut self, ty: &'static Type) {
        self.documented_ty("", ty);
    }

    /// Writes a type, and the doc comment of the field that has it.
    const fn documented_ty(&mut self, doc: &str, ty: &'static Type) {
        let kept = match self.names {
            Names::Kept if is_kept(ty) => self.find(ty),
            _ => None,
        };
        match (self.names, kept) {
            (Names::Kept, None) => self.str(ty.name),
            _ => self.str(""),
        }
        self.doc(FIELD_DOC, doc);
        if let Some(number) = kept {
            self.byte(SAME);
            self.varint(number);
            return;
        }
        self.doc(TYPE_DOC, ty.doc);
        self.shape(ty.shape);
        if is_kept(ty) && self.count < KEPT {
            self.kept[self.count] = Some(ty);
            self.count += 1;
        }
    }

    /// Returns the number of a type that has been written.
    const fn find(&self, ty: &Type) -> Option<usize> {
        let mut number = 0;
        while let Some(kept) = self.kept[number] {
            if kept.is_same(ty) {
                return Some(number);
            }
            number += 1;
            if number == KEPT {
                break;
            }
        }
        None
    }

    /// Writes what is left out of keys: a doc comment, if there is one.
    const fn doc(&mut self, tag: u8, doc: &str) {
        if let Names::Kept = self.names
            && !doc.is_empty()
        {
            self.byte(tag);
            self.str(doc);
        }
    }

    /// Writes the greatest length, if there is one.
    const fn limit(&mut self, most: Option<u32>) {
        if let Names::Kept = self.names
            && let Some(most) = most
        {
            self.byte(AT_MOST);
            self.varint(most as usize);
        }
    }

    const fn shape(&mut self, shape: Shape) {
        if let Shape::String(most) | Shape::Bytes(most) | Shape::Seq(_, most) = shape {
            self.limit(most);
        }
        self.byte(shape.tag());
        match shape {
            Shape::Option(inner) | Shape::NewtypeStruct(inner) | Shape::Seq(inner, _) => {
                self.ty(inner);
            }
            Shape::Tuple(types) | Shape::TupleStruct(types) => self.types(types),
            Shape::Map(key, value) => {
                self.ty(key);
                self.ty(value);
            }
            Shape::Struct(fields) => self.fields(fields),
            Shape::Enum(variants) => {
                self.varint(variants.len());
                let mut index = 0;
                while index < variants.len() {
                    self.str(variants[index].name);
                    self.doc(VARIANT_DOC, variants[index].doc);
                    self.content(variants[index].content);
                    index += 1;
                }
            }
            // All others are said by their tags.
            _ => {}
        }
    }

    const fn content(&mut self, content: Content) {
        match content {
            Content::Unit => self.byte(0),
            Content::Newtype(inner) => {
                self.byte(1);
                self.ty(inner);
            }
            Content::Tuple(types) => {
                self.byte(2);
                self.types(types);
            }
            Content::Struct(fields) => {
                self.byte(3);
                self.fields(fields);
            }
        }
    }

    const fn types(&mut self, types: &[&'static Type]) {
        self.varint(types.len());
        let mut index = 0;
        while index < types.len() {
            self.ty(types[index]);
            index += 1;
        }
    }

    const fn fields(&mut self, fields: &[Field]) {
        self.varint(fields.len());
        let mut index = 0;
        while index < fields.len() {
            self.str(fields[index].name);
            self.documented_ty(fields[index].doc, fields[index].ty);
            index += 1;
        }
    }
}

/// Returns true if the type has a definition, and so is referred to where it occurs again.
const fn is_kept(ty: &Type) -> bool {
    matches!(
        ty.shape,
        Shape::UnitStruct
            | Shape::NewtypeStruct(_)
            | Shape::TupleStruct(_)
            | Shape::Struct(_)
            | Shape::Enum(_)
    )
}
