//! The types of values, as a device describes them.
//!
//! They are postcard-schema's `NamedType` in owned form. Types that are the same on the wire and in
//! JSON are folded together: an integer is one shape with a width, a list of `u8` is a string of
//! bytes, and the content of an enum's variant is a type like any other.

use serde::Serialize;

/// A type: its shape, and the name it has in the device's source.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Type {
    /// The name in the source; a generic type's has no arguments (`Vec<T>`).
    pub name: String,
    /// The documentation; may be empty or have several lines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// The greatest number of elements of a list, or of bytes, if the device has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// The structure of its values.
    pub shape: Shape,
}

/// The structure of a type's values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// True or false.
    Bool,
    /// A whole number.
    Integer(IntegerType),
    /// A floating-point number of 32 bits.
    F32,
    /// A floating-point number of 64 bits.
    F64,
    /// One Unicode character.
    Char,
    /// Text.
    String,
    /// A string of bytes, or a list of `u8`, which is the same on the wire.
    Bytes,
    /// A value, or no value.
    Option(Box<Type>),
    /// `()`.
    Unit,
    /// A struct without fields or parentheses.
    UnitStruct,
    /// A struct around one unnamed field; its values look like that field's.
    Newtype(Box<Type>),
    /// Any number of values of one type.
    Seq(Box<Type>),
    /// A tuple or an array.
    Tuple(Vec<Type>),
    /// A struct with unnamed fields.
    TupleStruct(Vec<Type>),
    /// Pairs of key and value.
    Map {
        /// The type of the keys.
        key: Box<Type>,
        /// The type of the values.
        value: Box<Type>,
    },
    /// A struct with named fields.
    Struct(Vec<Field>),
    /// One of several variants.
    Enum(Vec<Variant>),
    /// A description of a type, postcard-schema's `NamedType` itself.
    Schema,
}

/// A named field of a struct.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The documentation; may be empty or have several lines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: Type,
}

/// A variant of an enum.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// The documentation; may be empty or have several lines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// Its content: none, the one unnamed field's type, or a nameless [`Shape::Tuple`] or
    /// [`Shape::Struct`] of its fields.
    pub content: Option<Type>,
}

/// The type of a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "they are Rust's")]
pub enum IntegerType {
    U8,
    U16,
    U32,
    U64,
    U128,
    Usize,
    I8,
    I16,
    I32,
    I64,
    I128,
    Isize,
}

impl Shape {
    /// Returns true if it is that of a type with a definition: a struct or an enum.
    pub(crate) fn is_defined(&self) -> bool {
        matches!(
            self,
            Self::UnitStruct
                | Self::Newtype(_)
                | Self::TupleStruct(_)
                | Self::Struct(_)
                | Self::Enum(_)
        )
    }
}

impl Type {
    /// Creates a type with this name and shape, without a doc comment or a limit.
    ///
    /// ```
    /// use serial_rpc_values::description::{Shape, Type};
    /// assert_eq!(Type::new("bool", Shape::Bool).to_string(), "bool");
    /// ```
    pub fn new(name: impl Into<String>, shape: Shape) -> Self {
        Self {
            name: name.into(),
            doc: String::new(),
            most: None,
            shape,
        }
    }

    /// Returns true if JSON's null is one of its values.
    ///
    /// ```
    /// use serial_rpc_values::description::{Shape, Type};
    /// assert!(Type::new("Reset", Shape::UnitStruct).is_nullable());
    /// assert!(!Type::new("String", Shape::String).is_nullable());
    /// ```
    pub fn is_nullable(&self) -> bool {
        match &self.shape {
            Shape::Option(_) | Shape::Unit | Shape::UnitStruct => true,
            Shape::Newtype(inner) => inner.is_nullable(),
            _ => false,
        }
    }

    /// Returns true if its values can be the keys of a JSON object, which are strings.
    ///
    /// ```
    /// use serial_rpc_values::description::{IntegerType, Shape, Type};
    /// assert!(Type::from(IntegerType::I16).is_object_key());
    /// assert!(!Type::new("f32", Shape::F32).is_object_key());
    /// ```
    pub fn is_object_key(&self) -> bool {
        match &self.shape {
            Shape::Bool | Shape::Integer(_) | Shape::Char | Shape::String => true,
            Shape::Newtype(inner) => inner.is_object_key(),
            Shape::Enum(variants) => variants.iter().all(|variant| variant.content.is_none()),
            _ => false,
        }
    }
}

impl From<IntegerType> for Type {
    fn from(integer: IntegerType) -> Self {
        Self::new(integer.name(), Shape::Integer(integer))
    }
}

impl IntegerType {
    /// Returns its name in Rust.
    ///
    /// ```
    /// use serial_rpc_values::description::IntegerType;
    /// assert_eq!(IntegerType::Usize.name(), "usize");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::Usize => "usize",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::Isize => "isize",
        }
    }

    /// Returns its width; `usize` and `isize` count as 64 bits, since the device's width is
    /// unknown.
    ///
    /// ```
    /// use serial_rpc_values::description::IntegerType;
    /// assert_eq!(IntegerType::I16.bits(), 16);
    /// ```
    pub const fn bits(self) -> u32 {
        match self {
            Self::U8 | Self::I8 => 8,
            Self::U16 | Self::I16 => 16,
            Self::U32 | Self::I32 => 32,
            Self::U64 | Self::I64 | Self::Usize | Self::Isize => 64,
            Self::U128 | Self::I128 => 128,
        }
    }

    /// Returns true if it has negative values.
    ///
    /// ```
    /// use serial_rpc_values::description::IntegerType;
    /// assert!(IntegerType::Isize.is_signed());
    /// ```
    pub const fn is_signed(self) -> bool {
        matches!(
            self,
            Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::I128 | Self::Isize
        )
    }

    /// Returns its smallest value.
    ///
    /// ```
    /// use serial_rpc_values::description::IntegerType;
    /// assert_eq!(IntegerType::I8.min(), -128);
    /// assert_eq!(IntegerType::U8.min(), 0);
    /// ```
    pub const fn min(self) -> i128 {
        if self.is_signed() {
            i128::MIN >> (128 - self.bits())
        } else {
            0
        }
    }

    /// Returns its largest value.
    ///
    /// ```
    /// use serial_rpc_values::description::IntegerType;
    /// assert_eq!(IntegerType::I8.max(), 127);
    /// assert_eq!(IntegerType::U128.max(), u128::MAX);
    /// ```
    pub const fn max(self) -> u128 {
        u128::MAX >> (128 - self.bits() + self.is_signed() as u32)
    }
}
