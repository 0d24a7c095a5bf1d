//! Generates the code that `#[service]` adds to the trait, from the description of the service.

mod event;
mod run;
mod sequence;

use heck::ToSnakeCase;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use rpc_proto_syntax::{self as syntax, Flow, Procedure, Service, with_lifetime};
use run::Run;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Token, Type, Visibility};

/// Generates everything that follows the trait.
pub fn service(service: &Service) -> TokenStream {
    let procedure_types = procedure_types(service);
    let events = service.procedures.iter().filter(|member| member.is_event);
    let events = events.map(|event| event::data(service, event));
    let dispatcher_type = dispatcher_type(service);
    let clients = clients(service);
    let description = description(service);
    let dispatcher = dispatcher(service);
    let procedures = service
        .procedures
        .iter()
        .enumerate()
        .map(|(index, procedure)| {
            let member = member_impl(service, index, procedure);
            let more = match procedure.is_event {
                true => event::event_impl(service, procedure),
                false => procedure_impl(service, procedure),
            };
            quote!(#member #more)
        });
    quote! {
        #procedure_types
        #(#events)*
        #dispatcher_type
        #clients
        const _: () = {
            #description
            #dispatcher
            #(#procedures)*
        };
    }
}

/// Returns the service's name in paths.
fn snake_name(service: &Service) -> String {
    service.ident.unraw().to_string().to_snake_case()
}

fn path(service: &Service, procedure: &Procedure) -> String {
    format!("{}.{}", snake_name(service), procedure.ident.unraw())
}

/// Returns the type of a procedure or event, such as `CalculatorAdd`.
fn member_type(service: &Service, member: &Procedure) -> TokenStream {
    let name = syntax::member_type(&service.ident, &member.ident);
    match member.is_event {
        true => quote!(#name),
        false => {
            let module = module(service);
            quote!(#module::#name)
        }
    }
}

/// Returns the module that has the types of procedures. They are imported from there by a `*`, which
/// gives way to types of the same name that the user has declared, or that the attribute adds.
fn module(service: &Service) -> Ident {
    Ident::new(&format!("__{}", service.ident), Span::call_site())
}

fn procedure_types(service: &Service) -> TokenStream {
    let visibility = &service.visibility;
    // The same, as it is written in the module.
    let inside = match visibility {
        Visibility::Inherited => quote!(pub(super)),
        Visibility::Restricted(to) if to.path.is_ident("self") => quote!(pub(super)),
        Visibility::Restricted(to) if to.path.segments[0].ident == "super" => {
            let path = &to.path;
            quote!(pub(in super::#path))
        }
        other => quote!(#other),
    };
    let module = module(service);
    let procedures = service.procedures.iter().filter(|member| !member.is_event);
    let types = procedures.map(|procedure| {
        let name = syntax::member_type(&service.ident, &procedure.ident);
        let doc = format!("The procedure `{}`.", path(service, procedure));
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
            #inside enum #name {}
        }
    });
    quote! {
        #[allow(non_snake_case)]
        mod #module {
            #(#types)*
        }
        #[allow(unused_imports)]
        #visibility use #module::*;
    }
}

fn dispatcher_type(service: &Service) -> TokenStream {
    let (visibility, ident) = (&service.visibility, &service.ident);
    let name = dispatcher_name(service);
    let doc = format!("Offers the procedures of a [`{ident}`] to callers.");
    quote! {
        #[doc = #doc]
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
            ::core::default::Default,
        )]
        #visibility struct #name<T>(pub T);
    }
}

fn dispatcher_name(service: &Service) -> Ident {
    format_ident!("{}Service", service.ident)
}

fn description(service: &Service) -> TokenStream {
    let name = snake_name(service);
    let doc = service.docs.constant();
    let count = service.procedures.len();
    let procedures = service.procedures.iter().map(|procedure| {
        let name = procedure.ident.unraw().to_string();
        let doc = procedure.docs.constant();
        let idempotent = procedure.idempotent;
        let kind = match procedure.is_event {
            true => quote!(Event),
            false => sequence::kind(procedure),
        };
        let arguments = procedure.arguments.iter().map(|argument| {
            let name = argument.ident.unraw().to_string();
            let schema = schema(&argument.ty);
            quote!(::rpc_proto::macro_support::ArgumentDescription { name: #name, ty: #schema })
        });
        let value = schema(&procedure.outcome.value);
        let error = match &procedure.outcome.error {
            Some(error) => {
                let schema = schema(error);
                quote!(::core::option::Option::Some(#schema))
            }
            None => quote!(::core::option::Option::None),
        };
        quote! {
            ::rpc_proto::macro_support::ProcedureDescription {
                name: #name,
                doc: #doc,
                arguments: &[#(#arguments),*],
                value: #value,
                error: #error,
                mark: ::rpc_proto::macro_support::Mark::new(
                    ::rpc_proto::macro_support::ProcedureKind::#kind,
                    #idempotent,
                ),
            }
        }
    });
    let distinct = quote_spanned! {service.ident.span()=>
        const _: &[&[u32]] = ::rpc_proto::macro_support::distinct(&[__SERVICE.name], &[&__KEYS]);
    };
    quote! {
        const __SERVICE: ::rpc_proto::macro_support::ServiceDescription =
            ::rpc_proto::macro_support::ServiceDescription {
                name: #name,
                doc: #doc,
                procedures: &[#(#procedures),*],
            };
        const __HEADER: ::rpc_proto::macro_support::Header = ::rpc_proto::macro_support::Header {
            name: #name,
            version: ::core::env!("CARGO_PKG_VERSION"),
            services: 1,
        };
        const __ENCODED_HEADER: [u8; __HEADER.encoded_len()] = __HEADER.encode();
        const __ENCODED_SERVICE: [u8; __SERVICE.encoded_len()] = __SERVICE.encode();
        const __FINGERPRINT: u32 =
            ::rpc_proto::macro_support::fingerprint(&[&__ENCODED_HEADER, &__ENCODED_SERVICE]);
        const __KEYS: [u32; #count] = __SERVICE.keys();
        #distinct
    }
}

/// Returns the schema of a type, with errors at the place where the type is written.
fn schema(ty: &Type) -> TokenStream {
    let ty = with_lifetime(ty, "'static");
    quote_spanned!(ty.span()=> <#ty as ::rpc_proto::macro_support::Schema>::SCHEMA)
}

fn dispatcher(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let name = dispatcher_name(service);
    let implementation = &service.implementation;
    // The names are created here, so that they are not looked up in a user's macro that contains the
    // types.
    let taken = Ident::new("arguments", Span::call_site());
    let outcome = Ident::new("outcome", Span::call_site());
    let ask = Ident::new("ask", Span::mixed_site());
    let arms = service
        .procedures
        .iter()
        .enumerate()
        .filter(|(_, procedure)| !procedure.is_event)
        .map(|(index, procedure)| {
            let index = Literal::u16_unsuffixed(index as u16);
            let method = &procedure.ident;
            let names: Vec<Ident> = (0..procedure.arguments.len())
                .map(|position| Ident::new(&format!("argument_{position}"), Span::mixed_site()))
                .collect();
            let arguments = &procedure.arguments;
            let methods = arguments.iter().enumerate().map(|(position, argument)| {
                let is_last = position + 1 == arguments.len();
                match (&procedure.flow, run::of(&argument.ty)) {
                    (Flow::Feed(_), _) if is_last => "take_items",
                    (_, Some(Run::Array)) => "take_array",
                    (_, Some(Run::Vec)) => "take_run",
                    _ if is_last => "take_last",
                    _ => "take",
                }
            });
            // A plain last argument is taken together with the check for what is behind it.
            let end =
                (methods.clone().next_back() != Some("take_last")).then(|| quote!(#taken.end()?;));
            let takes = names.iter().zip(arguments).zip(methods);
            let takes = takes.map(|((name, argument), take)| {
                let ty = with_lifetime(&argument.ty, "'_");
                let take = Ident::new(take, argument.ty.span());
                quote_spanned!(argument.ty.span()=> let #name: #ty = #taken.#take()?;)
            });
            let is_stream = matches!(procedure.flow, Flow::Stream { .. });
            let take_ask = is_stream.then(|| quote!(let #ask = #taken.take()?;));
            let awaited = procedure.asynchronous.then(|| quote!(.await));
            // A type that cannot be serialised is reported where it is written.
            let returned = quote_spanned!(procedure.outcome.value.span()=> &#outcome);
            let answer = match (&procedure.flow, &procedure.outcome.error) {
                (Flow::Stream { .. }, _) => sequence::reply(procedure, &outcome, &ask),
                (_, error) => match (run::of(&procedure.outcome.value), error) {
                    (Some(Run::Slice | Run::Vec), Some(_)) => quote!(reply.run_result(#returned)),
                    (Some(Run::Slice | Run::Vec), None) => quote!(reply.run(#returned)),
                    (Some(Run::Array), None) => quote!(reply.return_bytes(#returned)),
                    (_, Some(_)) => quote!(reply.result(#returned)),
                    (_, None) => quote!(reply.value(#returned)),
                },
            };
            quote! {
                #index => {
                    #take_ask
                    #(#takes)*
                    #end
                    let #outcome = #ident::#method(&mut self.0, #(#names),*)#awaited;
                    ::core::result::Result::Ok(#answer)
                }
            }
        });
    let parameters = quote! {
        &mut self,
        index: u16,
        mut #taken: ::rpc_proto::macro_support::Arguments<'_>,
        reply: ::rpc_proto::macro_support::Reply<'_>,
    };
    let result = quote! {
        ::core::result::Result<::rpc_proto::macro_support::Replied, ::rpc_proto::macro_support::Fault>
    };
    let body = quote! {
        match index {
            #(#arms)*
            _ => ::core::result::Result::Err(::rpc_proto::macro_support::Fault::UnknownProcedure),
        }
    };
    let is_async = service
        .procedures
        .iter()
        .any(|procedure| procedure.asynchronous);
    let (dispatch, body) = if is_async {
        (None, body)
    } else {
        let dispatch = quote! {
            impl<#implementation: #ident> ::rpc_proto::macro_support::Dispatch for #name<#implementation> {
                #[allow(unused_mut, unused_variables)]
                fn dispatch(#parameters) -> #result {
                    #body
                }
            }
        };
        let body =
            quote!(::rpc_proto::macro_support::Dispatch::dispatch(self, index, #taken, reply));
        (Some(dispatch), body)
    };
    quote! {
        impl<T> ::rpc_proto::macro_support::Service for #name<T> {
            const NAME: &'static str = __SERVICE.name;
            const KEYS: &'static [u32] = &__KEYS;
            const LONGEST: ::rpc_proto::macro_support::Longest = __SERVICE.longest();
            const DESCRIPTION: &'static [u8] = &__ENCODED_SERVICE;
            const HEADER: &'static [u8] = &__ENCODED_HEADER;
        }

        #dispatch

        impl<#implementation: #ident> ::rpc_proto::macro_support::DispatchAsync for #name<#implementation> {
            #[allow(unused_mut, unused_variables)]
            async fn dispatch_async(#parameters) -> #result {
                #body
            }
        }
    }
}

/// Generates the impl that procedures and events share: path, key and numbers.
fn member_impl(service: &Service, index: usize, procedure: &Procedure) -> TokenStream {
    let name = member_type(service, procedure);
    let path = path(service, procedure);
    let number = match service.first_number {
        Some(first) => {
            let number = Literal::u16_unsuffixed(first + index as u16);
            quote!(::core::option::Option::Some(#number))
        }
        None => quote!(::core::option::Option::None),
    };
    let index = Literal::usize_unsuffixed(index);
    let lifetime = event::lifetime(procedure).map(|_| quote!(<'_>));
    quote! {
        impl ::rpc_proto::macro_support::Member for #name #lifetime {
            const PATH: &'static str = #path;
            const KEY: u32 = __KEYS[#index];
            const NUMBER: ::core::option::Option<u16> = #number;
            const NUMBER_IF_SOLE: u16 = ::rpc_proto::macro_support::FIRST_NUMBER + #index as u16;
            const FINGERPRINT_IF_SOLE: u32 = __FINGERPRINT;
            const DESCRIPTION_IF_SOLE: &'static [&'static [u8]] =
                &[&__ENCODED_HEADER, &__ENCODED_SERVICE];
        }
    }
}

fn procedure_impl(service: &Service, procedure: &Procedure) -> TokenStream {
    let name = member_type(service, procedure);
    let arguments = procedure.arguments.iter().enumerate();
    let arguments = arguments.map(|(position, argument)| match &procedure.flow {
        Flow::Feed(item) if position + 1 == procedure.arguments.len() => quote!(&'a [#item]),
        _ => with_lifetime(&argument.ty, "'a").into_token_stream(),
    });
    let more = sequence::more_impls(service, procedure);
    // An argument that cannot be serialised is reported at its procedure.
    let arguments = quote_spanned!(procedure.ident.span()=> (#(#arguments,)*));
    let value = with_lifetime(&procedure.outcome.value, "'a");
    let error = error_type(procedure);
    let idempotent = procedure.idempotent;
    quote! {
        impl ::rpc_proto::macro_support::Procedure for #name {
            type Arguments<'a> = #arguments;
            type Value<'a> = #value;
            type Error = #error;

            const IDEMPOTENT: bool = #idempotent;
        }

        #more
    }
}

fn error_type(procedure: &Procedure) -> TokenStream {
    match &procedure.outcome.error {
        Some(error) => error.to_token_stream(),
        None => quote!(::rpc_proto::macro_support::Never),
    }
}

/// The way a client's methods wait.
struct Waiting {
    /// The trait of the callers that wait like that.
    caller: TokenStream,
    asynchronous: Option<Token![async]>,
    /// What waits for a call.
    awaited: Option<TokenStream>,
}

/// Generates the typed clients: one that blocks, and one that lets other tasks run meanwhile.
fn clients(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let doc = format!("Calls the procedures of a [`{ident}`] on a device");
    let blocking = Waiting {
        caller: quote!(::rpc_proto::macro_support::Caller),
        asynchronous: None,
        awaited: None,
    };
    let yielding = Waiting {
        caller: quote!(::rpc_proto::macro_support::AsyncCaller),
        asynchronous: Some(Token![async](ident.span())),
        awaited: Some(quote!(.await)),
    };
    let (name, async_name) = (
        format_ident!("{ident}Client"),
        format_ident!("{ident}AsyncClient"),
    );
    let client = client(service, &name, &format!("{doc}."), &blocking);
    let async_doc = format!("{doc}, and lets other tasks run meanwhile.");
    let async_client = self::client(service, &async_name, &async_doc, &yielding);
    quote! {
        #client
        // Few use both.
        #[allow(dead_code)]
        #async_client
    }
}

fn client(service: &Service, name: &Ident, doc: &str, waiting: &Waiting) -> TokenStream {
    let (visibility, c, caller) = (&service.visibility, &service.caller, &waiting.caller);
    let methods = service.procedures.iter().map(|member| {
        if member.is_event {
            return event::subscription(service, member, waiting);
        }
        match &member.flow {
            Flow::Call => method(service, member, waiting),
            Flow::Stream { .. } => sequence::stream_method(service, member, waiting),
            Flow::Feed(item) => sequence::feed_method(service, member, item, waiting),
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #visibility struct #name<C> {
            caller: C,
        }

        #[allow(clippy::too_many_arguments, dead_code)]
        impl<#c: #caller> #name<#c> {
            /// Creates a client that calls through `caller`.
            #visibility fn new(
                caller: impl ::rpc_proto::macro_support::IntoCaller<Caller = #c>,
            ) -> Self {
                Self {
                    caller: ::rpc_proto::macro_support::IntoCaller::into_caller(caller),
                }
            }

            /// Returns the caller that the client calls through.
            #visibility const fn caller(&mut self) -> &mut #c {
                &mut self.caller
            }

            #(#methods)*
        }
    }
}

/// Returns the doc comment of a client's method.
fn method_doc(service: &Service, procedure: &Procedure) -> TokenStream {
    match procedure.docs.is_empty {
        true => format!("Calls `{}`.", path(service, procedure)).to_token_stream(),
        false => procedure.docs.text.clone(),
    }
}

/// Generates a client's method for a plain call.
fn method(service: &Service, procedure: &Procedure, waiting: &Waiting) -> TokenStream {
    let Waiting {
        caller,
        asynchronous,
        awaited,
    } = waiting;
    let (visibility, method) = (&service.visibility, &procedure.ident);
    let doc = method_doc(service, procedure);
    let procedure_type = member_type(service, procedure);
    let names: Vec<&Ident> = procedure.arguments.iter().map(|a| &a.ident).collect();
    let types = procedure.arguments.iter();
    let types = types.map(|argument| with_lifetime(&argument.ty, "'_"));
    let value = with_lifetime(&procedure.outcome.value, "'_");
    let error = error_type(procedure);
    quote! {
        #[doc = #doc]
        ///
        /// # Errors
        /// Returns the procedure's own error, or the reason if the call failed.
        #visibility #asynchronous fn #method(
            &mut self,
            #(#names: #types),*
        ) -> ::core::result::Result<#value, ::rpc_proto::macro_support::CallError<#error>> {
            #caller::call::<#procedure_type>(&mut self.caller, &(#(#names,)*))#awaited
        }
    }
}
