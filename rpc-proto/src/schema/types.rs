//! The descriptions of types that are not the user's: those of `core`, `heapless` and `alloc`.

use super::{Content, Field, Schema, Shape, Type, Variant};
use core::marker::PhantomData;
use core::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, Wrapping,
};
use core::ops::{Range, RangeInclusive};
use core::time::Duration;

/// Types by their shapes, each with its generics in front if it has any. The name is as it is written.
macro_rules! describe {
    ($([$($generics:tt)*] $name:ty: $shape:expr,)*) => {$(
        impl<$($generics)*> Schema for $name {
            const SCHEMA: &'static Type = &Type::new(stringify!($name), $shape);
        }
    )*};
}

/// Types that are encoded and described as another.
macro_rules! describe_as {
    ($([$($generics:tt)*] $name:ty: $other:ty,)*) => {$(
        impl<$($generics)*> Schema for $name {
            const SCHEMA: &'static Type = <$other>::SCHEMA;
        }
    )*};
}

describe! {
    [] (): Shape::Unit,
    [] bool: Shape::Bool,
    [] char: Shape::Char,
    [] str: Shape::String(None),
    [] u8: Shape::U8,
    [] u16: Shape::U16,
    [] u32: Shape::U32,
    [] u64: Shape::U64,
    [] u128: Shape::U128,
    [] i8: Shape::I8,
    [] i16: Shape::I16,
    [] i32: Shape::I32,
    [] i64: Shape::I64,
    [] i128: Shape::I128,
    [] f32: Shape::F32,
    [] f64: Shape::F64,
    [] NonZeroU8: Shape::U8,
    [] NonZeroU16: Shape::U16,
    [] NonZeroU32: Shape::U32,
    [] NonZeroU64: Shape::U64,
    [] NonZeroU128: Shape::U128,
    [] NonZeroI8: Shape::I8,
    [] NonZeroI16: Shape::I16,
    [] NonZeroI32: Shape::I32,
    [] NonZeroI64: Shape::I64,
    [] NonZeroI128: Shape::I128,
    [] Duration: Shape::Struct(&[field("secs", u64::SCHEMA), field("nanos", u32::SCHEMA)]),
    // Other slices cannot be decoded in place.
    [] [u8]: Shape::Seq(u8::SCHEMA, None),
    [T: Schema, const N: usize] [T; N]: Shape::Tuple(&[T::SCHEMA; N]),
    [A: Schema] (A,): Shape::Tuple(&[A::SCHEMA]),
    [A: Schema, B: Schema] (A, B): Shape::Tuple(&[A::SCHEMA, B::SCHEMA]),
    [A: Schema, B: Schema, C: Schema] (A, B, C): Shape::Tuple(&[A::SCHEMA, B::SCHEMA, C::SCHEMA]),
    [A: Schema, B: Schema, C: Schema, D: Schema] (A, B, C, D):
        Shape::Tuple(&[A::SCHEMA, B::SCHEMA, C::SCHEMA, D::SCHEMA]),
    [A: Schema, B: Schema, C: Schema, D: Schema, E: Schema] (A, B, C, D, E):
        Shape::Tuple(&[A::SCHEMA, B::SCHEMA, C::SCHEMA, D::SCHEMA, E::SCHEMA]),
    [A: Schema, B: Schema, C: Schema, D: Schema, E: Schema, F: Schema] (A, B, C, D, E, F):
        Shape::Tuple(&[A::SCHEMA, B::SCHEMA, C::SCHEMA, D::SCHEMA, E::SCHEMA, F::SCHEMA]),
    [T: Schema] Option<T>: Shape::Option(T::SCHEMA),
    [T: Schema, E: Schema] Result<T, E>:
        Shape::Enum(&[variant("Ok", T::SCHEMA), variant("Err", E::SCHEMA)]),
    [T: Schema] Range<T>: Shape::Struct(&[field("start", T::SCHEMA), field("end", T::SCHEMA)]),
    [T: Schema] RangeInclusive<T>:
        Shape::Struct(&[field("start", T::SCHEMA), field("end", T::SCHEMA)]),
    [T: ?Sized] PhantomData<T>: Shape::UnitStruct,
    [T: Schema, const N: usize] heapless::Vec<T, N>: Shape::Seq(T::SCHEMA, Some(N as u32)),
    [const N: usize] heapless::String<N>: Shape::String(Some(N as u32)),
}

describe_as! {
    [T: Schema + ?Sized] &T: T,
    [T: Schema] Wrapping<T>: T,
}

#[cfg(feature = "alloc")]
mod allocated {
    use super::{Schema, Shape, Type};
    use alloc::borrow::{Cow, ToOwned};
    use alloc::boxed::Box;
    use alloc::collections::{BTreeMap, BTreeSet};
    use alloc::string::String;
    use alloc::vec::Vec;

    describe! {
        [] String: Shape::String(None),
        [T: Schema] Vec<T>: Shape::Seq(T::SCHEMA, None),
        [T: Schema] BTreeSet<T>: Shape::Seq(T::SCHEMA, None),
        [K: Schema, V: Schema] BTreeMap<K, V>: Shape::Map(K::SCHEMA, V::SCHEMA),
    }

    describe_as! {
        [T: Schema] Box<T>: T,
        [T: Schema + ToOwned + ?Sized] Cow<'_, T>: T,
    }
}

const fn field(name: &'static str, ty: &'static Type) -> Field {
    let doc = "";
    Field { name, doc, ty }
}

const fn variant(name: &'static str, inner: &'static Type) -> Variant {
    Variant {
        name,
        doc: "",
        content: Content::Newtype(inner),
    }
}
