//! The description of a service to the code that `#[service]` adds to the trait.

use crate::parse::{Procedure, Service, with_lifetime};
use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

/// Everything that follows the trait.
pub fn service(service: &Service) -> TokenStream {
    let procedure_types = service
        .procedures
        .iter()
        .map(|procedure| procedure_type(service, procedure));
    let dispatcher_type = dispatcher_type(service);
    let client = client(service);
    let description = description(service);
    let dispatcher = dispatcher(service);
    let procedures = service
        .procedures
        .iter()
        .enumerate()
        .map(|(index, procedure)| procedure_impl(service, index, procedure));
    quote! {
        #(#procedure_types)*
        #dispatcher_type
        #client
        const _: () = {
            #description
            #dispatcher
            #(#procedures)*
        };
    }
}

/// The service's name in paths.
fn snake_name(service: &Service) -> String {
    service.ident.unraw().to_string().to_snake_case()
}

fn path(service: &Service, procedure: &Procedure) -> String {
    format!("{}.{}", snake_name(service), procedure.ident.unraw())
}

/// The name of a procedure's type, such as `CalculatorAdd`.
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
        let arguments = procedure.arguments.iter().map(|argument| {
            let name = argument.ident.unraw().to_string();
            let schema = schema(&argument.ty);
            quote!(::rpc_proto::describe::ArgumentDescription { name: #name, ty: #schema })
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
            ::rpc_proto::describe::ProcedureDescription {
                name: #name,
                doc: #doc,
                arguments: &[#(#arguments),*],
                value: #value,
                error: #error,
                idempotent: #idempotent,
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
                quote_spanned!(ty.span()=> const _: () = ::rpc_proto::describe::assert_portable(#schema);)
            })
    });
    let distinct = quote_spanned! {service.ident.span()=>
        const _: () = ::rpc_proto::describe::assert_distinct(&[&KEYS]);
    };
    quote! {
        const SERVICE: ::rpc_proto::describe::ServiceDescription =
            ::rpc_proto::describe::ServiceDescription {
                name: #name,
                doc: #doc,
                procedures: &[#(#procedures),*],
            };
        const HEADER: ::rpc_proto::describe::Header = ::rpc_proto::describe::Header {
            name: #name,
            version: env!("CARGO_PKG_VERSION"),
            services: 1,
        };
        const ENCODED_HEADER: [u8; HEADER.encoded_len()] = HEADER.encode();
        const ENCODED_SERVICE: [u8; SERVICE.encoded_len()] = SERVICE.encode();
        const FINGERPRINT: u32 =
            ::rpc_proto::describe::fingerprint(&[&ENCODED_HEADER, &ENCODED_SERVICE]);
        const KEYS: [u32; #count] = SERVICE.keys();
        #distinct
        #(#portable)*
    }
}

/// The schema of a type, with errors at the place where the type is written.
fn schema(ty: &Type) -> TokenStream {
    let ty = with_lifetime(ty, "'static");
    quote_spanned!(ty.span()=> <#ty as ::rpc_proto::macro_support::Schema>::SCHEMA)
}

fn dispatcher(service: &Service) -> TokenStream {
    let ident = &service.ident;
    let name = dispatcher_name(service);
    // Made here, lest they be looked for in a macro of the user's that gives the types.
    let taken = Ident::new("arguments", Span::call_site());
    let outcome = Ident::new("outcome", Span::call_site());
    let arms = service
        .procedures
        .iter()
        .enumerate()
        .map(|(index, procedure)| {
            let index = Literal::u16_unsuffixed(index as u16);
            let method = &procedure.ident;
            let names: Vec<Ident> = (0..procedure.arguments.len())
                .map(|position| Ident::new(&format!("argument_{position}"), Span::mixed_site()))
                .collect();
            let takes = names
                .iter()
                .zip(&procedure.arguments)
                .map(|(name, argument)| {
                    let ty = with_lifetime(&argument.ty, "'_");
                    quote_spanned!(argument.ty.span()=> let #name: #ty = #taken.take()?;)
                });
            let answer = match procedure.outcome.error {
                Some(_) => format_ident!("result"),
                None => format_ident!("value"),
            };
            // What cannot be serialised is an error where its type is written.
            let returned = quote_spanned!(procedure.outcome.value.span()=> &#outcome);
            quote! {
                #index => {
                    #(#takes)*
                    #taken.end()?;
                    let #outcome = #ident::#method(&mut self.0, #(#names),*);
                    ::core::result::Result::Ok(reply.#answer(#returned))
                }
            }
        });
    quote! {
        impl<T: #ident> ::rpc_proto::service::Service for #name<T> {
            const KEYS: &'static [u32] = &KEYS;
            const DESCRIPTION: &'static [u8] = &ENCODED_SERVICE;
            const HEADER: &'static [u8] = &ENCODED_HEADER;

            fn dispatch(
                &mut self,
                index: u16,
                mut #taken: ::rpc_proto::service::Arguments<'_>,
                reply: ::rpc_proto::service::Reply<'_>,
            ) -> ::core::result::Result<::rpc_proto::service::Replied, ::rpc_proto::message::Fault>
            {
                match index {
                    #(#arms)*
                    _ => ::core::result::Result::Err(
                        ::rpc_proto::message::Fault::UnknownProcedure,
                    ),
                }
            }
        }
    }
}

fn procedure_impl(service: &Service, index: usize, procedure: &Procedure) -> TokenStream {
    let name = type_name(service, procedure);
    let path = path(service, procedure);
    let arguments = procedure
        .arguments
        .iter()
        .map(|argument| with_lifetime(&argument.ty, "'a"));
    // An argument that cannot be serialised is an error at its procedure.
    let arguments = quote_spanned!(procedure.ident.span()=> (#(#arguments,)*));
    let value = with_lifetime(&procedure.outcome.value, "'a");
    let error = error_type(procedure);
    let idempotent = procedure.idempotent;
    let number = match service.first_number {
        Some(first) => {
            let number = Literal::u16_unsuffixed(first + index as u16);
            quote!(::core::option::Option::Some(#number))
        }
        None => quote!(::core::option::Option::None),
    };
    let index = Literal::usize_unsuffixed(index);
    quote! {
        impl ::rpc_proto::service::Procedure for #name {
            type Arguments<'a> = #arguments;
            type Value<'a> = #value;
            type Error = #error;

            const PATH: &'static str = #path;
            const KEY: u32 = KEYS[#index];
            const NUMBER: ::core::option::Option<u16> = #number;
            const NUMBER_IF_SOLE: u16 = ::rpc_proto::service::FIRST_NUMBER + #index as u16;
            const FINGERPRINT_IF_SOLE: u32 = FINGERPRINT;
            const IDEMPOTENT: bool = #idempotent;
        }
    }
}

fn error_type(procedure: &Procedure) -> TokenStream {
    match &procedure.outcome.error {
        Some(error) => error.to_token_stream(),
        None => quote!(::rpc_proto::service::Never),
    }
}

fn client(service: &Service) -> TokenStream {
    let (visibility, ident) = (&service.visibility, &service.ident);
    let name = format_ident!("{}Client", service.ident);
    let doc = format!("Calls the procedures of a [`{ident}`] on a device.");
    let methods = service.procedures.iter().map(|procedure| {
        let method = &procedure.ident;
        let doc = match procedure.doc.as_str() {
            "" => format!("Calls `{}`.", path(service, procedure)),
            doc => doc.to_owned(),
        };
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
            /// The procedure's own error, or why the call failed.
            #visibility fn #method(
                &mut self,
                #(#names: #types),*
            ) -> ::core::result::Result<#value, ::rpc_proto::client::CallError<#error>> {
                ::rpc_proto::client::Caller::call::<#procedure_type>(
                    &mut self.caller,
                    &(#(#names,)*),
                )
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        #visibility struct #name<C> {
            caller: C,
        }

        #[allow(clippy::too_many_arguments)]
        impl<C: ::rpc_proto::client::Caller> #name<C> {
            /// A client that calls through `caller`.
            #visibility fn new(
                caller: impl ::rpc_proto::client::IntoCaller<Caller = C>,
            ) -> Self {
                Self {
                    caller: ::rpc_proto::client::IntoCaller::into_caller(caller),
                }
            }

            #(#methods)*
        }
    }
}
