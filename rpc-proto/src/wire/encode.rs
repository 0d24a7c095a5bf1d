//! Values to bytes (PROTOCOL.md, "Encoding of values").
//!
//! The encoding is that of the crate postcard, but all types share the functions that write it. That
//! makes firmware smaller, because postcard repeats the loop for a varint for each integer.

use core::fmt::{self, Display, Write};
use serde::{Serialize, de, ser};

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
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodingError> {
        value.serialize(Serializer(self))
    }
}

/// A value has no encoding, because it is a sequence of unknown length or refused to be serialised, or
/// bytes encode no such value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodingError;

impl Display for CodingError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value and its encoding do not go together")
    }
}

impl core::error::Error for CodingError {}

impl ser::Error for CodingError {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

impl de::Error for CodingError {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Writes a value to a sink.
struct Serializer<'s, S>(&'s mut S);

impl<S: Sink> Serializer<'_, S> {
    fn sequence(self, length: Option<usize>) -> Result<Self, CodingError> {
        let length = length.and_then(|length| u32::try_from(length).ok());
        Ok(self.variant(length.ok_or(CodingError)?))
    }

    fn variant(self, index: u32) -> Self {
        self.0.varint(index);
        self
    }
}

/// The methods for values that are written at once.
macro_rules! written {
    ($it:ident: $($method:ident($($argument:tt: $type:ty),*) $write:expr;)+) => {
        $(#[allow(unused_variables, reason = "some have nothing to write")]
        fn $method(self, $($argument: $type),*) -> Result<(), CodingError> {
            let $it = self.0;
            let () = $write;
            Ok(())
        })+
    };
}

/// The methods for values whose parts are written one by one.
macro_rules! begun {
    ($it:ident: $($method:ident($($argument:tt: $type:ty),*) $begin:expr;)+) => {
        $(fn $method(self, $($argument: $type),*) -> Result<Self, CodingError> {
            let $it = self;
            $begin
        })+
    };
}

type Name = &'static str;

impl<S: Sink> ser::Serializer for Serializer<'_, S> {
    type Ok = ();
    type Error = CodingError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    written! { sink:
        serialize_bool(value: bool) sink.push(value.into());
        serialize_i8(value: i8) sink.push(value as u8);
        serialize_u8(value: u8) sink.push(value);
        // The sign goes to the lowest bit.
        serialize_i16(value: i16) sink.varint((value << 1 ^ value >> 15) as u16 as u32);
        serialize_u16(value: u16) sink.varint(value.into());
        serialize_i32(value: i32) sink.varint((value << 1 ^ value >> 31) as u32);
        serialize_u32(value: u32) sink.varint(value);
        serialize_i64(value: i64) sink.wide_varint((value << 1 ^ value >> 63) as u64 as u128);
        serialize_u64(value: u64) sink.wide_varint(value.into());
        serialize_i128(value: i128) sink.wide_varint((value << 1 ^ value >> 127) as u128);
        serialize_u128(value: u128) sink.wide_varint(value);
        serialize_f32(value: f32) sink.extend(&value.to_le_bytes());
        serialize_f64(value: f64) sink.extend(&value.to_le_bytes());
        serialize_char(value: char) sink.run(value.encode_utf8(&mut [0; 4]).as_bytes());
        serialize_str(value: &str) sink.run(value.as_bytes());
        serialize_bytes(value: &[u8]) sink.run(value);
        serialize_none() sink.push(0);
        serialize_unit() ();
        serialize_unit_struct(_: Name) ();
        serialize_unit_variant(_: Name, index: u32, _: Name) sink.varint(index);
    }

    begun! { it:
        serialize_seq(length: Option<usize>) it.sequence(length);
        serialize_map(length: Option<usize>) it.sequence(length);
        serialize_tuple(_: usize) Ok(it);
        serialize_tuple_struct(_: Name, _: usize) Ok(it);
        serialize_struct(_: Name, _: usize) Ok(it);
        serialize_tuple_variant(_: Name, index: u32, _: Name, _: usize) Ok(it.variant(index));
        serialize_struct_variant(_: Name, index: u32, _: Name, _: usize) Ok(it.variant(index));
    }

    /// Formats it twice, because the length goes first.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), CodingError> {
        let mut length = Length(0);
        write!(length, "{value}").map_err(|_| CodingError)?;
        write!(self.sequence(Some(length.0))?, "{value}").map_err(|_| CodingError)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CodingError> {
        value.serialize(self.variant(1))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: Name,
        value: &T,
    ) -> Result<(), CodingError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: Name,
        index: u32,
        _: Name,
        value: &T,
    ) -> Result<(), CodingError> {
        value.serialize(self.variant(index))
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
            type Error = CodingError;

            $(fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $key,)?
                value: &T,
            ) -> Result<(), CodingError> {
                self.0.value(value)
            })+

            fn end(self) -> Result<(), CodingError> {
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
    SerializeStruct: serialize_field(Name);
    SerializeStructVariant: serialize_field(Name);
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
