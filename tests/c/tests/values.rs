//! Tests that the C library reads and writes values as the Rust ends do: the same bytes, and the same of any others.
#![cfg(c_compiler)]
#![allow(unsafe_code, reason = "the C library is called here")]

use c_library::sys::{self, Reader, Run, Writer};
use proptest::collection::vec;
use proptest::prelude::*;
use rpc_proto::service::Arguments;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::slice;
use tests::wire::encoded;

/// A type of values as the C library has it.
trait InC: Serialize + for<'de> Deserialize<'de> + Debug {
    /// # Safety
    /// The reader must be one of bytes that are there.
    unsafe fn read(reader: *mut Reader) -> Self;

    /// # Safety
    /// The writer must be one to memory that is there.
    unsafe fn write(&self, writer: *mut Writer);
}

macro_rules! in_c {
    ($($ty:ty: |$reader:ident| $read:expr, |$value:ident, $writer:ident| $write:expr;)+) => {
        $(impl InC for $ty {
            unsafe fn read($reader: *mut Reader) -> Self {
                // SAFETY: as the caller says.
                unsafe { $read }
            }

            unsafe fn write(&self, $writer: *mut Writer) {
                let $value = self;
                // SAFETY: as the caller says.
                unsafe { $write }
            }
        })+
    };
}

in_c! {
    u8: |reader| sys::srpc_read_u8(reader), |value, writer| sys::srpc_write_u8(writer, *value);
    u16: |reader| sys::srpc_read_varint(reader, 16) as u16, |value, writer| sys::srpc_write_u32(writer, (*value).into());
    u32: |reader| sys::srpc_read_varint(reader, 32), |value, writer| sys::srpc_write_u32(writer, *value);
    u64: |reader| sys::srpc_read_u64(reader), |value, writer| sys::srpc_write_u64(writer, *value);
    u128: |reader| sys::srpc_read_u128(reader).into(), |value, writer| sys::srpc_write_u128(writer, (*value).into());
    i16: |reader| sys::srpc_read_signed(reader, 16) as i16, |value, writer| sys::srpc_write_i32(writer, (*value).into());
    i32: |reader| sys::srpc_read_signed(reader, 32), |value, writer| sys::srpc_write_i32(writer, *value);
    i64: |reader| sys::srpc_read_i64(reader), |value, writer| sys::srpc_write_i64(writer, *value);
    i128: |reader| u128::from(sys::srpc_read_i128(reader)) as i128, |value, writer| sys::srpc_write_i128(writer, (*value as u128).into());
    f32: |reader| sys::srpc_read_f32(reader), |value, writer| sys::srpc_write_f32(writer, *value);
    f64: |reader| sys::srpc_read_f64(reader), |value, writer| sys::srpc_write_f64(writer, *value);
    bool: |reader| sys::srpc_read_bool(reader), |value, writer| sys::srpc_write_u8(writer, u8::from(*value));
    char: |reader| char::from_u32(sys::srpc_read_char(reader)).expect("it was checked"), |value, writer| sys::srpc_write_char(writer, *value as u32);
    String: |reader| text(sys::srpc_read_string(reader, u32::MAX)), |value, writer| sys::srpc_write_bytes(writer, Run { at: value.as_ptr(), length: value.len() });
    Vec<u8>: |reader| bytes(sys::srpc_read_bytes(reader, u32::MAX)).to_vec(), |value, writer| sys::srpc_write_bytes(writer, Run { at: value.as_ptr(), length: value.len() });
}

/// # Safety
/// They must be there.
unsafe fn bytes<'a>(run: Run) -> &'a [u8] {
    match run.length {
        0 => &[],
        // SAFETY: as the caller says.
        length => unsafe { slice::from_raw_parts(run.at, length) },
    }
}

/// # Safety
/// They must be there.
unsafe fn text(run: Run) -> String {
    // SAFETY: as the caller says.
    let bytes = unsafe { bytes(run) };
    str::from_utf8(bytes).expect("it was checked").to_owned()
}

/// Reads a value in C: the encoding of what was read, and how many bytes it took, or None if there is no such value.
fn read<T: InC>(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut reader = Reader {
        at: bytes.as_ptr(),
        left: bytes.len() as i32,
    };
    // SAFETY: the bytes are there.
    let value = unsafe { T::read(&raw mut reader) };
    let left = usize::try_from(reader.left).ok()?;
    Some((encoded(&value), bytes.len() - left))
}

/// Reads a value as the Rust ends do.
fn reference<T: InC>(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut arguments = Arguments::new(bytes);
    let value: T = arguments.take().ok()?;
    Some((encoded(&value), bytes.len() - arguments.bytes().len()))
}

