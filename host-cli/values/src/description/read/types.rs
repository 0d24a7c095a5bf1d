//! Reads the types of a description, and reads anew those that it refers to.

use super::{Kept, MAX_DEPTH, ReadError, Reader, whole};
use crate::description::{Field, IntegerType, Shape, Type, Variant};

/// The most bytes that references to types may repeat in all, so that types that refer to others twice
/// each do not grow beyond memory.
const MAX_REPEATED: usize = 256 * 1024;

/// The tags of what stands before a shape, in place of one, and before the content of a variant
/// (PROTOCOL.md, "Description").
const TYPE_DOC: u8 = 29;
const AT_MOST: u8 = 30;
const FIELD_DOC: u8 = 31;
const SAME: u8 = 32;
const VARIANT_DOC: u8 = 4;

impl Type {
    /// Reads a type as postcard writes postcard-schema's `NamedType`.
    ///
    /// # Errors
    /// Fails as [`Description::read`](super::super::Description::read) does.
    ///
    /// ```
    /// use postcard_schema::Schema;
    /// use serial_rpc_values::description::Type;
    ///
    /// let bytes = postcard::to_stdvec(<[Option<f64>; 3]>::SCHEMA)?;
    /// assert_eq!(Type::read(&bytes)?.to_string(), "[f64?; 3]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        whole(bytes, |reader| reader.ty(0))
    }
}

