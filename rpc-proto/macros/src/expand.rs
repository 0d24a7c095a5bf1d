//! Generates the code that `#[service]` adds to the trait, from the description of the service.

mod event;
mod run;
mod sequence;

use crate::parse::{Flow, Procedure, Service, with_lifetime};
use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use run::Run;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Token, Type};

/// Generates everything that follows the trait.
pub fn service(service: &Service) -> TokenStream {
    let procedure_types = service
        .procedures
        .iter()
        .map(|procedure| match procedure.is_event {
            true => event::data(service, procedure),
            false => procedure_type(service, procedure),
        });
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
        #(#procedure_types)*
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

/// Returns the name of a procedure's type, such as `CalculatorAdd`.
fn type_name(service: &Service, procedure: &Procedure) -> Ident {
    let name = procedure.ident.unraw().to_string().to_upper_camel_case();
    format_ident!("{}{name}", service.ident, span = procedure.ident.span())
}

fn procedure_type(service: &Service, procedure: &Procedure) -> TokenStream {
    let visibility = &service.visibility;
    let name = type_name(service, procedure);
    let doc = format!("The procedure `{}`.", path(service, procedure));
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug)]
        #visibility enum #name {}
    }
}

fn dispatcher_type(service: &Service) -> TokenStream {
    let (visibility, ident) = (&service.visibility, &service.ident);
    let name = dispatcher_name(service);
    let doc = format!("Offers the procedures of a [`{ident}`] to callers.");
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, Default)]
        #visibility struct #name<T>(pub T);
    }
}

fn dispatcher_name(service: &Service) -> Ident {
    format_ident!("{}Service", service.ident)
}

