//! The code for procedures that return or take a sequence of items, a batch at a time.

use super::{error_type, type_name};
use crate::parse::{Argument, Flow, Procedure, Service, with_lifetime};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Token;

/// Returns the argument that requests a batch, which precedes the declared arguments.
pub fn ask_type(procedure: &Procedure) -> Option<TokenStream> {
    match procedure.flow {
        Flow::Stream { .. } => Some(quote!(::rpc_proto::macro_support::Ask,)),
        _ => None,
    }
}

/// Returns the kind in the description.
pub fn kind(procedure: &Procedure) -> TokenStream {
    match procedure.flow {
        Flow::Call => quote!(Call),
        Flow::Stream { moves: false } => quote!(Stream),
        Flow::Stream { moves: true } => quote!(MovingStream),
        Flow::Feed(_) => quote!(Feed),
    }
}

/// Generates the code that fills the reply to a stream's call from the method's return value.
pub fn reply(procedure: &Procedure, returned: &Ident, ask: &Ident) -> TokenStream {
    let moves = matches!(procedure.flow, Flow::Stream { moves: true });
    let fill = match (moves, &procedure.outcome.error) {
        (false, None) => quote!(items),
        (false, Some(_)) => quote!(items_result),
        (true, None) => quote!(moving),
        (true, Some(_)) => quote!(moving_result),
    };
    quote!(reply.#fill(#returned, #ask))
}

/// Returns the arguments before the sequence of a feed.
fn head(procedure: &Procedure) -> &[Argument] {
    match procedure.arguments.split_last() {
        Some((_, head)) => head,
        None => &[],
    }
}

/// Generates the traits that a procedure implements besides `Procedure`.
pub fn more_impls(service: &Service, procedure: &Procedure) -> TokenStream {
    let name = type_name(service, procedure);
    let value = &procedure.outcome.value;
    match &procedure.flow {
        Flow::Call => TokenStream::new(),
        Flow::Stream { moves } => quote! {
            impl ::rpc_proto::macro_support::StreamProcedure for #name {
                type Item = #value;

                const MOVES: bool = #moves;
            }
        },
        Flow::Feed(item) => {
            let head = head(procedure).iter();
            let head = head.map(|argument| with_lifetime(&argument.ty, "'a"));
            let fallible = procedure.outcome.error.is_some();
            quote! {
                impl ::rpc_proto::macro_support::FeedProcedure for #name {
                    type Head<'a> = (#(#head,)*);
                    type Item = #item;
                    type Output = #value;

                    const FALLIBLE: bool = #fallible;
                }
            }
        }
    }
}

/// Generates a client's method for a procedure that is not a plain call.
pub fn method(
    service: &Service,
    procedure: &Procedure,
    doc: &str,
    asynchronous: Option<Token![async]>,
) -> Option<TokenStream> {
    let visibility = &service.visibility;
    let method = &procedure.ident;
    let procedure_type = type_name(service, procedure);
    let (caller, awaited) = match asynchronous {
        Some(_) => (
            quote!(::rpc_proto::macro_support::AsyncCaller),
            Some(quote!(.await)),
        ),
        None => (quote!(::rpc_proto::macro_support::Caller), None),
    };
    let error = error_type(procedure);
    match &procedure.flow {
        Flow::Call => None,
        Flow::Stream { .. } => {
            let names = procedure.arguments.iter().map(|argument| &argument.ident);
            let given = names.clone();
            let types = procedure.arguments.iter();
            let types = types.map(|argument| with_lifetime(&argument.ty, "'s"));
            Some(quote! {
                #[doc = #doc]
                ///
                /// The items are fetched on demand. Each is an item, the procedure's own error, or the
                /// reason why the call failed. The stream ends after an error.
                #visibility fn #method<'s>(
                    &'s mut self,
                    #(#names: #types),*
                ) -> <C as #caller>::Stream<'s, #procedure_type> {
                    #caller::stream::<#procedure_type>(&mut self.caller, (#(#given,)*))
                }
            })
        }
        Flow::Feed(item) => {
            let head = head(procedure);
            let names = head.iter().map(|argument| &argument.ident);
            let given = names.clone();
            let types = head
                .iter()
                .map(|argument| with_lifetime(&argument.ty, "'_"));
            let items = procedure.arguments.last().map(|argument| &argument.ident);
            let value = &procedure.outcome.value;
            Some(quote! {
                #[doc = #doc]
                ///
                /// The items are sent in as many calls as needed, in order. Returns the value of the
                /// last call.
                ///
                /// # Errors
                /// Returns the procedure's own error, or the reason if a call failed, with the number
                /// of items taken before.
                #visibility #asynchronous fn #method(
                    &mut self,
                    #(#names: #types,)*
                    #items: impl ::core::iter::IntoIterator<Item = #item>,
                ) -> ::core::result::Result<#value, ::rpc_proto::macro_support::FeedError<#error>> {
                    #caller::feed::<#procedure_type>(
                        &mut self.caller,
                        &(#(#given,)*),
                        #items,
                    )#awaited
                }
            })
        }
    }
}
