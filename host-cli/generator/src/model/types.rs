//! Types as C has them.
//!
//! What has no data takes no memory, and is left out wherever it occurs: C has no structs without members.

use super::Pass;
use crate::GenerateError;
use crate::names::{Scope, alone, snake};
use serial_rpc_values::description::{IntegerType, Shape, Type};
use std::collections::HashMap;

/// The largest value in memory, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The most elements of a list that has its own memory. No frame has more.
const MOST: u32 = 65_535;

/// A type of numbers, characters or truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub c: &'static str,
    /// The last part of the library's functions for it.
    pub codec: &'static str,
    size: u64,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// It has no data.
    Empty,
    /// It has no values.
    Never,
    Scalar(Scalar),
    /// Text of at most so many bytes.
    Text(Option<u32>),
    /// Bytes, at most so many.
    Bytes(Option<u32>),
    /// That with this position among the definitions of the service.
    Defined(usize),
}

/// A type that has a name in C.
pub struct Definition {
    pub name: String,
    /// The name without the service.
    pub short: String,
    pub doc: String,
    pub kind: Kind,
    /// Its functions: those for the device, and those for callers.
    pub functions: [Functions; 2],
    size: u64,
}

/// The names of a type's functions.
#[derive(Default)]
pub struct Functions {
    pub write: String,
    pub read: String,
    /// Takes the next element of a list that lies elsewhere.
    pub next: String,
}

/// The parts of a type that has a name.
pub enum Kind {
    /// Another name for a type.
    Alias(Value),
    /// One of several constants.
    Enum(Vec<Constant>),
    /// One of several constants, and a union.
    Tagged {
        tag: String,
        constants: Vec<Constant>,
        /// Of each constant.
        contents: Vec<Content>,
    },
    Struct(Vec<Member>),
    Option(Value),
    /// A value or an error.
    Result(Value, Value),
    Array(Value, usize),
    /// At most so many elements, in its own memory.
    List {
        item: Value,
        limit: u32,
        most: String,
    },
    /// Elements that lie elsewhere, encoded or not.
    View(Value),
}

/// A constant of an enum.
pub struct Constant {
    pub name: String,
    pub doc: String,
}

/// What a variant has beside its constant.
pub enum Content {
    Nothing(Value),
    One(String, Value),
    Parts(String, Vec<Member>),
}

/// A part of a struct.
pub struct Member {
    pub name: String,
    pub doc: String,
    pub value: Value,
}

/// The types of a service, as far as they were needed.
pub struct Types<'n> {
    prefix: String,
    names: &'n mut Scope,
    shorts: Scope,
    known: HashMap<Type, Value>,
    definitions: Vec<Definition>,
    /// The procedure whose types these are, for errors.
    pub path: String,
}

type Valued = Result<Value, GenerateError>;

const fn scalar(c: &'static str, codec: &'static str, size: u64) -> Value {
    Value::Scalar(Scalar { c, codec, size })
}

const fn integer(ty: IntegerType) -> Value {
    match ty {
        IntegerType::U8 => scalar("uint8_t", "u8", 1),
        IntegerType::U16 => scalar("uint16_t", "u16", 2),
        IntegerType::U32 => scalar("uint32_t", "u32", 4),
        IntegerType::U64 | IntegerType::Usize => scalar("uint64_t", "u64", 8),
        IntegerType::U128 => scalar("srpc_u128", "u128", 16),
        IntegerType::I8 => scalar("int8_t", "i8", 1),
        IntegerType::I16 => scalar("int16_t", "i16", 2),
        IntegerType::I32 => scalar("int32_t", "i32", 4),
        IntegerType::I64 | IntegerType::Isize => scalar("int64_t", "i64", 8),
        IntegerType::I128 => scalar("srpc_u128", "i128", 16),
    }
}

impl<'n> Types<'n> {
    pub fn new(prefix: String, names: &'n mut Scope) -> Self {
        Self {
            prefix,
            names,
            shorts: Scope::default(),
            known: HashMap::new(),
            definitions: Vec::new(),
            path: String::new(),
        }
    }

