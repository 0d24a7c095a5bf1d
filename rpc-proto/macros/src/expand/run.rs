//! Types that are nothing but bytes. They are encoded and decoded as one run of bytes instead of one by one,
//! which is much faster; the encoding is the same.

use rpc_proto_syntax::generics;
use syn::{GenericArgument, Type};

/// A type that is a run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// `&[u8]`.
    Slice,
    /// `[u8; N]`, whose encoding has no length.
    Array,
    /// `Vec<u8, N>` of the crate heapless.
    Vec,
}

/// Returns the kind of run that a type is, as far as its name tells.
pub fn of(ty: &Type) -> Option<Run> {
    match ty {
        Type::Reference(reference) => match &*reference.elem {
            Type::Slice(slice) if is_u8(&slice.elem) => Some(Run::Slice),
            _ => None,
        },
        Type::Array(array) if is_u8(&array.elem) => Some(Run::Array),
        Type::Path(path) => match generics(&path.path, "Vec")?.iter().collect::<Vec<_>>()[..] {
            [GenericArgument::Type(item), _] if is_u8(item) => Some(Run::Vec),
            _ => None,
        },
        _ => None,
    }
}

fn is_u8(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("u8"))
}
