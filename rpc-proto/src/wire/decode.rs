//! Bytes to values (PROTOCOL.md, "Encoding of values"). As in `encode.rs`, all types share the functions
//! that read the encoding.

use core::fmt::{self, Display};
use core::slice;
use core::str;
use serde::Deserialize;
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

/// Takes values from the beginning of encoded bytes. It is two pointers, as an iterator is: taking a byte
/// moves one of them.
#[derive(Clone, Debug)]
pub(crate) struct Decoder<'de>(slice::Iter<'de, u8>);

/// The bytes are not the encoding of such a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undecodable;

impl Display for Undecodable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the bytes do not encode such a value")
    }
}

impl core::error::Error for Undecodable {}

impl de::Error for Undecodable {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Takes a value from the beginning of `bytes`, and returns it with the bytes behind it.
pub(crate) fn take_from<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
) -> Result<(T, &'de [u8]), Undecodable> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.value()?;
    Ok((value, decoder.rest()))
}

/// Defines a method that takes an unsigned integer of up to `bits` bits.
macro_rules! varint {
    ($name:ident, $type:ty) => {
        #[inline(never)]
        pub(crate) fn $name(&mut self, bits: u32) -> Result<$type, Undecodable> {
            let (mut value, mut shift) = (0, 0);
            while shift < bits {
                let byte = self.byte()?;
                let part = <$type>::from(byte & 0x7F);
                let left = bits - shift;
                if left < 7 && part >> left != 0 {
                    break;
                }
                value |= part << shift;
                if byte == part as u8 {
                    return Ok(value);
                }
                shift += 7;
            }
            Err(Undecodable)
        }
    };
}

impl<'de> Decoder<'de> {
    /// Begins with the first of `bytes`.
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self(bytes.iter())
    }

    /// Returns the bytes that were not taken.
    pub(crate) fn rest(&self) -> &'de [u8] {
        self.0.as_slice()
    }

    /// Takes a value.
    pub(crate) fn value<T: Deserialize<'de>>(&mut self) -> Result<T, Undecodable> {
        T::deserialize(self)
    }

    varint!(varint, u32);
    varint!(wide_varint, u128);

    fn byte(&mut self) -> Result<u8, Undecodable> {
        self.0.next().copied().ok_or(Undecodable)
    }

    /// Takes that many bytes.
    fn take(&mut self, count: usize) -> Result<&'de [u8], Undecodable> {
        let split = self.rest().split_at_checked(count);
        let (taken, rest) = split.ok_or(Undecodable)?;
        self.0 = rest.iter();
        Ok(taken)
    }

    /// Takes an array of bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Undecodable> {
        self.take(N)?.try_into().map_err(|_| Undecodable)
    }

    fn length(&mut self) -> Result<usize, Undecodable> {
        Ok(self.varint(u32::BITS)? as usize)
    }

    fn bytes(&mut self) -> Result<&'de [u8], Undecodable> {
        let length = self.length()?;
        self.take(length)
    }

    fn str(&mut self) -> Result<&'de str, Undecodable> {
        str::from_utf8(self.bytes()?).map_err(|_| Undecodable)
    }

    fn flag(&mut self) -> Result<bool, Undecodable> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Undecodable),
        }
    }

    fn char(&mut self) -> Result<char, Undecodable> {
        let mut chars = self.str()?.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Undecodable),
        }
    }

    /// Takes a signed integer, whose sign is in the lowest bit.
    fn signed(&mut self, bits: u32) -> Result<i32, Undecodable> {
        let value = self.varint(bits)?;
        Ok((value >> 1) as i32 ^ -((value & 1) as i32))
    }

    fn wide_signed(&mut self, bits: u32) -> Result<i128, Undecodable> {
        let value = self.wide_varint(bits)?;
        Ok((value >> 1) as i128 ^ -((value & 1) as i128))
    }

    fn parts<V: Visitor<'de>>(&mut self, left: usize, visitor: V) -> Result<V::Value, Undecodable> {
        let decoder = self;
        visitor.visit_seq(Parts { decoder, left })
    }
}

/// The methods for values that one method of the decoder takes.
macro_rules! simple {
    ($decoder:ident: $($method:ident $visit:ident($taken:expr);)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Undecodable> {
            let $decoder = self;
            visitor.$visit($taken)
        })+
    };
}

impl<'de> de::Deserializer<'de> for &mut Decoder<'de> {
    type Error = Undecodable;

    simple! { decoder:
        deserialize_bool visit_bool(decoder.flag()?);
        deserialize_i8 visit_i8(decoder.byte()? as i8);
        deserialize_u8 visit_u8(decoder.byte()?);
        deserialize_i16 visit_i16(decoder.signed(16)? as i16);
        deserialize_u16 visit_u16(decoder.varint(16)? as u16);
        deserialize_i32 visit_i32(decoder.signed(32)?);
        deserialize_u32 visit_u32(decoder.varint(32)?);
        deserialize_i64 visit_i64(decoder.wide_signed(64)? as i64);
        deserialize_u64 visit_u64(decoder.wide_varint(64)? as u64);
        deserialize_i128 visit_i128(decoder.wide_signed(128)?);
        deserialize_u128 visit_u128(decoder.wide_varint(128)?);
        deserialize_f32 visit_f32(f32::from_le_bytes(decoder.array()?));
        deserialize_f64 visit_f64(f64::from_le_bytes(decoder.array()?));
        deserialize_char visit_char(decoder.char()?);
        deserialize_str visit_borrowed_str(decoder.str()?);
        deserialize_string visit_borrowed_str(decoder.str()?);
        deserialize_bytes visit_borrowed_bytes(decoder.bytes()?);
        deserialize_byte_buf visit_borrowed_bytes(decoder.bytes()?);
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        match self.flag()? {
            false => visitor.visit_none(),
            true => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        let length = self.length()?;
        self.parts(length, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        self.parts(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        self.parts(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Undecodable> {
        let left = self.length()?;
        visitor.visit_map(Parts {
            decoder: self,
            left,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        self.parts(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        visitor.visit_enum(self)
    }

    /// An encoding does not tell its type, so a value that needs that cannot be decoded.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Undecodable> {
        Err(Undecodable)
    }

    serde::forward_to_deserialize_any! { identifier ignored_any }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The parts of a value that are still to be taken.
struct Parts<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    left: usize,
}

impl<'de> de::SeqAccess<'de> for Parts<'_, 'de> {
    type Error = Undecodable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Undecodable> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                seed.deserialize(&mut *self.decoder).map(Some)
            }
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::MapAccess<'de> for Parts<'_, 'de> {
    type Error = Undecodable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Undecodable> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Undecodable> {
        seed.deserialize(&mut *self.decoder)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::EnumAccess<'de> for &mut Decoder<'de> {
    type Error = Undecodable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), Undecodable> {
        let index: U32Deserializer<Undecodable> = self.varint(u32::BITS)?.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Decoder<'de> {
    type Error = Undecodable;

    fn unit_variant(self) -> Result<(), Undecodable> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, Undecodable> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        self.parts(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Undecodable> {
        self.parts(fields.len(), visitor)
    }
}