    /// Names the functions of all types, and returns the types.
    pub fn finish(mut self) -> Vec<Definition> {
        let prefix = &self.prefix;
        for definition in &mut self.definitions {
            // A type that gave way to another name has it here, too.
            let short = definition.name.strip_prefix(&format!("{prefix}_"));
            let short = short.unwrap_or(&definition.name);
            for (functions, role) in definition.functions.iter_mut().zip(["", "client_"]) {
                let mut take =
                    |name: String| self.names.take(&format!("{prefix}_{role}{name}"), "");
                functions.write = take(format!("write_{short}"));
                functions.read = take(format!("read_{short}"));
                functions.next = take(format!("{short}_next"));
            }
        }
        self.definitions
    }

    /// Returns the greatest number of elements, if the list has memory of its own.
    pub fn limit(&self, ty: &Type) -> Option<u32> {
        ty.most.filter(|most| *most <= MOST)
    }

    /// Returns the name of a constant of the preprocessor.
    pub fn constant(&mut self, name: &str) -> String {
        let name = format!("{}_{name}", self.prefix).to_uppercase();
        self.names.take(&name, "")
    }

    /// Returns the way an argument of that type is passed.
    pub fn passed(&mut self, ty: &Type, place: &str) -> Result<Pass, GenerateError> {
        let value = self.value(ty, place)?;
        let mut resolved = &value;
        while let Value::Defined(index) = resolved {
            match &self.definitions[*index].kind {
                Kind::Alias(inner) => resolved = inner,
                Kind::Enum(_) => break,
                _ => return Ok(Pass::Reference(value)),
            }
        }
        Ok(match resolved {
            Value::Empty | Value::Never => Pass::Nothing(value),
            _ => Pass::Value(value),
        })
    }

    /// Refuses a list that takes too much memory.
    pub fn check_list(&self, item: &Value, limit: u32) -> Result<(), GenerateError> {
        self.check_size(self.size(item).saturating_mul(limit.into()))
    }

    fn check_size(&self, size: u64) -> Result<(), GenerateError> {
        if size > LARGEST {
            let path = self.path.clone();
            let most = LARGEST;
            return Err(GenerateError::TooLarge { path, size, most });
        }
        Ok(())
    }

    /// Returns how many bytes a value takes in memory, about.
    fn size(&self, value: &Value) -> u64 {
        match value {
            Value::Empty | Value::Never => 0,
            Value::Scalar(scalar) => scalar.size,
            Value::Text(_) | Value::Bytes(_) => 16,
            Value::Defined(index) => self.definitions[*index].size,
        }
    }

    /// Returns the type as C has it. `place` names it if it has no name of its own.
    pub fn value(&mut self, ty: &Type, place: &str) -> Valued {
        if let Some(value) = self.known.get(ty) {
            return Ok(value.clone());
        }
        let value = self.new_value(ty, place)?;
        self.known.insert(ty.clone(), value.clone());
        Ok(value)
    }

