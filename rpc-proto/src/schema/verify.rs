//! The check of a type's description against the encoding of a value, for tests.

use super::{Content, Field, Schema, Shape, Type, Variant};
use crate::wire::decode::take_from;
use crate::wire::frame;
use core::fmt;
use core::slice;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde::{Deserialize, Serialize};

/// The difference between a type's description and its encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Where a value of the type `described` is expected, `encoded` is written.
    Other {
        /// The name of the described type.
        described: &'static str,
        /// The kind of value that is encoded.
        encoded: &'static str,
    },
    /// A field or variant is described under one name and encoded under another.
    Name {
        /// The described name.
        described: &'static str,
        /// The encoded name.
        encoded: &'static str,
    },
    /// A value of this type has another number of parts than is described, or more than it may have.
    Parts(&'static str),
    /// The type's `Serialize` refuses the value.
    Refused,
    /// The value does not fit twice into the buffer.
    BufferTooShort,
    /// What is encoded does not decode, or decodes to a value that is encoded differently.
    DecodedDifferently,
}

/// Checks the description of a type against the encoding of `value`, which is then decoded and encoded
/// once more. The buffer has room for twice the encoding.
///
/// It is meant for tests of types that implement one of serde's traits or [`Schema`] by hand. Give it
/// a value of each variant.
///
/// ```
/// use rpc_proto::schema::{Mismatch, Schema, Shape, Type, verify};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// #[serde(into = "u8", from = "u8")]
/// struct Percent(u16);
/// # impl Clone for Percent { fn clone(&self) -> Self { Self(self.0) } }
/// # impl From<Percent> for u8 { fn from(percent: Percent) -> u8 { percent.0 as u8 } }
/// # impl From<u8> for Percent { fn from(percent: u8) -> Self { Self(percent.into()) } }
///
/// // Wrong: serde encodes a `u8`.
/// impl Schema for Percent {
///     const SCHEMA: &'static Type = &Type::new("Percent", Shape::U16);
/// }
///
/// let difference = verify(&Percent(40), &mut [0; 16]);
/// let (described, encoded) = ("Percent", "a u8");
/// assert_eq!(difference, Err(Mismatch::Other { described, encoded }));
/// ```
///
/// # Errors
/// Returns the first difference.
pub fn verify<'b, T>(value: &T, buffer: &'b mut [u8]) -> Result<(), Mismatch>
where
    T: Schema + Serialize + Deserialize<'b>,
{
    value.serialize(Checker(T::SCHEMA))?;
    let (first, second) = buffer.split_at_mut(buffer.len() / 2);
    let encoded: &[u8] = encode(value, first)?;
    if T::SCHEMA.max_len().is_some_and(|most| encoded.len() > most) {
        return Err(Mismatch::Parts(T::SCHEMA.name));
    }
    match take_from::<T>(encoded) {
        Ok((decoded, [])) if encode(&decoded, second)? == encoded => Ok(()),
        _ => Err(Mismatch::DecodedDifferently),
    }
}

fn encode<'b>(value: &impl Serialize, buffer: &'b mut [u8]) -> Result<&'b [u8], Mismatch> {
    // The checker has found out before if the value refuses to be encoded.
    let length = frame::encode(value, buffer).ok_or(Mismatch::BufferTooShort)?;
    buffer.get(..length).ok_or(Mismatch::BufferTooShort)
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other { described, encoded } => {
                write!(f, "`{described}` is described, and {encoded} encoded")
            }
            Self::Name { described, encoded } => {
                write!(f, "`{described}` is described, and `{encoded}` encoded")
            }
            Self::Parts(name) => write!(f, "a `{name}` has another number of parts than described"),
            Self::Refused => f.write_str("the value is not serialised"),
            Self::BufferTooShort => f.write_str("the value does not fit twice into the buffer"),
            Self::DecodedDifferently => {
                f.write_str("what is encoded decodes to another value, or not at all")
            }
        }
    }
}

impl core::error::Error for Mismatch {}

impl Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Refused
    }
}

