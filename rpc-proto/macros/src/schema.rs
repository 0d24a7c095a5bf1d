//! Derives `Schema`, the description of a type.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use rpc_proto_syntax::{Docs, check_schema};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Field, Fields, GenericParam, Result, parse_quote};

/// Generates the implementation of `Schema`.
pub fn derive(mut input: DeriveInput) -> Result<TokenStream> {
    let transparent = check_schema(&input)?;
    let shape = match &input.data {
        Data::Struct(data) => parts(&data.fields, "Shape", "Struct"),
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let name = variant.ident.unraw().to_string();
                let doc = Docs::of(&variant.attrs).constant();
                let content = parts(&variant.fields, "Content", "");
                quote!(::rpc_proto::schema::Variant { name: #name, doc: #doc, content: #content })
            });
            let variants: Vec<_> = variants.collect();
            quote!(::rpc_proto::schema::Shape::Enum(&[#(#variants),*]))
        }
        // It has been refused.
        Data::Union(_) => TokenStream::new(),
    };
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
