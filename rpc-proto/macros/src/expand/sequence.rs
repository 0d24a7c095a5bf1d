//! The code for procedures that return or take a sequence of items, a batch at a time.

use super::{Waiting, error_type, member_type, method_doc};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use rpc_proto_syntax::{Argument, Flow, Procedure, Service, with_lifetime};
use syn::Type;

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
    let name = member_type(service, procedure);
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

/// Generates a client's method for a stream.
pub fn stream_method(service: &Service, procedure: &Procedure, waiting: &Waiting) -> TokenStream {
    let (visibility, c, caller) = (&service.visibility, &service.caller, &waiting.caller);
    let (doc, method) = (method_doc(service, procedure), &procedure.ident);
    let procedure_type = member_type(service, procedure);
    let names: Vec<&Ident> = procedure.arguments.iter().map(|a| &a.ident).collect();
    let types = procedure.arguments.iter();
    let types = types.map(|argument| with_lifetime(&argument.ty, "'s"));
    quote! {
        #[doc = #doc]
        ///
        /// The items are fetched on demand. Each is an item, the procedure's own error, or the
        /// reason why the call failed. The stream ends after an error.
        #visibility fn #method<'s>(
            &'s mut self,
            #(#names: #types),*
        ) -> <#c as #caller>::Stream<'s, #procedure_type> {
            #caller::stream::<#procedure_type>(&mut self.caller, (#(#names,)*))
        }
    }
}

/// Generates a client's method for a feed of such items.
pub fn feed_method(
    service: &Service,
    procedure: &Procedure,
    item: &Type,
    waiting: &Waiting,
) -> TokenStream {
    let Waiting {
        caller,
        asynchronous,
        awaited,
    } = waiting;
    let (visibility, method) = (&service.visibility, &procedure.ident);
    let doc = method_doc(service, procedure);
    let procedure_type = member_type(service, procedure);
    let head = head(procedure);
    let names: Vec<&Ident> = head.iter().map(|argument| &argument.ident).collect();
    let types = head.iter();
    let types = types.map(|argument| with_lifetime(&argument.ty, "'_"));
    let items = procedure.arguments.last().map(|argument| &argument.ident);
    let value = &procedure.outcome.value;
    let error = error_type(procedure);
    quote! {
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
                &(#(#names,)*),
                #items,
            )#awaited
        }
    }
}
