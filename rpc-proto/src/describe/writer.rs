//! Writes a description, or what a key is the checksum of, at compile time.

use crate::schema::{Content, Field, Shape, Type};
use crate::wire::crc::Crc32;

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
pub(super) enum Names {
    Kept,
    /// For keys: `Vec<u8>` on the host and `&[u8]` on the device are the same on the wire.
    LeftOut,
}

/// Writes postcard at compile time. Without room for bytes it only counts and checks. Running the same code first
/// so and then with room for as many as it has counted makes what fits.
///
/// It is passed by reference: the compiler would copy it with every byte otherwise.
pub(super) struct Writer<'b> {
    bytes: &'b mut [u8],
    pub(super) len: usize,
    /// Of keys only.
    pub(super) crc: Crc32,
    names: Names,
    /// The first types with definitions, by their numbers, and how many they are.
    kept: [Option<&'static Type>; KEPT],
    count: usize,
}

impl<'b> Writer<'b> {
    pub(super) const fn new(names: Names, bytes: &'b mut [u8]) -> Self {
        Self {
            bytes,
            len: 0,
            crc: Crc32::new(),
            names,
            kept: [None; KEPT],
            count: 0,
        }
    }

    /// Writes bytes in one step, since the compiler limits the steps.
    const fn bytes(&mut self, bytes: &[u8]) {
        if !self.bytes.is_empty() {
            let (_, unwritten) = self.bytes.split_at_mut(self.len);
            unwritten.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
        }
        self.len += bytes.len();
        if let Names::LeftOut = self.names {
            self.crc = self.crc.then(bytes);
        }
    }

    pub(super) const fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    pub(super) const fn varint(&mut self, mut value: usize) {
        while value > 0x7F {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    pub(super) const fn str(&mut self, text: &str) {
        self.varint(text.len());
        self.bytes(text.as_bytes());
    }

    pub(super) const fn optional_ty(&mut self, ty: Option<&'static Type>) {
        self.byte(ty.is_some() as u8);
        if let Some(ty) = ty {
            self.ty(ty);
        }
    }

    pub(super) const fn ty(&mut self, ty: &'static Type) {
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
