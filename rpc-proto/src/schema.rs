//! The types that cross the link, as constants: their names, docs and shapes, and how long their values
//! can become.
//!
//! A type of your own derives [`Schema`](macro@crate::Schema) beside serde's traits:
//!
//! ```
//! use rpc_proto::Schema;
//! use serde::{Deserialize, Serialize};
//!
//! /// A point in millimetres.
//! #[derive(Serialize, Deserialize, Schema)]
//! struct Point {
//!     /// To the right.
//!     x: i16,
//!     /// Upwards.
//!     y: i16,
//! }
//! assert_eq!(Point::SCHEMA.doc, "A point in millimetres.");
//! assert_eq!(Point::SCHEMA.max_len(), Some(6));
//! ```
//!
//! The derive refuses what it can see to change the encoding, which is most of serde's attributes. If
//! you implement `Serialize`, `Deserialize` or `Schema` by hand, let a test [`verify`](verify()) that they agree.

mod same;
mod types;
mod verify;

pub(crate) use same::is_equal;
pub use verify::{Mismatch, verify};

/// A type that has a description, and so can cross the link.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a service: it does not implement `Schema`",
    label = "not described by `Schema`",
    note = "if `{Self}` is a type of your own, add `#[derive(serde::Serialize, serde::Deserialize, rpc_proto::Schema)]`",
    note = "text is `&str` or `heapless::String<N>`, bytes are `&[u8]`, a list is `heapless::Vec<T, N>`, and a number is of a fixed size: not `usize` or `isize`, which differ between device and host"
)]
pub trait Schema {
    /// The description.
    const SCHEMA: &'static Type;
}

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Type {
    /// The name.
    pub name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// The shape of its values.
    pub shape: Shape,
}

/// The shape of a type's values: what is encoded, in which order.
///
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "most are Rust's, and the others are serde's")]
pub enum Shape {
    Bool,
    I8,
    U8,
    I16,
    I32,
    I64,
    I128,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    /// Text of at most so many bytes, if there is a limit.
    String(Option<u32>),
    /// Bytes that serde does not take for a list; at most so many, if there is a limit.
    Bytes(Option<u32>),
    Option(&'static Type),
    Unit,
    UnitStruct,
    NewtypeStruct(&'static Type),
    /// A list of at most so many elements, if there is a limit.
    Seq(&'static Type, Option<u32>),
    Tuple(&'static [&'static Type]),
    TupleStruct(&'static [&'static Type]),
    /// Pairs of a key and a value.
    Map(&'static Type, &'static Type),
    Struct(&'static [Field]),
    Enum(&'static [Variant]),
}

/// A named field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name.
    pub name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// The type.
    pub ty: &'static Type,
}

/// A variant of an enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// The name.
    pub name: &'static str,
    /// The doc comment.
    pub doc: &'static str,
    /// The content.
    pub content: Content,
}

/// The content of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they are serde's")]
pub enum Content {
    Unit,
    Newtype(&'static Type),
    Tuple(&'static [&'static Type]),
    Struct(&'static [Field]),
}

impl Type {
    /// Creates a type without a doc comment.
    pub const fn new(name: &'static str, shape: Shape) -> Self {
        let doc = "";
        Self { name, doc, shape }
    }

    /// Returns the length of the longest encoding of a value in bytes, if there is a longest.
    pub const fn max_len(&self) -> Option<usize> {
        match self.shape {
            Shape::Unit | Shape::UnitStruct => Some(0),
            Shape::Bool | Shape::I8 | Shape::U8 => Some(1),
            Shape::I16 | Shape::U16 => Some(3),
            Shape::F32 => Some(4),
            Shape::I32 | Shape::U32 | Shape::Char => Some(5),
            Shape::F64 => Some(8),
            Shape::I64 | Shape::U64 => Some(10),
            Shape::I128 | Shape::U128 => Some(19),
            Shape::String(most) | Shape::Bytes(most) => repeated(Some(1), most),
            Shape::Seq(element, most) => repeated(element.max_len(), most),
            Shape::Map(..) => None,
            Shape::Option(inner) => sum(Some(1), inner.max_len()),
            Shape::NewtypeStruct(inner) => inner.max_len(),
            Shape::Tuple(types) | Shape::TupleStruct(types) => of_types(types),
            Shape::Struct(fields) => of_fields(fields),
            Shape::Enum(variants) => {
                let mut longest = 0;
                let mut index = 0;
                while index < variants.len() {
                    let content = match variants[index].content {
                        Content::Unit => Some(0),
                        Content::Newtype(inner) => inner.max_len(),
                        Content::Tuple(types) => of_types(types),
                        Content::Struct(fields) => of_fields(fields),
                    };
                    match content {
                        None => return None,
                        Some(len) if len > longest => longest = len,
                        Some(_) => {}
                    }
                    index += 1;
                }
                Some(varint_len(variants.len()) + longest)
            }
        }
    }
}

impl Shape {
    /// Returns the tag in a description (PROTOCOL.md, "Description").
    pub(crate) const fn tag(self) -> u8 {
        match self {
            Self::Bool => 0,
            Self::I8 => 1,
            Self::U8 => 2,
            Self::I16 => 3,
            Self::I32 => 4,
            Self::I64 => 5,
            Self::I128 => 6,
            Self::U16 => 7,
            Self::U32 => 8,
            Self::U64 => 9,
            Self::U128 => 10,
            Self::F32 => 13,
            Self::F64 => 14,
            Self::Char => 15,
            Self::String(_) => 16,
            Self::Bytes(_) => 17,
            Self::Option(_) => 18,
            Self::Unit => 19,
            Self::UnitStruct => 20,
            Self::NewtypeStruct(_) => 21,
            Self::Seq(..) => 22,
            Self::Tuple(_) => 23,
            Self::TupleStruct(_) => 24,
            Self::Map(..) => 25,
            Self::Struct(_) => 26,
            Self::Enum(_) => 27,
        }
    }
}

/// Returns the length of a list's longest encoding.
const fn repeated(element: Option<usize>, most: Option<u32>) -> Option<usize> {
    match (element, most) {
        (Some(element), Some(most)) => {
            let most = most as usize;
            Some(varint_len(most).saturating_add(most.saturating_mul(element)))
        }
        _ => None,
    }
}

/// Returns the length of a number's encoding.
pub(crate) const fn varint_len(value: usize) -> usize {
    (usize::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

pub(crate) const fn sum(left: Option<usize>, right: Option<usize>) -> Option<usize> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.saturating_add(right)),
        _ => None,
    }
}

const fn of_types(types: &[&Type]) -> Option<usize> {
    let mut len = Some(0);
    let mut index = 0;
    while index < types.len() {
        len = sum(len, types[index].max_len());
        index += 1;
    }
    len
}

const fn of_fields(fields: &[Field]) -> Option<usize> {
    let mut len = Some(0);
    let mut index = 0;
    while index < fields.len() {
        len = sum(len, fields[index].ty.max_len());
        index += 1;
    }
    len
}