/// Takes what a type serialises in place of postcard, and compares it with a description.
#[derive(Clone, Copy)]
struct Checker(&'static Type);

impl Checker {
    fn other<T>(self, encoded: &'static str) -> Result<T, Mismatch> {
        let described = self.0.name;
        Err(Mismatch::Other { described, encoded })
    }

    fn shape(self, shape: Shape, encoded: &'static str) -> Result<(), Mismatch> {
        if self.0.shape == shape {
            Ok(())
        } else {
            self.other(encoded)
        }
    }

    fn at_most(self, len: usize, most: Option<u32>) -> Result<(), Mismatch> {
        match most {
            Some(most) if len > most as usize => Err(Mismatch::Parts(self.0.name)),
            _ => Ok(()),
        }
    }

    fn variant(self, index: u32, encoded: &'static str) -> Result<&'static Content, Mismatch> {
        let Shape::Enum(variants) = self.0.shape else {
            return self.other("an enum");
        };
        let Some(Variant { name, content, .. }) = variants.get(index as usize) else {
            return Err(Mismatch::Parts(self.0.name));
        };
        same_name(name, encoded)?;
        Ok(content)
    }

    fn parts(self, parts: Parts, len: Option<usize>) -> Result<Compound, Mismatch> {
        let expected = match &parts {
            Parts::Types(types) => Some(types.len()),
            Parts::Fields(fields) => Some(fields.len()),
            Parts::Same(_) | Parts::Pairs(..) => len,
        };
        if expected == len && len.is_some() {
            Ok(Compound(parts))
        } else {
            Err(Mismatch::Parts(self.0.name))
        }
    }
}

fn same_name(described: &'static str, encoded: &'static str) -> Result<(), Mismatch> {
    if described == encoded {
        Ok(())
    } else {
        Err(Mismatch::Name { described, encoded })
    }
}

/// The values that have one encoding for all of a type.
macro_rules! plain {
    ($($method:ident($($value:ty)?) $shape:ident $encoded:literal,)*) => {$(
        fn $method(self $(, _: $value)?) -> Result<(), Mismatch> {
            self.shape(Shape::$shape, $encoded)
        }
    )*};
}

impl Serializer for Checker {
    type Ok = ();
    type Error = Mismatch;
    type SerializeSeq = Compound;
    type SerializeTuple = Compound;
    type SerializeTupleStruct = Compound;
    type SerializeTupleVariant = Compound;
    type SerializeMap = Compound;
    type SerializeStruct = Compound;
    type SerializeStructVariant = Compound;

    plain! {
        serialize_bool(bool) Bool "a bool",
        serialize_i8(i8) I8 "an i8",
        serialize_i16(i16) I16 "an i16",
        serialize_i32(i32) I32 "an i32",
        serialize_i64(i64) I64 "an i64",
        serialize_i128(i128) I128 "an i128",
        serialize_u8(u8) U8 "a u8",
        serialize_u16(u16) U16 "a u16",
        serialize_u32(u32) U32 "a u32",
        serialize_u64(u64) U64 "a u64",
        serialize_u128(u128) U128 "a u128",
        serialize_f32(f32) F32 "an f32",
        serialize_f64(f64) F64 "an f64",
        serialize_char(char) Char "a char",
        serialize_unit() Unit "()",
        serialize_unit_struct(&'static str) UnitStruct "a struct without fields",
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_str(self, text: &str) -> Result<(), Mismatch> {
        match self.0.shape {
            Shape::String(most) => self.at_most(text.len(), most),
            _ => self.other("text"),
        }
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), Mismatch> {
        match self.0.shape {
            Shape::String(_) => Ok(()),
            _ => self.other("text"),
        }
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Mismatch> {
        match self.0.shape {
            Shape::Bytes(most) => self.at_most(bytes.len(), most),
            Shape::Seq(element, most) if element.shape == Shape::U8 => {
                self.at_most(bytes.len(), most)
            }
            _ => self.other("bytes"),
        }
    }

    fn serialize_none(self) -> Result<(), Mismatch> {
        match self.0.shape {
            Shape::Option(_) => Ok(()),
            _ => self.other("an option"),
        }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Mismatch> {
        match self.0.shape {
            Shape::Option(inner) => value.serialize(Self(inner)),
            _ => self.other("an option"),
        }
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Mismatch> {
        match self.0.shape {
            Shape::NewtypeStruct(inner) => value.serialize(Self(inner)),
            _ => self.other("a struct of one unnamed field"),
        }
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
    ) -> Result<(), Mismatch> {
        match self.variant(index, name)? {
            Content::Unit => Ok(()),
            _ => self.other("a variant without content"),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), Mismatch> {
        match self.variant(index, name)? {
            Content::Newtype(inner) => value.serialize(Self(inner)),
            _ => self.other("a variant of one unnamed field"),
        }
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Compound, Mismatch> {
        match self.0.shape {
            Shape::Seq(element, most) => {
                self.at_most(len.unwrap_or_default(), most)?;
                self.parts(Parts::Same(element), len)
            }
            _ => self.other("a list"),
        }
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound, Mismatch> {
        match self.0.shape {
            Shape::Tuple(types) => self.parts(Parts::Types(types.iter()), Some(len)),
            _ => self.other("a tuple or array"),
        }
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Compound, Mismatch> {
        match self.0.shape {
            Shape::TupleStruct(types) => self.parts(Parts::Types(types.iter()), Some(len)),
            _ => self.other("a struct of unnamed fields"),
        }
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Compound, Mismatch> {
        match self.variant(index, name)? {
            Content::Tuple(types) => self.parts(Parts::Types(types.iter()), Some(len)),
            _ => self.other("a variant of unnamed fields"),
        }
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Compound, Mismatch> {
        match self.0.shape {
            Shape::Map(key, value) => self.parts(Parts::Pairs(key, value), len),
            _ => self.other("a map"),
        }
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Compound, Mismatch> {
        match self.0.shape {
            Shape::Struct(fields) => self.parts(Parts::Fields(fields.iter()), Some(len)),
            _ => self.other("a struct of named fields"),
        }
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Compound, Mismatch> {
        match self.variant(index, name)? {
            Content::Struct(fields) => self.parts(Parts::Fields(fields.iter()), Some(len)),
            _ => self.other("a variant of named fields"),
        }
    }
}

/// A value of several parts, of which some are still to come.
struct Compound(Parts);

enum Parts {
    Same(&'static Type),
    Types(slice::Iter<'static, &'static Type>),
    Fields(slice::Iter<'static, Field>),
    Pairs(&'static Type, &'static Type),
}

impl Compound {
    fn unnamed<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Mismatch> {
        let ty = match &mut self.0 {
            Parts::Same(ty) => Some(*ty),
            Parts::Types(types) => types.next().copied(),
            _ => None,
        };
        value.serialize(Checker(ty.ok_or(Mismatch::Refused)?))
    }

    fn named<T: Serialize + ?Sized>(
        &mut self,
        encoded: &'static str,
        value: &T,
    ) -> Result<(), Mismatch> {
        let field = match &mut self.0 {
            Parts::Fields(fields) => fields.next(),
            _ => None,
        };
        let Field { name, ty, .. } = field.ok_or(Mismatch::Refused)?;
        same_name(name, encoded)?;
        value.serialize(Checker(ty))
    }

    fn complete(self) -> Result<(), Mismatch> {
        match self.0 {
            Parts::Types(mut types) => types.next().map_or(Ok(()), |_| Err(Mismatch::Refused)),
            Parts::Fields(mut fields) => fields.next().map_or(Ok(()), |_| Err(Mismatch::Refused)),
            Parts::Same(_) | Parts::Pairs(..) => Ok(()),
        }
    }
}

/// serde's traits for values of several parts, which differ in the name of one method and in whether
/// parts have names.
macro_rules! compound {
    ($($trait:ident $method:ident $part:ident($($name:ident)?),)*) => {$(
        impl $trait for Compound {
            type Ok = ();
            type Error = Mismatch;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: &'static str,)?
                value: &T,
            ) -> Result<(), Mismatch> {
                self.$part($($name,)? value)
            }

            fn end(self) -> Result<(), Mismatch> {
                self.complete()
            }
        }
    )*};
}

compound! {
    SerializeSeq serialize_element unnamed(),
    SerializeTuple serialize_element unnamed(),
    SerializeTupleStruct serialize_field unnamed(),
    SerializeTupleVariant serialize_field unnamed(),
    SerializeStruct serialize_field named(name),
    SerializeStructVariant serialize_field named(name),
}

impl SerializeMap for Compound {
    type Ok = ();
    type Error = Mismatch;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Mismatch> {
        match self.0 {
            Parts::Pairs(ty, _) => key.serialize(Checker(ty)),
            _ => Err(Mismatch::Refused),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Mismatch> {
        match self.0 {
            Parts::Pairs(_, ty) => value.serialize(Checker(ty)),
            _ => Err(Mismatch::Refused),
        }
    }

    fn end(self) -> Result<(), Mismatch> {
        Ok(())
    }
}
