//! Distinguishes procedures that return or take a sequence of items, a batch at a time, from plain
//! ones.

use super::Errors;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{
    AngleBracketedGenericArguments, GenericArgument, Lifetime, PathArguments, Type, TypeParamBound,
    TypeReference,
};

/// The amount that a procedure takes and returns.
pub enum Flow {
    /// All at once.
    Call,
    /// It returns an iterator; the outcome's value is an item.
    Stream { moves: bool },
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
            let last = bound.path.segments.last()?;
            let is_iterator = last.ident == "Iterator";
            let given = generic_arguments(&last.arguments).filter(|_| is_iterator)?;
            given.args.iter().find_map(|argument| match argument {
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
    let last = path.path.segments.last()?;
    let given = generic_arguments(&last.arguments).filter(|_| last.ident == name)?;
    given.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(item) => Some(item),
        _ => None,
    })
}

fn generic_arguments(arguments: &PathArguments) -> Option<&AngleBracketedGenericArguments> {
    match arguments {
        PathArguments::AngleBracketed(given) => Some(given),
        _ => None,
    }
}

impl Errors {
    /// Rejects a borrowing type if no frame lasts long enough to borrow from.
    pub(super) fn check_owned(&mut self, ty: &Type, message: &str) {
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