    fn new_value(&mut self, ty: &Type, place: &str) -> Valued {
        let own_place;
        let place = match &ty.shape {
            Shape::Newtype(_) | Shape::TupleStruct(_) | Shape::Struct(_) | Shape::Enum(_)
                if !ty.name.is_empty() && !is_result(ty) =>
            {
                own_place = snake(&ty.name);
                &own_place
            }
            _ => place,
        };
        Ok(match &ty.shape {
            Shape::Bool => scalar("bool", "bool", 1),
            Shape::Integer(number) => integer(*number),
            Shape::F32 => scalar("float", "f32", 4),
            Shape::F64 => scalar("double", "f64", 8),
            Shape::Char => scalar("uint32_t", "char", 4),
            Shape::String => Value::Text(ty.most),
            Shape::Bytes => Value::Bytes(ty.most),
            Shape::Unit | Shape::UnitStruct => Value::Empty,
            Shape::Schema => {
                let path = self.path.clone();
                return Err(GenerateError::Unsupported { path });
            }
            Shape::Option(inner) => {
                let inner = self.value(inner, &format!("{place}_value"))?;
                let size = 8 + self.size(&inner);
                self.define(place, ty, Kind::Option(inner), size)?
            }
            Shape::Newtype(inner) => {
                let was_known = self.definitions.len();
                let inner = self.value(inner, place)?;
                match &inner {
                    Value::Empty | Value::Never => inner,
                    // It has just been given this name.
                    Value::Defined(index)
                        if *index >= was_known
                            && *index + 1 == self.definitions.len()
                            && self.definitions[*index].short == place =>
                    {
                        let definition = &mut self.definitions[*index];
                        if definition.doc.is_empty() {
                            definition.doc.clone_from(&ty.doc);
                        }
                        inner
                    }
                    _ => {
                        let size = self.size(&inner);
                        self.define(place, ty, Kind::Alias(inner), size)?
                    }
                }
            }
            Shape::Seq(item) => {
                let item = self.value(item, &format!("{place}_item"))?;
                match self.limit(ty) {
                    Some(limit) => {
                        let size = self.size(&item).saturating_mul(limit.into()) + 8;
                        let most = String::new();
                        let list =
                            self.define(place, ty, Kind::List { item, limit, most }, size)?;
                        if let Value::Defined(index) = list {
                            let name = format!("{}_max", self.definitions[index].short);
                            let name = self.constant(&name);
                            if let Kind::List { most, .. } = &mut self.definitions[index].kind {
                                *most = name;
                            }
                        }
                        list
                    }
                    None => self.define(place, ty, Kind::View(item), 32)?,
                }
            }
            Shape::Map { key, value } => {
                let entry = [("key", &**key), ("value", &**value)];
                let members = entry.into_iter().map(|(name, ty)| {
                    let value = self.value(ty, &format!("{place}_{name}"))?;
                    Ok(Member {
                        name: name.to_owned(),
                        doc: String::new(),
                        value,
                    })
                });
                let members = members.collect::<Result<Vec<_>, GenerateError>>()?;
                let entry = self.structure(&format!("{place}_entry"), "", members)?;
                self.define(place, ty, Kind::View(entry), 32)?
            }
            Shape::Tuple(types) if ty.name == "[T; N]" && !types.is_empty() => {
                let item = self.value(&types[0], &format!("{place}_item"))?;
                match item {
                    Value::Empty | Value::Never => item,
                    _ => {
                        let size = self.size(&item).saturating_mul(types.len() as u64);
                        self.define(place, ty, Kind::Array(item, types.len()), size)?
                    }
                }
            }
            Shape::Tuple(_) | Shape::TupleStruct(_) | Shape::Struct(_) => {
                let members = self.members(ty, place)?;
                self.structure(place, &ty.doc, members)?
            }
            Shape::Enum(variants) if is_result(ty) => {
                let mut sides = variants
                    .iter()
                    .zip(["value", "error"])
                    .map(|(variant, side)| match &variant.content {
                        Some(content) => self.value(content, &format!("{place}_{side}")),
                        None => Ok(Value::Empty),
                    });
                let (value, error) = (sides.next(), sides.next());
                let value = value.unwrap_or(Ok(Value::Empty))?;
                let error = error.unwrap_or(Ok(Value::Empty))?;
                let size = 8 + self.size(&value).max(self.size(&error));
                self.define(place, ty, Kind::Result(value, error), size)?
            }
            Shape::Enum(variants) if variants.is_empty() => Value::Never,
            Shape::Enum(_) => self.enumeration(ty, place)?,
        })
    }

    /// Returns the parts of a tuple or struct.
    fn members(&mut self, ty: &Type, place: &str) -> Result<Vec<Member>, GenerateError> {
        let mut scope = Scope::default();
        let mut member = |name: &str, doc: &str, ty: &Type| {
            let value = self.value(ty, &format!("{place}_{}", snake(name)))?;
            Ok(Member {
                name: scope.take(&alone(name), "_"),
                doc: doc.to_owned(),
                value,
            })
        };
        match &ty.shape {
            Shape::Struct(fields) => fields
                .iter()
                .map(|field| member(&field.name, &field.doc, &field.ty))
                .collect(),
            Shape::Tuple(types) | Shape::TupleStruct(types) => (0..)
                .zip(types)
                .map(|(at, ty)| member(&format!("item_{at}"), "", ty))
                .collect(),
            _ => Ok(Vec::new()),
        }
    }

