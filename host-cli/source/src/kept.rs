//! Keeps what is described for as long as the program runs, once each: descriptions are constants for the compiler,
//! and here they are written by the same code.

use rpc_proto::macro_support::{ArgumentDescription, ProcedureDescription};
use rpc_proto::schema::{Field, Type, Variant};
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{LazyLock, Mutex, PoisonError};

#[derive(Default)]
pub struct Kept {
    texts: HashSet<&'static str>,
    types: HashSet<&'static Type>,
    lists: HashSet<&'static [&'static Type]>,
    fields: HashSet<&'static [Field]>,
    variants: HashSet<&'static [Variant]>,
    arguments: HashSet<&'static [ArgumentDescription]>,
    procedures: HashSet<&'static [ProcedureDescription]>,
}

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// What can be kept.
pub trait Keep: Eq + Hash + 'static {
    fn set(kept: &mut Kept) -> &mut HashSet<&'static Self>;
}

macro_rules! keep {
    ($($ty:ty: $set:ident,)*) => {$(
        impl Keep for $ty {
            fn set(kept: &mut Kept) -> &mut HashSet<&'static Self> {
                &mut kept.$set
            }
        }
    )*};
}

keep! {
    str: texts,
    Type: types,
    [&'static Type]: lists,
    [Field]: fields,
    [Variant]: variants,
    [ArgumentDescription]: arguments,
    [ProcedureDescription]: procedures,
}

/// Returns a copy that stays, the same one for equal values.
pub fn keep<T: Keep + ?Sized>(value: impl Into<Box<T>>) -> &'static T {
    let value: Box<T> = value.into();
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let set = T::set(&mut kept);
    if let Some(kept) = set.get(&*value) {
        return kept;
    }
    let value: &'static T = Box::leak(value);
    set.insert(value);
    value
}
