//! Derives `Schema`, the description of a type, and refuses what makes serde encode something else.

use crate::parse::{Docs, Errors};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, GenericParam, Meta, Result, Token, parse_quote,
};

/// The attributes of serde that leave the encoding and its names as they are.
const HARMLESS: [&str; 8] = [
    "alias",
    "borrow",
    "bound",
    "crate",
    "default",
    "deny_unknown_fields",
    "expecting",
    "transparent",
];

/// Generates the implementation of `Schema`.
pub fn derive(mut input: DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let transparent = check_serde(&mut errors, &input.attrs);
    let shape = match &input.data {
        Data::Struct(data) => {
            check_fields(&mut errors, &data.fields);
            parts(&data.fields, "Shape", "Struct")
        }
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                check_serde(&mut errors, &variant.attrs);
                check_fields(&mut errors, &variant.fields);
                let name = variant.ident.unraw().to_string();
                let doc = Docs::of(&variant.attrs).constant();
                let content = parts(&variant.fields, "Content", "");
                quote!(::rpc_proto::schema::Variant { name: #name, doc: #doc, content: #content })
            });
            let variants: Vec<_> = variants.collect();
            quote!(::rpc_proto::schema::Shape::Enum(&[#(#variants),*]))
        }
        Data::Union(data) => {
            errors.add(data.union_token, "a union cannot be described");
            TokenStream::new()
        }
    };
    errors.into_result()?;
    let name = input.ident.unraw().to_string();
    let doc = Docs::of(&input.attrs).constant();
    let description = match &input.data {
        Data::Struct(data) if transparent => {
            let inner = data.fields.iter().map(schema);
            quote!(#(#inner)*)
        }
        _ => quote!(&::rpc_proto::schema::Type { name: #name, doc: #doc, shape: #shape }),
    };
    for parameter in &mut input.generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter
                .bounds
                .push(parse_quote!(::rpc_proto::schema::Schema));
        }
    }
    let ident = &input.ident;
    let (parameters, arguments, conditions) = input.generics.split_for_impl();
    Ok(quote! {
        impl #parameters ::rpc_proto::schema::Schema for #ident #arguments #conditions {
            const SCHEMA: &'static ::rpc_proto::schema::Type = #description;
        }
    })
}

/// Refuses what changes the encoding. Returns true if the type is encoded as its only field is.
fn check_serde(errors: &mut Errors, attributes: &[Attribute]) -> bool {
    let mut transparent = false;
    for attribute in attributes {
        if !attribute.path().is_ident("serde") {
            continue;
        }
        let options = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        // What does not parse is reported by serde.
        for option in options.iter().flatten() {
            let path = option.path();
            transparent |= path.is_ident("transparent");
            if !HARMLESS.iter().any(|harmless| path.is_ident(harmless)) {
                errors.add(
                    option,
                    "with this, serde encodes something else than `Schema` describes: leave it out, or \
                     implement `Schema` by hand and let a test `rpc_proto::schema::verify` it",
                );
            }
        }
    }
    transparent
}

fn check_fields(errors: &mut Errors, fields: &Fields) {
    for field in fields {
        check_serde(errors, &field.attrs);
    }
}

/// Returns the `Shape` of a struct or the `Content` of a variant, the names of whose kinds end in `suffix`.
fn parts(fields: &Fields, of: &str, suffix: &str) -> TokenStream {
    let of = format_ident!("{of}");
    let parts = match fields {
        Fields::Named(_) => {
            let fields = fields.iter().map(named);
            quote!(Struct(&[#(#fields),*]))
        }
        Fields::Unnamed(_) => {
            let types = fields.iter().map(schema);
            let newtype = format_ident!("Newtype{suffix}");
            let tuple = format_ident!("Tuple{suffix}");
            match fields.len() {
                1 => quote!(#newtype(#(#types)*)),
                _ => quote!(#tuple(&[#(#types),*])),
            }
        }
        Fields::Unit => format_ident!("Unit{suffix}").into_token_stream(),
    };
    quote!(::rpc_proto::schema::#of::#parts)
}

fn named(field: &Field) -> TokenStream {
    let name = field.ident.as_ref().map(|ident| ident.unraw().to_string());
    let doc = Docs::of(&field.attrs).constant();
    let schema = schema(field);
    quote!(::rpc_proto::schema::Field { name: #name, doc: #doc, ty: #schema })
}

fn schema(field: &Field) -> TokenStream {
    let ty = &field.ty;
    quote_spanned!(ty.span()=> <#ty as ::rpc_proto::schema::Schema>::SCHEMA)
}