fn description(service: &Service) -> TokenStream {
    let name = snake_name(service);
    let doc = &service.doc;
    let count = service.procedures.len();
    let procedures = service.procedures.iter().map(|procedure| {
        let name = procedure.ident.unraw().to_string();
        let doc = &procedure.doc;
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
                quote!(Some(#schema))
            }
            None => quote!(None),
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
    let portable = service.procedures.iter().flat_map(|procedure| {
        let arguments = procedure.arguments.iter().map(|argument| &argument.ty);
        let outcome = [&procedure.outcome.value];
        arguments
            .chain(outcome)
            .chain(&procedure.outcome.error)
            .map(|ty| {
                let schema = schema(ty);
                quote_spanned!(ty.span()=> const _: () = ::rpc_proto::macro_support::assert_portable(#schema);)
            })
    });
    let distinct = quote_spanned! {service.ident.span()=>
        const _: &[&[u32]] = ::rpc_proto::macro_support::distinct(&[&KEYS]);
    };
    quote! {
        const SERVICE: ::rpc_proto::macro_support::ServiceDescription =
            ::rpc_proto::macro_support::ServiceDescription {
                name: #name,
                doc: #doc,
                procedures: &[#(#procedures),*],
            };
        const HEADER: ::rpc_proto::macro_support::Header = ::rpc_proto::macro_support::Header {
            name: #name,
            version: env!("CARGO_PKG_VERSION"),
            services: 1,
        };
        const ENCODED_HEADER: [u8; HEADER.encoded_len()] = HEADER.encode();
        const ENCODED_SERVICE: [u8; SERVICE.encoded_len()] = SERVICE.encode();
        const FINGERPRINT: u32 =
            ::rpc_proto::macro_support::fingerprint(&[&ENCODED_HEADER, &ENCODED_SERVICE]);
        const KEYS: [u32; #count] = SERVICE.keys();
        #distinct
        #(#portable)*
    }
}

/// Returns the schema of a type, with errors at the place where the type is written.
fn schema(ty: &Type) -> TokenStream {
    let ty = with_lifetime(ty, "'static");
    quote_spanned!(ty.span()=> <#ty as ::rpc_proto::macro_support::Described>::SCHEMA)
}

/// Returns true if an argument is decoded by itself.
fn is_plain(ty: &Type) -> bool {
    !matches!(run::of(ty), Some(Run::Array | Run::Vec))
}

fn dispatcher(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let name = dispatcher_name(service);
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
            let takes = names.iter().zip(&procedure.arguments).enumerate().map(
                |(position, (name, argument))| {
                    let ty = with_lifetime(&argument.ty, "'_");
                    let is_last = position + 1 == names.len();
                    let take = match procedure.flow {
                        Flow::Feed(_) if is_last => "take_items",
                        _ => match run::of(&argument.ty) {
                            Some(Run::Array) => "take_array",
                            Some(Run::Vec) => "take_run",
                            _ if is_last => "take_last",
                            _ => "take",
                        },
                    };
                    let take = Ident::new(take, argument.ty.span());
                    quote_spanned!(argument.ty.span()=> let #name: #ty = #taken.#take()?;)
                },
            );
            // A plain last argument is taken together with the check for what is behind it.
            let end = match (procedure.arguments.last(), &procedure.flow) {
                (Some(last), Flow::Call | Flow::Stream) if is_plain(&last.ty) => None,
                _ => Some(quote!(#taken.end()?;)),
            };
            let take_ask =
                sequence::ask_type(procedure).map(|_| quote!(let #ask = #taken.take()?;));
            let awaited = procedure.asynchronous.then(|| quote!(.await));
            // A type that cannot be serialised is reported where it is written.
            let returned = quote_spanned!(procedure.outcome.value.span()=> &#outcome);
            let answer = match (&procedure.flow, &procedure.outcome.error) {
                (Flow::Stream, _) => sequence::reply(procedure, &outcome, &ask),
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
            impl<T: #ident> ::rpc_proto::macro_support::Dispatch for #name<T> {
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
            const KEYS: &'static [u32] = &KEYS;
            const DESCRIPTION: &'static [u8] = &ENCODED_SERVICE;
            const HEADER: &'static [u8] = &ENCODED_HEADER;
        }

        #dispatch

        impl<T: #ident> ::rpc_proto::macro_support::DispatchAsync for #name<T> {
            #[allow(unused_mut, unused_variables)]
            async fn dispatch_async(#parameters) -> #result {
                #body
            }
        }
    }
}

/// Generates the impl that procedures and events share: path, key and numbers.
fn member_impl(service: &Service, index: usize, procedure: &Procedure) -> TokenStream {
    let name = type_name(service, procedure);
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
            const KEY: u32 = KEYS[#index];
            const NUMBER: ::core::option::Option<u16> = #number;
            const NUMBER_IF_SOLE: u16 = ::rpc_proto::macro_support::FIRST_NUMBER + #index as u16;
            const FINGERPRINT_IF_SOLE: u32 = FINGERPRINT;
        }
    }
}

fn procedure_impl(service: &Service, procedure: &Procedure) -> TokenStream {
    let name = type_name(service, procedure);
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

/// Generates the typed clients: one that blocks, and one that lets other tasks run meanwhile.
fn clients(service: &Service) -> TokenStream {
    let (visibility, ident) = (&service.visibility, &service.ident);
    let name = format_ident!("{ident}Client");
    let doc = format!("Calls the procedures of a [`{ident}`] on a device.");
    let caller = quote!(::rpc_proto::macro_support::Caller);
    let methods = methods(service, &caller, None);
    let subscriptions = event::subscriptions(service, &caller, None);
    let async_name = format_ident!("{ident}AsyncClient");
    let async_doc = format!(
        "Calls the procedures of a [`{ident}`] on a device, and lets other tasks run meanwhile."
    );
    let async_caller = quote!(::rpc_proto::macro_support::AsyncCaller);
    let asynchronous = Some(Token![async](ident.span()));
    let async_methods = self::methods(service, &async_caller, asynchronous);
    let async_subscriptions = event::subscriptions(service, &async_caller, asynchronous);
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        #visibility struct #name<C> {
            caller: C,
        }

        #[allow(clippy::too_many_arguments, dead_code)]
        impl<C: #caller> #name<C> {
            /// Creates a client that calls through `caller`.
            #visibility fn new(
                caller: impl ::rpc_proto::macro_support::IntoCaller<Caller = C>,
            ) -> Self {
                Self {
                    caller: ::rpc_proto::macro_support::IntoCaller::into_caller(caller),
                }
            }

            /// Returns the caller that the client calls through.
            #visibility const fn caller(&mut self) -> &mut C {
                &mut self.caller
            }

            #methods
            #subscriptions
        }

        #[doc = #async_doc]
        #[derive(Clone, Debug)]
        #[allow(dead_code)]
        #visibility struct #async_name<C> {
            caller: C,
        }

        #[allow(clippy::too_many_arguments, dead_code)]
        impl<C: #async_caller> #async_name<C> {
            /// Creates a client that calls through `caller`.
            #visibility fn new(
                caller: impl ::rpc_proto::macro_support::IntoCaller<Caller = C>,
            ) -> Self {
                Self {
                    caller: ::rpc_proto::macro_support::IntoCaller::into_caller(caller),
                }
            }

            /// Returns the caller that the client calls through.
            #visibility const fn caller(&mut self) -> &mut C {
                &mut self.caller
            }

            #async_methods
            #async_subscriptions
        }
    }
}

/// Generates the methods of a client whose caller is a `caller`.
fn methods(
    service: &Service,
    caller: &TokenStream,
    asynchronous: Option<Token![async]>,
) -> TokenStream {
    let visibility = &service.visibility;
    let awaited = asynchronous.map(|_| quote!(.await));
    let called = service
        .procedures
        .iter()
        .filter(|procedure| !procedure.is_event);
    let methods = called.map(|procedure| {
        let method = &procedure.ident;
        let doc = match procedure.doc.as_str() {
            "" => format!("Calls `{}`.", path(service, procedure)),
            doc => doc.to_owned(),
        };
        if let Some(method) = sequence::method(service, procedure, &doc, asynchronous) {
            return method;
        }
        let procedure_type = type_name(service, procedure);
        let names: Vec<&Ident> = procedure
            .arguments
            .iter()
            .map(|argument| &argument.ident)
            .collect();
        let types = procedure
            .arguments
            .iter()
            .map(|argument| with_lifetime(&argument.ty, "'_"));
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
    });
    quote!(#(#methods)*)
}
