//! The names of what is generated, and how they stay clear of the user's.

use crate::{Errors, Procedure};
use heck::ToUpperCamelCase;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use std::collections::HashSet;
use syn::ItemTrait;
use syn::ext::IdentExt;

/// The identifiers that occur in a trait.
pub struct Names(HashSet<String>);

impl Names {
    pub fn of(item: &ItemTrait) -> Self {
        let mut names = HashSet::new();
        collect(item.to_token_stream(), &mut names);
        Self(names)
    }

    /// Returns a name for a type parameter that no type of the trait has.
    pub fn unused(&self, name: &str) -> Ident {
        let mut name = name.to_owned();
        while self.0.contains(&name) {
            name.push('_');
        }
        Ident::new(&name, Span::call_site())
    }
}

fn collect(tokens: TokenStream, names: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Ident(ident) => {
                names.insert(ident.to_string());
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Returns the name of a member's type, such as `CalculatorAdd`.
pub fn member_type(service: &Ident, member: &Ident) -> Ident {
    let name = member.unraw().to_string().to_upper_camel_case();
    format_ident!("{service}{name}", span = member.span())
}

impl Errors {
    /// Rejects members whose types would have the same name, or an event whose type would have that of
    /// another type.
    pub(crate) fn check_member_types(
        &mut self,
        service: &Ident,
        procedures: &[Procedure],
        names: &Names,
    ) {
        let reserved = ["Service", "Client", "AsyncClient"];
        let reserved = reserved.map(|suffix| format_ident!("{service}{suffix}"));
        let mut members: Vec<(Ident, &Ident)> = Vec::new();
        for procedure in procedures {
            let member = &procedure.ident;
            let ty = member_type(service, member);
            if let Some((_, other)) = members.iter().find(|(taken, _)| *taken == ty) {
                self.add(
                    member,
                    &format!(
                        "`{other}` and `{member}` would both have the type `{ty}`: rename one"
                    ),
                );
            }
            // The types of procedures give way to others, but events are named by their users.
            if procedure.is_event && (reserved.contains(&ty) || names.0.contains(&ty.to_string())) {
                self.add(
                    member,
                    &format!(
                        "the type of this event would be `{ty}`, which another type is named: rename \
                         one"
                    ),
                );
            }
            members.push((ty, member));
        }
    }
}
