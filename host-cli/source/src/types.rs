//! Describes types: those of the source, and those that are known by their names.

mod standard;

use crate::constant::{Numbers, segments};
use crate::error::SourceError;
use crate::kept::keep;
use crate::resolve::Found;
use crate::tree::{ModuleId, Tree};
use quote::ToTokens;
use rpc_proto::schema::{self, Content, Schema, Shape, Variant};
use rpc_proto_syntax::check_schema;
use standard::{like, new, primitive};
use std::collections::HashMap;
use syn::ext::IdentExt;
use syn::{
    DeriveInput, Expr, ExprPath, Field, Fields, GenericArgument, GenericParam, Generics, Item,
    Meta, PathArguments, Type, TypePath,
};

/// The deepest nesting of types.
const MAX_DEPTH: usize = 64;

/// The longest array that serde serialises.
const LONGEST_ARRAY: u64 = 32;

/// The place where types are written, and what the parameters of generic types stand for there.
pub struct Scope<'t> {
    tree: &'t Tree,
    module: ModuleId,
    types: HashMap<String, &'static schema::Type>,
    numbers: Numbers,
    /// The types whose definitions this one is inside of.
    inside: Vec<(ModuleId, usize)>,
    depth: usize,
}

pub type Described = Result<&'static schema::Type, SourceError>;

impl<'t> Scope<'t> {
    /// Creates that of a module.
    pub fn new(tree: &'t Tree, module: ModuleId) -> Self {
        Self {
            tree,
            module,
            types: HashMap::new(),
            numbers: Numbers::new(),
            inside: Vec::new(),
            depth: 0,
        }
    }

    /// Describes a type.
    ///
    /// # Errors
    /// Fails if the source does not tell what it is, or it cannot cross the link.
    pub fn ty(&self, ty: &Type) -> Described {
        match ty {
            Type::Paren(inner) => self.ty(&inner.elem),
            Type::Group(inner) => self.ty(&inner.elem),
            Type::Reference(reference) => self.ty(&reference.elem),
            Type::Slice(slice) => match &*slice.elem {
                Type::Path(path) if path.path.is_ident("u8") => Ok(<[u8]>::SCHEMA),
                _ => Err(self.error(ty, "only bytes can be borrowed from a frame")),
            },
            Type::Array(array) => {
                let element = self.deeper(ty)?.ty(&array.elem)?;
                let length = self.tree.number(self.module, &array.len, &self.numbers)?;
                if length > LONGEST_ARRAY {
                    let message = format!("serde has arrays of up to {LONGEST_ARRAY} elements");
                    return Err(self.error(ty, message));
                }
                let elements = vec![element; length as usize];
                Ok(like(<[(); 1]>::SCHEMA, Shape::Tuple(keep(elements))))
            }
            Type::Tuple(tuple) => {
                let elements = self.deeper(ty)?.all(tuple.elems.iter())?;
                let name = match elements.len() {
                    0 => return Ok(<()>::SCHEMA),
                    1 => <((),)>::SCHEMA.name,
                    2 => <((), ())>::SCHEMA.name,
                    3 => <((), (), ())>::SCHEMA.name,
                    4 => <((), (), (), ())>::SCHEMA.name,
                    5 => <((), (), (), (), ())>::SCHEMA.name,
                    6 => <((), (), (), (), (), ())>::SCHEMA.name,
                    _ => return Err(self.error(ty, "tuples have up to 6 parts")),
                };
                Ok(new(name, Shape::Tuple(keep(elements))))
            }
            Type::Path(path) if path.qself.is_none() => self.deeper(ty)?.named(path),
            _ => Err(self.unknown(ty)),
        }
    }

