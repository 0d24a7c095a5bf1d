//! The code that `#[service]` adds for the events of a trait: a type each, and subscriptions.

use super::{Waiting, member_type, path};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use rpc_proto_syntax::{Procedure, Service, with_lifetime};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Lifetime, Type, parse_quote};

/// The lifetime of an event's borrowed data.
const BORROWED: &str = "'data";

/// Returns the lifetime of an event's type, if any of its data is borrowed.
pub fn lifetime(procedure: &Procedure) -> Option<Lifetime> {
    let mut data = procedure.arguments.iter();
    (procedure.is_event && data.any(|argument| borrows(&argument.ty))).then(|| parse_quote!('data))
}

fn borrows(ty: &Type) -> bool {
    let marked = with_lifetime(ty, BORROWED).to_token_stream().to_string();
    marked != ty.to_token_stream().to_string()
}

/// Generates the event's type, with its data as fields.
pub fn data(service: &Service, event: &Procedure) -> TokenStream {
    let visibility = &service.visibility;
    let name = member_type(service, event);
    let path = path(service, event);
    let doc = format!("The event `{path}`.\n\n");
    let text = &event.docs.text;
    let fields = event.arguments.iter().map(|argument| {
        let ident = &argument.ident;
        let ty = with_lifetime(&argument.ty, BORROWED);
        let doc = format!("The event's `{}`.", ident.unraw());
        let borrow = borrows(&argument.ty).then(|| quote!(#[serde(borrow)]));
        quote_spanned!(argument.ty.span()=> #[doc = #doc] #borrow #visibility #ident: #ty)
    });
    let lifetime = lifetime(event).map(|lifetime| quote!(<#lifetime>));
    quote! {
        #[doc = #doc]
        #[doc = #text]
        #[derive(
            ::core::clone::Clone,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
            ::rpc_proto::macro_support::serde::Serialize,
            ::rpc_proto::macro_support::serde::Deserialize,
        )]
        #[serde(crate = "::rpc_proto::macro_support::serde")]
        #[allow(dead_code)]
        #visibility struct #name #lifetime {
            #(#fields),*
        }
    }
}

pub fn event_impl(service: &Service, event: &Procedure) -> TokenStream {
    let name = member_type(service, event);
    let (own, received) = match lifetime(event) {
        Some(_) => (Some(quote!(<'_>)), Some(quote!(<'a>))),
        None => (None, None),
    };
    quote! {
        impl ::rpc_proto::macro_support::Event for #name #own {
            type Received<'a> = #name #received;
        }
    }
}

/// Generates the client's method that subscribes to an event.
pub fn subscription(service: &Service, event: &Procedure, waiting: &Waiting) -> TokenStream {
    let Waiting {
        caller,
        asynchronous,
        awaited,
    } = waiting;
    let (visibility, c, method) = (&service.visibility, &service.caller, &event.ident);
    let doc = format!("Subscribes to `{}`.\n\n", path(service, event));
    let text = &event.docs.text;
    let name = member_type(service, event);
    let lifetime = lifetime(event).map(|_| quote!(<'static>));
    quote! {
        #[doc = #doc]
        #[doc = #text]
        ///
        /// # Errors
        /// Returns the reason if the device did not accept the subscription.
        #visibility #asynchronous fn #method(
            &mut self,
        ) -> ::core::result::Result<
            <#c as #caller>::Subscription<#name #lifetime>,
            ::rpc_proto::macro_support::CallError<::rpc_proto::macro_support::SubscribeError>,
        > {
            #caller::subscribe(&mut self.caller)#awaited
        }
    }
}
