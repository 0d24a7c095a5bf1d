//! Bytes to values (PROTOCOL.md, "Encoding of values"). As in `encode.rs`, all types share the functions
//! that read the encoding.

use crate::wire::encode::CodingError;
use core::slice;
use core::str;
use serde::Deserialize;
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

/// Takes values from the beginning of encoded bytes. It is two pointers, as an iterator is: taking a byte
/// moves one of them.
#[derive(Clone, Debug)]
pub(crate) struct Decoder<'de>(slice::Iter<'de, u8>);

/// Takes a value from the beginning of `bytes`, and returns it with the bytes behind it.
pub(crate) fn take_from<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
) -> Result<(T, &'de [u8]), CodingError> {
    let mut decoder = Decoder::new(bytes);
    let value = decoder.value()?;
    Ok((value, decoder.rest()))
}

/// Defines a method that takes an unsigned integer of up to `bits` bits.
macro_rules! varint {
    ($name:ident, $type:ty) => {
        #[inline(never)]
        pub(crate) fn $name(&mut self, bits: u32) -> Result<$type, CodingError> {
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
            Err(CodingError)
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
    pub(crate) fn value<T: Deserialize<'de>>(&mut self) -> Result<T, CodingError> {
        T::deserialize(self)
    }

    varint!(varint, u32);
    varint!(wide_varint, u128);

    fn byte(&mut self) -> Result<u8, CodingError> {
        self.0.next().copied().ok_or(CodingError)
    }

    /// Takes that many bytes.
    fn take(&mut self, count: usize) -> Result<&'de [u8], CodingError> {
        let split = self.rest().split_at_checked(count);
        let (taken, rest) = split.ok_or(CodingError)?;
        self.0 = rest.iter();
        Ok(taken)
    }

    /// Takes an array of bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], CodingError> {
        self.take(N)?.try_into().map_err(|_| CodingError)
    }

    fn length(&mut self) -> Result<usize, CodingError> {
        Ok(self.varint(u32::BITS)? as usize)
    }

    fn bytes(&mut self) -> Result<&'de [u8], CodingError> {
        let length = self.length()?;
        self.take(length)
    }

    fn str(&mut self) -> Result<&'de str, CodingError> {
        str::from_utf8(self.bytes()?).map_err(|_| CodingError)
    }

    fn flag(&mut self) -> Result<bool, CodingError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CodingError),
        }
    }

    fn char(&mut self) -> Result<char, CodingError> {
        let mut chars = self.str()?.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(CodingError),
        }
    }

    /// Takes a signed integer, whose sign is in the lowest bit.
    fn signed(&mut self, bits: u32) -> Result<i32, CodingError> {
        let value = self.varint(bits)?;
        Ok((value >> 1) as i32 ^ -((value & 1) as i32))
    }

    fn wide_signed(&mut self, bits: u32) -> Result<i128, CodingError> {
        let value = self.wide_varint(bits)?;
        Ok((value >> 1) as i128 ^ -((value & 1) as i128))
    }

    fn parts<V: Visitor<'de>>(&mut self, left: usize, visitor: V) -> Result<V::Value, CodingError> {
        let decoder = self;
        visitor.visit_seq(Parts { decoder, left })
    }
}

/// The methods that hand values to a visitor.
macro_rules! visits {
    ($it:ident, $visitor:ident:
        $($method:ident($($argument:tt: $type:ty),*) $visit:expr;)+
    ) => {
        $(#[allow(unused_variables, reason = "some have nothing to take")]
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            $visitor: V,
        ) -> Result<V::Value, CodingError> {
            let $it = self;
            $visit
        })+
    };
}

type Name = &'static str;
type Names = &'static [Name];

impl<'de> de::Deserializer<'de> for &mut Decoder<'de> {
    type Error = CodingError;

    visits! { it, visitor:
        deserialize_bool() visitor.visit_bool(it.flag()?);
        deserialize_i8() visitor.visit_i8(it.byte()? as i8);
        deserialize_u8() visitor.visit_u8(it.byte()?);
        deserialize_i16() visitor.visit_i16(it.signed(16)? as i16);
        deserialize_u16() visitor.visit_u16(it.varint(16)? as u16);
        deserialize_i32() visitor.visit_i32(it.signed(32)?);
        deserialize_u32() visitor.visit_u32(it.varint(32)?);
        deserialize_i64() visitor.visit_i64(it.wide_signed(64)? as i64);
        deserialize_u64() visitor.visit_u64(it.wide_varint(64)? as u64);
        deserialize_i128() visitor.visit_i128(it.wide_signed(128)?);
        deserialize_u128() visitor.visit_u128(it.wide_varint(128)?);
        deserialize_f32() visitor.visit_f32(f32::from_le_bytes(it.array()?));
        deserialize_f64() visitor.visit_f64(f64::from_le_bytes(it.array()?));
        deserialize_char() visitor.visit_char(it.char()?);
        deserialize_str() visitor.visit_borrowed_str(it.str()?);
        deserialize_string() visitor.visit_borrowed_str(it.str()?);
        deserialize_bytes() visitor.visit_borrowed_bytes(it.bytes()?);
        deserialize_byte_buf() visitor.visit_borrowed_bytes(it.bytes()?);
        deserialize_option() match it.flag()? {
            false => visitor.visit_none(),
            true => visitor.visit_some(it),
        };
        deserialize_unit() visitor.visit_unit();
        deserialize_unit_struct(_: Name) visitor.visit_unit();
        deserialize_newtype_struct(_: Name) visitor.visit_newtype_struct(it);
        deserialize_seq() {
            let length = it.length()?;
            it.parts(length, visitor)
        };
        deserialize_map() {
            let left = it.length()?;
            visitor.visit_map(Parts { decoder: it, left })
        };
        deserialize_tuple(length: usize) it.parts(length, visitor);
        deserialize_tuple_struct(_: Name, length: usize) it.parts(length, visitor);
        deserialize_struct(_: Name, fields: Names) it.parts(fields.len(), visitor);
        deserialize_enum(_: Name, _: Names) visitor.visit_enum(it);
    }

    /// An encoding does not tell its type, so a value that needs that cannot be decoded.
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, CodingError> {
        Err(CodingError)
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
    type Error = CodingError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, CodingError> {
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
    type Error = CodingError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, CodingError> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, CodingError> {
        seed.deserialize(&mut *self.decoder)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::EnumAccess<'de> for &mut Decoder<'de> {
    type Error = CodingError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self), CodingError> {
        let index: U32Deserializer<CodingError> = self.varint(u32::BITS)?.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Decoder<'de> {
    type Error = CodingError;

    fn unit_variant(self) -> Result<(), CodingError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<T::Value, CodingError> {
        seed.deserialize(self)
    }

    visits! { it, visitor:
        tuple_variant(length: usize) it.parts(length, visitor);
        struct_variant(fields: Names) it.parts(fields.len(), visitor);
    }
}
