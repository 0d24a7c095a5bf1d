//! Rejects types that cannot cross the link, as far as the source of a trait shows it. Those inside
//! other types have no `Schema`.

use crate::Errors;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Expr, ExprLit, Lit, Type};

/// The longest array that serde serialises.
const LONGEST_ARRAY: usize = 32;

impl Errors {
    /// Checks a type of a signature.
    pub(crate) fn check_type(&mut self, ty: &Type) {
        Check(self).visit_type(ty);
    }
}

struct Check<'e>(&'e mut Errors);

impl<'ast> Visit<'ast> for Check<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.is_ident("usize") || path.is_ident("isize") {
            self.0.add(
                path,
                "`usize` and `isize` differ between device and host: use `u32`, `i32` or another type of fixed size",
            );
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
        if reference.mutability.is_some() {
            self.0.add(
                reference,
                "a value crosses the link by copy: return it instead of changing an argument",
            );
        }
        if let Type::Slice(slice) = &*reference.elem
            && let element = slice.elem.to_token_stream().to_string()
            && element != "u8"
        {
            self.0.add(
                reference,
                &format!(
                    "only bytes can be borrowed from a frame: use `heapless::Vec<{element}, N>`"
                ),
            );
        }
        syn::visit::visit_type_reference(self, reference);
    }

    fn visit_type_array(&mut self, array: &'ast syn::TypeArray) {
        if let Expr::Lit(ExprLit {
            lit: Lit::Int(len), ..
        }) = &array.len
            && len
                .base10_parse()
                .is_ok_and(|len: usize| len > LONGEST_ARRAY)
        {
            let element = array.elem.to_token_stream();
            self.0.add(
                array,
                &format!(
                    "serde has arrays of up to {LONGEST_ARRAY} elements: use \
                     `heapless::Vec<{element}, {len}>`, or `&[u8]` for bytes"
                ),
            );
        }
        syn::visit::visit_type_array(self, array);
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast syn::TypeImplTrait) {
        self.0.add(
            ty,
            "a procedure is not generic: its types must be known to both ends",
        );
    }
}