/// Writes a value in C to memory of two pieces, of which the first has `first` bytes. None if it does not fit `room`.
fn write<T: InC>(value: &T, room: usize, first: usize) -> Option<Vec<u8>> {
    let mut memory = vec![0xEE; room];
    let (one, two) = memory.split_at_mut(first.min(room));
    let (one, two) = (one.as_mut_ptr_range(), two.as_mut_ptr_range());
    let mut writer = Writer {
        at: one.start,
        end: one.end,
        more: two.start,
        more_end: two.end,
    };
    // SAFETY: the memory is there, and the pieces have nothing in common.
    unsafe { value.write(&raw mut writer) };
    if writer.at.is_null() {
        return None;
    }
    let written = writer.at as usize - one.start as usize;
    memory.truncate(written);
    Some(memory)
}

fn check_read<T: InC>(bytes: &[u8]) {
    assert_eq!(read::<T>(bytes), reference::<T>(bytes), "{bytes:02x?}");
}

fn check_write<T: InC>(value: &T, room: usize, first: usize) {
    let expected = encoded(value);
    let expected = (expected.len() <= room).then_some(expected);
    assert_eq!(write(value, room, first), expected, "{value:?}");
}

/// Bytes that are often varints, of which the last may be the last that a type has.
fn varints() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![0x80_u8..=0xFF, Just(0x80), Just(0xFF)];
    (vec(byte, 0..20), vec(any::<u8>(), 0..3)).prop_map(|(begun, rest)| [begun, rest].concat())
}

proptest! {
    #[test]
    fn integers_are_read_alike(bytes in prop_oneof![varints(), vec(any::<u8>(), 0..24)]) {
        check_read::<u8>(&bytes);
        check_read::<u16>(&bytes);
        check_read::<u32>(&bytes);
        check_read::<u64>(&bytes);
        check_read::<u128>(&bytes);
        check_read::<i16>(&bytes);
        check_read::<i32>(&bytes);
        check_read::<i64>(&bytes);
        check_read::<i128>(&bytes);
        check_read::<bool>(&bytes);
        check_read::<f32>(&bytes);
        check_read::<f64>(&bytes);
    }

    #[test]
    fn text_is_read_alike(text in ".{0,8}", cut in 0_usize..40, change: u8, noise in vec(any::<u8>(), 0..12)) {
        let mut bytes = encoded(&text);
        check_read::<String>(&bytes);
        check_read::<Vec<u8>>(&bytes);
        let place = cut % bytes.len();
        bytes[place] ^= change;
        check_read::<String>(&bytes);
        bytes.truncate(cut);
        check_read::<String>(&bytes);
        check_read::<Vec<u8>>(&bytes);
        check_read::<char>(&bytes);
        check_read::<String>(&encoded(&noise));
        check_read::<char>(&encoded(&noise));
    }

    #[test]
    fn characters_are_read_and_written_alike(character: char, room in 0_usize..8, first in 0_usize..8) {
        check_read::<char>(&encoded(&character));
        check_write(&character, room, first);
    }

    #[test]
    fn numbers_are_written_alike(bits: u128, shift in 0_u32..128, room in 0_usize..24, first in 0_usize..24) {
        let bits = bits >> shift;
        check_write(&(bits as u8), room, first);
        check_write(&(bits as u16), room, first);
        check_write(&(bits as u32), room, first);
        check_write(&(bits as u64), room, first);
        check_write(&bits, room, first);
        for bits in [bits, !bits] {
            check_write(&(bits as i16), room, first);
            check_write(&(bits as i32), room, first);
            check_write(&(bits as i64), room, first);
            check_write(&(bits as i128), room, first);
        }
        check_write(&f32::from_bits(bits as u32), room, first);
        check_write(&f64::from_bits(bits as u64), room, first);
    }

    #[test]
    fn text_is_written_alike(text in ".{0,50}", room in 0_usize..220, first in 0_usize..220) {
        check_write(&text, room, first);
        check_write(&text.into_bytes(), room, first);
    }

    #[test]
    fn a_double_of_32_bits_is_the_nearest(bits: u64, exponent in 850_u64..1160, zeros in 0_u32..53) {
        let fraction = (bits & ((1 << 52) - 1)) >> zeros << zeros;
        for bits in [bits, bits & 1 << 63 | exponent << 52 | fraction] {
            let value = f64::from_bits(bits);
            // SAFETY: it takes any bits.
            let narrowed = unsafe { sys::srpc_narrowed(bits) };
            let is_same = narrowed.to_bits() == (value as f32).to_bits();
            prop_assert!(is_same || value.is_nan() && narrowed.is_nan(), "{:x}", bits);
        }
        let value = f32::from_bits(bits as u32);
        // SAFETY: it takes any value.
        let widened = f64::from_bits(unsafe { sys::srpc_widened_bits(value) });
        prop_assert!(widened.to_bits() == f64::from(value).to_bits() || value.is_nan() && widened.is_nan());
    }
}
