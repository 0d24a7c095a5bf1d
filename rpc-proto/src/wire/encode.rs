//! Values to bytes (PROTOCOL.md, "Encoding of values").
//!
//! The encoding is that of the crate postcard, but all types share the functions that write it. That
//! makes firmware smaller, because postcard repeats the loop for a varint for each integer.

use core::fmt::{self, Display, Write};
use serde::Serialize;
use serde::ser;

/// A place for the bytes of values. If it is full, it drops what follows, and its owner sees that in the
/// end: the code that writes a value then has no error paths.
pub(crate) trait Sink: Sized {
    /// Adds a byte.
    fn push(&mut self, byte: u8);

    /// Adds bytes.
    fn extend(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.push(byte);
        }
    }

    /// Adds an unsigned integer of up to 32 bits.
    #[inline(never)]
    fn varint(&mut self, mut value: u32) {
        loop {
            let more = value >> 7;
            if more == 0 {
                return self.push(value as u8);
            }
            self.push(value as u8 | 0x80);
            value = more;
        }
    }

    /// Adds an unsigned integer of more bits.
    #[inline(never)]
    fn wide_varint(&mut self, mut value: u128) {
        while value > 0x7F {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    /// Adds a sequence of bytes.
    fn run(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u32);
        self.extend(bytes);
    }

    /// Adds a value.
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unencodable> {
        value.serialize(Serializer(self))
    }
}

/// A value has no encoding: it is a sequence of unknown length, or refused to be serialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unencodable;

impl Display for Unencodable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value cannot be encoded")
    }
}

impl core::error::Error for Unencodable {}

impl ser::Error for Unencodable {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Writes a value to a sink.
struct Serializer<'s, S>(&'s mut S);

impl<S: Sink> Serializer<'_, S> {
    fn length(self, length: usize) -> Result<Self, Unencodable> {
        self.0
            .varint(u32::try_from(length).map_err(|_| Unencodable)?);
        Ok(self)
    }

    fn variant(self, index: u32) -> Self {
        self.0.varint(index);
        self
    }
}

/// The methods for values that are written by one method of the sink.
macro_rules! numbers {
    ($($method:ident($value:ident: $type:ty) $write:ident($encoded:expr);)+) => {
        $(fn $method(self, $value: $type) -> Result<(), Unencodable> {
            self.0.$write($encoded);
            Ok(())
        })+
    };
}

/// The methods for values of which only the parts are written.
macro_rules! wholes {
    ($($method:ident($($argument:ty),*);)+) => {
        $(fn $method(self, $(_: $argument),*) -> Result<Self, Unencodable> {
            Ok(self)
        })+
    };
}

impl<S: Sink> ser::Serializer for Serializer<'_, S> {
    type Ok = ();
    type Error = Unencodable;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers! {
        serialize_bool(value: bool) push(value.into());
        serialize_i8(value: i8) push(value as u8);
        serialize_u8(value: u8) push(value);
        // The sign goes to the lowest bit.
        serialize_i16(value: i16) varint((value << 1 ^ value >> 15) as u16 as u32);
        serialize_u16(value: u16) varint(value.into());
        serialize_i32(value: i32) varint((value << 1 ^ value >> 31) as u32);
        serialize_u32(value: u32) varint(value);
        serialize_i64(value: i64) wide_varint((value << 1 ^ value >> 63) as u64 as u128);
        serialize_u64(value: u64) wide_varint(value.into());
        serialize_i128(value: i128) wide_varint((value << 1 ^ value >> 127) as u128);
        serialize_u128(value: u128) wide_varint(value);
        serialize_f32(value: f32) extend(&value.to_le_bytes());
        serialize_f64(value: f64) extend(&value.to_le_bytes());
    }

    fn serialize_char(self, value: char) -> Result<(), Unencodable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Unencodable> {
        self.serialize_bytes(value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unencodable> {
        self.0.run(value);
        Ok(())
    }

    /// Formats it twice, because the length goes first.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Unencodable> {
        let mut length = Length(0);
        write!(length, "{value}").map_err(|_| Unencodable)?;
        write!(self.length(length.0)?, "{value}").map_err(|_| Unencodable)
    }

    fn serialize_none(self) -> Result<(), Unencodable> {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unencodable> {
        self.0.push(1);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unencodable> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unencodable> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<(), Unencodable> {
        self.serialize_u32(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unencodable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unencodable> {
        value.serialize(self.variant(index))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self, Unencodable> {
        self.length(length.ok_or(Unencodable)?)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self, Unencodable> {
        self.serialize_seq(length)
    }

    wholes! {
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_struct(&'static str, usize);
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unencodable> {
        Ok(self.variant(index))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Unencodable> {
        Ok(self.variant(index))
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The traits for the parts of a value, which are written end to end.
macro_rules! parts {
    ($($trait:ident: $($method:ident($($key:ty)?)),+;)+) => {
        $(impl<S: Sink> ser::$trait for Serializer<'_, S> {
            type Ok = ();
            type Error = Unencodable;

            $(fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $key,)?
                value: &T,
            ) -> Result<(), Unencodable> {
                self.0.value(value)
            })+

            fn end(self) -> Result<(), Unencodable> {
                Ok(())
            }
        })+
    };
}

parts! {
    SerializeSeq: serialize_element();
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeMap: serialize_key(), serialize_value();
    SerializeStruct: serialize_field(&'static str);
    SerializeStructVariant: serialize_field(&'static str);
}

/// Counts the bytes of formatted text.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

impl<S: Sink> Write for Serializer<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(text.as_bytes());
        Ok(())
    }
}
