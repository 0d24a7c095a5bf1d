//! Distinguishes procedures that return or take a sequence of items, a batch at a time, from plain
//! ones.

use crate::Errors;
use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{
    GenericArgument, Lifetime, Path, PathArguments, Token, Type, TypeParamBound, TypeReference,
};

/// The amount that a procedure takes and returns.
pub enum Flow {
    /// All at once.
    Call,
    /// It returns an iterator; the outcome's value is an item.
    Stream {
        /// True if the items come and go while it is read.
        moves: bool,
    },
    /// Its last argument is an iterator over such items.
    Feed(Box<Type>),
}

/// Returns the type of the items of `impl Iterator<Item = T>` or `Moving<impl Iterator<Item = T>>`, and
/// true if it is the latter.
pub fn streamed(ty: &Type) -> Option<(&Type, bool)> {
    match argument_of(ty, "Moving") {
        Some(items) => Some((iterated(items)?, true)),
        None => Some((iterated(ty)?, false)),
    }
}

/// Returns the type of the items of `impl Iterator<Item = T>`, which may have a lifetime.
fn iterated(ty: &Type) -> Option<&Type> {
    let Type::ImplTrait(ty) = ty else { return None };
    ty.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            let mut given = generics(&bound.path, "Iterator")?.iter();
            given.find_map(|argument| match argument {
                GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
                _ => None,
            })
        }
        _ => None,
    })
}

/// Returns the type of the items of `Items<'_, T>`.
pub fn fed(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Items")
}

/// Returns the type argument of `name<T>`, which may have a lifetime before it.
fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let mut given = generics(&path.path, name)?.iter();
    given.find_map(|argument| match argument {
        GenericArgument::Type(item) => Some(item),
        _ => None,
    })
}

/// Returns what stands in the brackets of a path that ends in `name<…>`.
pub fn generics<'a>(
    path: &'a Path,
    name: &str,
) -> Option<&'a Punctuated<GenericArgument, Token![,]>> {
    let last = path.segments.last().filter(|last| last.ident == name)?;
    match &last.arguments {
        PathArguments::AngleBracketed(given) => Some(&given.args),
        _ => None,
    }
}

impl Errors {
    /// Rejects a borrowing type if no frame lasts long enough to borrow from.
    pub(crate) fn check_owned(&mut self, ty: &Type, message: &str) {
        struct Check<'e>(&'e mut Errors, &'e str);
        impl Check<'_> {
            fn refuse(&mut self, place: &impl ToTokens) {
                self.0.add(place, self.1);
            }
        }
        impl<'ast> Visit<'ast> for Check<'_> {
            fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
                self.refuse(lifetime);
            }
            fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
                self.refuse(reference);
            }
        }
        Check(self, message).visit_type(ty);
    }
}