    fn all<'i>(
        &self,
        types: impl Iterator<Item = &'i Type>,
    ) -> Result<Vec<&'static schema::Type>, SourceError> {
        types.map(|ty| self.ty(ty)).collect()
    }

    pub fn error(&self, place: &impl ToTokens, message: impl std::fmt::Display) -> SourceError {
        self.tree
            .error(self.module, &place.to_token_stream(), message)
    }

    pub fn unknown(&self, ty: &impl ToTokens) -> SourceError {
        let shown = self.tree.shown(ty);
        let message = format!("it takes a compiler to tell what `{shown}` is");
        self.error(ty, message).hint(
            "types are those of this source that derive Schema, and known ones of core, std and heapless; write \
             what other crates define into this source",
        )
    }

    /// Returns the scope of a type inside of another.
    fn deeper(&self, ty: &Type) -> Result<Self, SourceError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(ty, format!("types nest deeper than {MAX_DEPTH} here")));
        }
        Ok(Self {
            types: self.types.clone(),
            numbers: self.numbers.clone(),
            inside: self.inside.clone(),
            depth: self.depth + 1,
            ..*self
        })
    }

    fn named(&self, path: &TypePath) -> Described {
        let names = segments(&path.path);
        if let [name] = &names[..] {
            if let Some(ty) = self.types.get(name) {
                return Ok(ty);
            }
            if let Some(ty) = primitive(name) {
                return Ok(ty);
            }
            if name == "usize" || name == "isize" {
                let message = "`usize` and `isize` differ between device and host: use `u32`, `i32` or another \
                               type of fixed size";
                return Err(self.error(path, message));
            }
        }
        let found = self.tree.resolve(self.module, &names)?;
        match found {
            Found::Item(module, position) => self.defined(path, module, position),
            Found::Outside(outside) => self.standard(path, &outside),
            Found::Module(_) | Found::Service(..) => Err(self.unknown(path)),
        }
    }

    /// Describes a type that the source defines.
    fn defined(&self, path: &TypePath, module: ModuleId, position: usize) -> Described {
        let item = &self.tree.modules[module].items[position];
        if self.inside.contains(&(module, position)) {
            return Err(self.error(path, "a type cannot contain itself: it would have no end"));
        }
        let (input, generics) = match item {
            Item::Type(alias) => {
                let mut scope = self.applied(path, module, &alias.generics)?;
                scope.inside.push((module, position));
                return scope.ty(&alias.ty);
            }
            Item::Struct(item) => (DeriveInput::from(item.clone()), &item.generics),
            Item::Enum(item) => (DeriveInput::from(item.clone()), &item.generics),
            _ => return Err(self.unknown(path)),
        };
        let mut scope = self.applied(path, module, generics)?;
        scope.inside.push((module, position));
        scope.derived(&input)
    }

    /// Returns the scope of a generic type's definition: its parameters are what a path gives.
    fn applied(
        &self,
        path: &TypePath,
        module: ModuleId,
        generics: &Generics,
    ) -> Result<Self, SourceError> {
        let mut scope = Self {
            types: HashMap::new(),
            numbers: Numbers::new(),
            inside: self.inside.clone(),
            module,
            ..*self
        };
        let mut given = arguments(path)
            .into_iter()
            .filter(|argument| !matches!(argument, GenericArgument::Lifetime(_)));
        for parameter in &generics.params {
            match parameter {
                GenericParam::Lifetime(_) => {}
                GenericParam::Type(parameter) => {
                    let name = parameter.ident.unraw().to_string();
                    let ty = match (given.next(), &parameter.default) {
                        (Some(GenericArgument::Type(ty)), _) => self.ty(ty)?,
                        (None, Some((_, default))) => scope.ty(default)?,
                        _ => return Err(self.unknown(path)),
                    };
                    scope.types.insert(name, ty);
                }
                GenericParam::Const(parameter) => {
                    let name = parameter.ident.unraw().to_string();
                    let number = match (given.next(), &parameter.default) {
                        (Some(argument), _) => self.number(path, argument)?,
                        (None, Some((_, default))) => {
                            self.tree.number(module, default, &scope.numbers)?
                        }
                        _ => return Err(self.unknown(path)),
                    };
                    scope.numbers.insert(name, number);
                }
            }
        }
        Ok(scope)
    }

    /// Computes a const argument. A name alone is read as a type.
    pub fn number(&self, path: &TypePath, argument: &GenericArgument) -> Result<u64, SourceError> {
        let name;
        let expression = match argument {
            GenericArgument::Const(expression) => expression,
            GenericArgument::Type(Type::Path(path)) => {
                name = Expr::Path(ExprPath {
                    attrs: Vec::new(),
                    qself: path.qself.clone(),
                    path: path.path.clone(),
                });
                &name
            }
            _ => return Err(self.unknown(path)),
        };
        self.tree.number(self.module, expression, &self.numbers)
    }

    /// Describes a struct or enum that derives `Schema`.
    fn derived(&self, input: &DeriveInput) -> Described {
        let file = &self.tree.modules[self.module].file;
        let name = input.ident.unraw().to_string();
        if !derives_schema(input) {
            return Err(self.error(&input.ident, format!("`{name}` does not derive Schema")).hint(
                "add #[derive(serde::Serialize, serde::Deserialize, rpc_proto::Schema)]; what a `Schema` says that \
                 is implemented by hand, only a compiler can tell",
            ));
        }
        let is_transparent =
            check_schema(input).map_err(|error| SourceError::of_syntax(file, error))?;
        let shape = match &input.data {
            syn::Data::Struct(data) if is_transparent => {
                let field = data.fields.iter().next();
                return self.ty(&field.ok_or_else(|| self.unknown(&input.ident))?.ty);
            }
            syn::Data::Struct(data) => match self.content(&data.fields)? {
                Content::Unit => Shape::UnitStruct,
                Content::Newtype(inner) => Shape::NewtypeStruct(inner),
                Content::Tuple(types) => Shape::TupleStruct(types),
                Content::Struct(fields) => Shape::Struct(fields),
            },
            syn::Data::Enum(data) => {
                let variants = data.variants.iter().map(|variant| {
                    self.check_unconditional(&variant.attrs)?;
                    Ok(Variant {
                        name: keep(variant.ident.unraw().to_string()),
                        doc: keep(self.tree.docs(self.module, &variant.attrs)?),
                        content: self.content(&variant.fields)?,
                    })
                });
                Shape::Enum(keep(variants.collect::<Result<Vec<_>, SourceError>>()?))
            }
            syn::Data::Union(_) => return Err(self.unknown(&input.ident)),
        };
        Ok(keep(schema::Type {
            name: keep(name),
            doc: keep(self.tree.docs(self.module, &input.attrs)?),
            shape,
        }))
    }

    fn content(&self, fields: &Fields) -> Result<Content, SourceError> {
        fields
            .iter()
            .try_for_each(|field| self.check_unconditional(&field.attrs))?;
        let types = fields.iter().map(|field| &field.ty);
        Ok(match fields {
            Fields::Unit => Content::Unit,
            Fields::Unnamed(_) => match self.all(types)?[..] {
                [only] => Content::Newtype(only),
                ref types => Content::Tuple(keep(types)),
            },
            Fields::Named(_) => {
                let fields = fields.iter().map(|field| self.field(field));
                Content::Struct(keep(fields.collect::<Result<Vec<_>, SourceError>>()?))
            }
        })
    }

    fn field(&self, field: &Field) -> Result<schema::Field, SourceError> {
        let name = field.ident.as_ref();
        let name = name
            .map(|name| name.unraw().to_string())
            .unwrap_or_default();
        Ok(schema::Field {
            name: keep(name),
            doc: keep(self.tree.docs(self.module, &field.attrs)?),
            ty: self.ty(&field.ty)?,
        })
    }

    fn check_unconditional(&self, attributes: &[syn::Attribute]) -> Result<(), SourceError> {
        match attributes
            .iter()
            .find(|attribute| attribute.path().is_ident("cfg"))
        {
            Some(cfg) => Err(self.error(cfg, "it takes a compiler to tell if this is there")),
            None => Ok(()),
        }
    }
}

/// Returns what stands in the brackets at the end of a path.
pub fn arguments(path: &TypePath) -> Vec<&GenericArgument> {
    match path.path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(given)) => given.args.iter().collect(),
        _ => Vec::new(),
    }
}

fn derives_schema(input: &DeriveInput) -> bool {
    input.attrs.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        let mut found = false;
        if list.path.is_ident("derive") {
            // What does not parse, the compiler reports.
            let _ = list.parse_nested_meta(|derived| {
                let last = derived.path.segments.last();
                found |= last.is_some_and(|last| last.ident == "Schema");
                Ok(())
            });
        }
        found
    })
}
