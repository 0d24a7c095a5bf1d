//! Describes the types that are known by their names: those of the compiler, `core`, `std`, `alloc` and `heapless`.

use super::{Described, Scope, arguments};
use crate::kept::keep;
use crate::resolve::is_standard;
use rpc_proto::schema::{Content, Field, Schema, Shape, Type, Variant};
use std::marker::PhantomData;
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128,
};
use std::ops::{Range, RangeInclusive};
use std::time::Duration;
use syn::{GenericArgument, TypePath};

/// Creates a type without a doc comment.
pub fn new(name: &str, shape: Shape) -> &'static Type {
    let name = keep(name);
    keep(Type::new(name, shape))
}

/// Returns a type that differs from another by its shape.
pub fn like(other: &Type, shape: Shape) -> &'static Type {
    new(other.name, shape)
}

impl Scope<'_> {
    /// Describes a type of another crate that is known.
    pub fn standard(&self, path: &TypePath, outside: &[String]) -> Described {
        let is_known = match outside {
            // Source that is for C only need not import anything.
            [_] => true,
            [first, .., last] => is_standard(outside) || (first == "rpc_proto" && last == "Items"),
            [] => false,
        };
        let name = outside.last().map(String::as_str).unwrap_or_default();
        if !is_known {
            return Err(self.unknown(path));
        }
        let is_heapless = outside.first().is_some_and(|first| first == "heapless");
        let arguments: Vec<_> = arguments(path)
            .into_iter()
            .filter(|argument| !matches!(argument, GenericArgument::Lifetime(_)))
            .collect();
        let ty = |argument: &GenericArgument| match argument {
            GenericArgument::Type(ty) => self.ty(ty),
            _ => Err(self.unknown(path)),
        };
        let limit = |argument| {
            let limit = self.number(path, argument)?;
            u32::try_from(limit)
                .map_err(|_| self.error(path, "this limit is longer than a number of 32 bits"))
        };
        let field = |name, ty| Field { name, doc: "", ty };
        let variant = |name, ty| Variant {
            name,
            doc: "",
            content: Content::Newtype(ty),
        };
        let is_heapless = match (name, &arguments[..]) {
            ("Vec", [_, _]) | ("String", [_]) => is_heapless || outside.len() == 1,
            _ => is_heapless,
        };
        Ok(match (is_heapless, name, &arguments[..]) {
            (true, "Vec", [item, most]) => {
                let shape = Shape::Seq(ty(item)?, Some(limit(most)?));
                like(<heapless::Vec<(), 1>>::SCHEMA, shape)
            }
            (true, "String", [most]) => like(
                <heapless::String<1>>::SCHEMA,
                Shape::String(Some(limit(most)?)),
            ),
            (true, ..) => return Err(self.unknown(path)),
            (_, "Option", [inner]) => like(<Option<()>>::SCHEMA, Shape::Option(ty(inner)?)),
            (_, "Result", [value, error]) => {
                let variants = vec![variant("Ok", ty(value)?), variant("Err", ty(error)?)];
                like(<Result<(), ()>>::SCHEMA, Shape::Enum(keep(variants)))
            }
            (_, "Range" | "RangeInclusive", [inner]) => {
                let fields = vec![field("start", ty(inner)?), field("end", ty(inner)?)];
                let other = match name {
                    "Range" => <Range<()>>::SCHEMA,
                    _ => <RangeInclusive<()>>::SCHEMA,
                };
                like(other, Shape::Struct(keep(fields)))
            }
            (_, "PhantomData", [_]) => <PhantomData<()>>::SCHEMA,
            (_, "Wrapping" | "Box" | "Cow", [inner]) => ty(inner)?,
            (_, "Duration", []) => Duration::SCHEMA,
            // The crate `rpc-proto` describes these only where there is a heap.
            (_, "String", []) => new("String", Shape::String(None)),
            (_, "Vec", [item]) => new("Vec<T>", Shape::Seq(ty(item)?, None)),
            (_, "BTreeSet", [item]) => new("BTreeSet<T>", Shape::Seq(ty(item)?, None)),
            (_, "BTreeMap", [key, value]) => {
                new("BTreeMap<K, V>", Shape::Map(ty(key)?, ty(value)?))
            }
            (_, "Items", [item]) => new("Items<T>", Shape::Seq(ty(item)?, None)),
            (_, name, []) => non_zero(name).ok_or_else(|| self.unknown(path))?,
            _ => return Err(self.unknown(path)),
        })
    }
}

macro_rules! by_name {
    ($(#[$doc:meta])* $function:ident: $($ty:ident)*) => {
        $(#[$doc])*
        pub fn $function(name: &str) -> Option<&'static Type> {
            match name {
                $(stringify!($ty) => Some($ty::SCHEMA),)*
                _ => None,
            }
        }
    };
}

by_name! {
    /// Returns a type of the compiler.
    primitive: bool char str u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64
}
by_name! {
    /// Returns a type of numbers that are not zero.
    non_zero: NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 NonZeroI8 NonZeroI16 NonZeroI32
        NonZeroI64 NonZeroI128
}