impl Reader<'_> {
    pub(super) fn ty(&mut self, depth: usize) -> Result<Type, ReadError> {
        self.documented_ty(depth).map(|(_, ty)| ty)
    }

    /// Reads a type, and the doc comment of the field that has it.
    fn documented_ty(&mut self, depth: usize) -> Result<(String, Type), ReadError> {
        if depth == MAX_DEPTH {
            let offset = self.cursor.offset();
            return Err(ReadError::TooDeep { offset });
        }
        self.count_for_key();
        let name = self.name()?;
        // The names of types are empty in keys.
        self.key.crc = self.key.crc.then_byte(0);
        let start = self.cursor.clone();
        let (field_doc, doc, most) = self.before_shape()?;
        if self.cursor.rest().first() == Some(&SAME) {
            return Ok((field_doc, self.same(depth)?));
        }
        let shape = self.shape(depth)?;
        if shape.is_defined() && !self.is_repeating {
            self.kept.push(Kept {
                name: name.clone(),
                length: start.rest().len() - self.cursor.rest().len(),
                shape: start,
            });
        }
        let ty = Type {
            name,
            doc,
            most,
            shape,
        };
        Ok((field_doc, ty))
    }

    /// Reads what stands before a shape and is left out of keys: the doc comments of a field and of its
    /// type, and the greatest length.
    fn before_shape(&mut self) -> Result<(String, String, Option<u32>), ReadError> {
        let (mut field_doc, mut doc, mut most) = Default::default();
        loop {
            match self.cursor.rest().first() {
                Some(&FIELD_DOC) => field_doc = self.tagged_doc()?,
                Some(&TYPE_DOC) => doc = self.tagged_doc()?,
                Some(&AT_MOST) => {
                    self.cursor.byte()?;
                    most = Some(self.tag()?);
                }
                _ => break,
            }
        }
        self.leave_out_of_key();
        Ok((field_doc, doc, most))
    }

    fn tagged_doc(&mut self) -> Result<String, ReadError> {
        self.cursor.byte()?;
        self.doc()
    }

    /// Reads a reference, and then once more the type that it refers to.
    fn same(&mut self, depth: usize) -> Result<Type, ReadError> {
        self.cursor.byte()?;
        let offset = self.cursor.offset();
        let number = self.tag()?;
        let kept = self.kept.get(number as usize);
        let Kept {
            name,
            shape,
            length,
        } = kept.ok_or(ReadError::NoSuchType { offset, number })?;
        self.repeated += length;
        if self.repeated > MAX_REPEATED {
            return Err(ReadError::TooRepetitive);
        }
        let name = name.clone();
        let behind = std::mem::replace(&mut self.cursor, shape.clone());
        let was_repeating = std::mem::replace(&mut self.is_repeating, true);
        let (_, doc, most) = self.before_shape()?;
        let shape = self.shape(depth)?;
        self.count_for_key();
        self.is_repeating = was_repeating;
        self.cursor = behind;
        self.leave_out_of_key();
        Ok(Type {
            name,
            doc,
            most,
            shape,
        })
    }

    /// Reads a shape. The tags are those of postcard-schema's `DataModelType`, in the order of its
    /// declaration.
    fn shape(&mut self, depth: usize) -> Result<Shape, ReadError> {
        let offset = self.cursor.offset();
        Ok(match self.tag()? {
            0 => Shape::Bool,
            1 => Shape::Integer(IntegerType::I8),
            2 => Shape::Integer(IntegerType::U8),
            3 => Shape::Integer(IntegerType::I16),
            4 => Shape::Integer(IntegerType::I32),
            5 => Shape::Integer(IntegerType::I64),
            6 => Shape::Integer(IntegerType::I128),
            7 => Shape::Integer(IntegerType::U16),
            8 => Shape::Integer(IntegerType::U32),
            9 => Shape::Integer(IntegerType::U64),
            10 => Shape::Integer(IntegerType::U128),
            11 => Shape::Integer(IntegerType::Usize),
            12 => Shape::Integer(IntegerType::Isize),
            13 => Shape::F32,
            14 => Shape::F64,
            15 => Shape::Char,
            16 => Shape::String,
            17 => Shape::Bytes,
            18 => Shape::Option(self.boxed_type(depth)?),
            19 => Shape::Unit,
            20 => Shape::UnitStruct,
            21 => Shape::Newtype(self.boxed_type(depth)?),
            22 => match self.boxed_type(depth)? {
                byte if byte.shape == Shape::Integer(IntegerType::U8) => Shape::Bytes,
                element => Shape::Seq(element),
            },
            23 => Shape::Tuple(self.types(depth)?),
            24 => Shape::TupleStruct(self.types(depth)?),
            25 => Shape::Map {
                key: self.boxed_type(depth)?,
                value: self.boxed_type(depth)?,
            },
            26 => Shape::Struct(self.fields(depth)?),
            27 => {
                let read = |reader: &mut Self| reader.variant(depth);
                Shape::Enum(self.named_list("variants", read, |variant| &variant.name)?)
            }
            28 => Shape::Schema,
            tag => {
                let what = "the kind of a type (0 to 32)";
                return Err(ReadError::Tag { offset, what, tag });
            }
        })
    }

    /// Reads a variant. The tags are those of postcard-schema's `DataModelVariant`.
    fn variant(&mut self, depth: usize) -> Result<Variant, ReadError> {
        let name = self.name()?;
        let mut doc = String::new();
        if self.cursor.rest().first() == Some(&VARIANT_DOC) {
            self.count_for_key();
            doc = self.tagged_doc()?;
            self.leave_out_of_key();
        }
        let offset = self.cursor.offset();
        let content = match self.tag()? {
            0 => None,
            1 => Some(self.ty(depth + 1)?),
            2 => {
                let mut elements = self.types(depth)?;
                // serde has no variant with a tuple of one, but postcard-schema's `Result` does: it
                // means the same as one unnamed field.
                Some(match (elements.pop(), elements.is_empty()) {
                    (Some(only), true) => only,
                    (last, _) => {
                        elements.extend(last);
                        Type::new("", Shape::Tuple(elements))
                    }
                })
            }
            3 => Some(Type::new("", Shape::Struct(self.fields(depth)?))),
            tag => {
                let what = "the kind of a variant (0 to 3)";
                return Err(ReadError::Tag { offset, what, tag });
            }
        };
        Ok(Variant { name, doc, content })
    }

    fn boxed_type(&mut self, depth: usize) -> Result<Box<Type>, ReadError> {
        self.ty(depth + 1).map(Box::new)
    }

    fn types(&mut self, depth: usize) -> Result<Vec<Type>, ReadError> {
        self.list(|reader| reader.ty(depth + 1))
    }

    fn fields(&mut self, depth: usize) -> Result<Vec<Field>, ReadError> {
        let read = |reader: &mut Self| {
            let name = reader.name()?;
            let (doc, ty) = reader.documented_ty(depth + 1)?;
            Ok(Field { name, doc, ty })
        };
        self.named_list("fields", read, |field| &field.name)
    }
}
