//! Refuses what makes serde encode something else than a type's description says.

use crate::Errors;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Fields, Meta, Result, Token};

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

/// Checks a type that derives `Schema`. Returns true if it is encoded as its only field is.
///
/// # Errors
/// Fails if it cannot be described, or serde would encode something else.
pub fn check_schema(input: &DeriveInput) -> Result<bool> {
    let mut errors = Errors::default();
    let transparent = check_serde(&mut errors, &input.attrs);
    match &input.data {
        Data::Struct(data) => check_fields(&mut errors, &data.fields),
        Data::Enum(data) => {
            for variant in &data.variants {
                check_serde(&mut errors, &variant.attrs);
                check_fields(&mut errors, &variant.fields);
            }
        }
        Data::Union(data) => errors.add(data.union_token, "a union cannot be described"),
    }
    errors.into_result()?;
    Ok(transparent && matches!(input.data, Data::Struct(_)))
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