    fn structure(&mut self, place: &str, doc: &str, members: Vec<Member>) -> Valued {
        if members.iter().any(|member| member.value == Value::Never) {
            return Ok(Value::Never);
        }
        if members.iter().all(|member| member.value == Value::Empty) {
            return Ok(Value::Empty);
        }
        let size = members.iter().map(|member| self.size(&member.value)).sum();
        self.define_documented(place, doc, Kind::Struct(members), size)
    }

    fn enumeration(&mut self, ty: &Type, place: &str) -> Valued {
        let Shape::Enum(variants) = &ty.shape else {
            return Ok(Value::Never);
        };
        let mut scope = Scope::default();
        let mut contents = Vec::new();
        for variant in variants {
            let name = snake(&variant.name);
            let place = format!("{place}_{name}");
            let member = |scope: &mut Scope| scope.take(&alone(&name), "_");
            contents.push(match &variant.content {
                None => Content::Nothing(Value::Empty),
                // Its parts are in the union itself.
                Some(parts) if parts.name.is_empty() => {
                    let parts = self.members(parts, &place)?;
                    let is_never = parts.iter().any(|part| part.value == Value::Never);
                    match parts.iter().all(|part| part.value == Value::Empty) {
                        _ if is_never => Content::Nothing(Value::Never),
                        true => Content::Nothing(Value::Empty),
                        false => Content::Parts(member(&mut scope), parts),
                    }
                }
                Some(content) => match self.value(content, &place)? {
                    value @ (Value::Empty | Value::Never) => Content::Nothing(value),
                    value => Content::One(member(&mut scope), value),
                },
            });
        }
        let largest = contents.iter().map(|content| match content {
            Content::Nothing(_) => 0,
            Content::One(_, value) => self.size(value),
            Content::Parts(_, parts) => parts.iter().map(|part| self.size(&part.value)).sum(),
        });
        let size = 8 + largest.max().unwrap_or_default();
        let is_plain = contents
            .iter()
            .all(|content| matches!(content, Content::Nothing(Value::Empty)));
        let defined = self.define(place, ty, Kind::Enum(Vec::new()), size)?;
        if let Value::Defined(index) = defined {
            let name = self.definitions[index].name.clone();
            let constants = variants.iter().map(|variant| {
                let constant = format!("{name}_{}", snake(&variant.name)).to_uppercase();
                Constant {
                    name: self.names.take(&constant, ""),
                    doc: variant.doc.clone(),
                }
            });
            let constants = constants.collect();
            self.definitions[index].kind = match is_plain {
                true => Kind::Enum(constants),
                false => Kind::Tagged {
                    tag: self.names.take(&format!("{name}_tag"), "_type"),
                    constants,
                    contents,
                },
            };
        }
        Ok(defined)
    }

    fn define(&mut self, place: &str, ty: &Type, kind: Kind, size: u64) -> Valued {
        self.define_documented(place, &ty.doc, kind, size)
    }

    fn define_documented(&mut self, place: &str, doc: &str, kind: Kind, size: u64) -> Valued {
        self.check_size(size)?;
        let short = self.shorts.take(place, "");
        let name = format!("{}_{short}", self.prefix);
        self.definitions.push(Definition {
            name: self.names.take(&name, "_type"),
            short,
            doc: doc.to_owned(),
            kind,
            functions: Default::default(),
            size,
        });
        Ok(Value::Defined(self.definitions.len() - 1))
    }
}

/// Returns true if it is a `Result` that is part of a value.
fn is_result(ty: &Type) -> bool {
    let Shape::Enum(variants) = &ty.shape else {
        return false;
    };
    let names = variants.iter().map(|variant| &*variant.name);
    ty.name.starts_with("Result<") && names.eq(["Ok", "Err"])
}
