//! Decodes postcard to JSON, as a type says.
//!
//! The bytes come from a device and may be anything. Recursion is as deep as the type, which its
//! reader limits. Growth is limited by the number of bytes: of parts that have none, there may be only
//! so many for each that has some.

use serde_json::{Map, Value};

use super::error::{Problem, ValueError};
use super::{Float, Integer, hex};
use crate::cursor::Cursor;
use crate::description::{Field, Shape, Type, Variant};

/// The number of parts without bytes that any value may have.
const FREE_PARTS: usize = 64;

/// The number of parts without bytes that it may have for each part with bytes.
const FREE_PARTS_EACH: usize = 16;

/// Takes a value of type `ty` off the front of `bytes`.
///
/// The [module](super) documents the JSON.
///
/// # Errors
/// Fails if the bytes are not a value of that type; `bytes` is then unchanged.
///
/// ```
/// use serde_json::json;
/// use serial_rpc_values::description::{IntegerType, Type};
/// use serial_rpc_values::value::decode;
///
/// let mut bytes: &[u8] = &[3, 7];
/// assert_eq!(decode(&Type::from(IntegerType::I32), &mut bytes)?, json!(-2));
/// assert_eq!(bytes, [7]);
/// # Ok::<(), serial_rpc_values::value::ValueError>(())
/// ```
pub fn decode(ty: &Type, bytes: &mut &[u8]) -> Result<Value, ValueError> {
    let mut decoder = Decoder {
        cursor: Cursor::new(bytes),
        free_parts: FREE_PARTS,
    };
    let value = decoder.value(ty)?;
    *bytes = decoder.cursor.rest();
    Ok(value)
}

/// Reads a value of type `ty` that takes all of `bytes`.
///
/// # Errors
/// Fails as [`decode`] does, and if bytes follow the value.
///
/// ```
/// use serial_rpc_values::description::{IntegerType, Type};
/// use serial_rpc_values::value::decode_all;
///
/// let byte = Type::from(IntegerType::U8);
/// assert_eq!(decode_all(&byte, &[3])?, 3);
/// assert_eq!(decode_all(&byte, &[3, 7]).unwrap_err().to_string(), "the bytes are longer than the value by 1");
/// # Ok::<(), serial_rpc_values::value::ValueError>(())
/// ```
pub fn decode_all(ty: &Type, mut bytes: &[u8]) -> Result<Value, ValueError> {
    let value = decode(ty, &mut bytes)?;
    check_end(bytes)?;
    Ok(value)
}

/// Reads `count` values of type `ty`, end to end, that take all of `bytes`.
///
/// # Errors
/// Fails as [`decode_all`] does.
pub fn decode_items(ty: &Type, count: u8, mut bytes: &[u8]) -> Result<Vec<Value>, ValueError> {
    let items = (0..count).map(|_| decode(ty, &mut bytes));
    let items = items.collect::<Result<_, _>>()?;
    check_end(bytes)?;
    Ok(items)
}

/// Checks that no bytes follow.
pub(crate) fn check_end(bytes: &[u8]) -> Result<(), Problem> {
    match bytes.len() {
        0 => Ok(()),
        count => Err(Problem::Trailing { count }),
    }
}

struct Decoder<'a> {
    cursor: Cursor<'a>,
    /// The number of parts without bytes that may follow.
    free_parts: usize,
}

impl Decoder<'_> {
    fn value(&mut self, ty: &Type) -> Result<Value, ValueError> {
        self.count(ty)?;
        Ok(match &ty.shape {
            Shape::Bool => self.flag("bool (0 or 1)")?.into(),
            Shape::Integer(integer) => Integer::read(*integer, &mut self.cursor)?.to_json(),
            Shape::F32 => f32::from_le_bytes(self.cursor.array()?).to_json(),
            Shape::F64 => f64::from_le_bytes(self.cursor.array()?).to_json(),
            Shape::Char => self.character()?,
            Shape::String => self.cursor.text()?.into(),
            Shape::Bytes => hex(self.cursor.byte_string()?).into(),
            Shape::Option(inner) => {
                if self.flag("option (0 or 1)")? {
                    let content = self.value(inner)?;
                    if inner.is_nullable() {
                        tagged("Some", content)
                    } else {
                        content
                    }
                } else {
                    Value::Null
                }
            }
            Shape::Unit | Shape::UnitStruct => Value::Null,
            Shape::Newtype(inner) => self.value(inner)?,
            Shape::Seq(element) => self.list(|decoder| decoder.value(element))?,
            Shape::Tuple(types) | Shape::TupleStruct(types) => self.tuple(types)?,
            Shape::Map { key, value } if key.is_object_key() => self.object(key, value)?,
            Shape::Map { key, value } => self.list(|decoder| {
                let key = decoder.value(key)?;
                Ok(vec![key, decoder.value(value)?].into())
            })?,
            Shape::Struct(fields) => self.fields(fields)?,
            Shape::Enum(variants) => self.variant(ty, variants)?,
            Shape::Schema => return Err(Problem::Unsupported { ty: ty.to_string() }.into()),
        })
    }

    /// Counts a part. What is counted does not depend on how long its bytes are.
    fn count(&mut self, ty: &Type) -> Result<(), Problem> {
        let left = match ty.shape {
            Shape::Unit
            | Shape::UnitStruct
            | Shape::Newtype(_)
            | Shape::Tuple(_)
            | Shape::TupleStruct(_)
            | Shape::Struct(_) => self.free_parts.checked_sub(1),
            _ => self.free_parts.checked_add(FREE_PARTS_EACH),
        };
        self.free_parts = left.ok_or(Problem::TooManyParts)?;
        Ok(())
    }

    fn flag(&mut self, expected: &str) -> Result<bool, ValueError> {
        let offset = self.cursor.offset();
        match self.cursor.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(foreign(offset, expected)),
        }
    }

    fn character(&mut self) -> Result<Value, ValueError> {
        let offset = self.cursor.offset();
        let text = self.cursor.text()?;
        if text.chars().count() == 1 {
            Ok(text.into())
        } else {
            Err(foreign(offset, "character"))
        }
    }

    fn list(
        &mut self,
        element: impl Fn(&mut Self) -> Result<Value, ValueError>,
    ) -> Result<Value, ValueError> {
        let mut values = Vec::new();
        for _ in 0..self.cursor.count()? {
            let value = element(self);
            values.push(value.map_err(|error| error.in_element(values.len()))?);
        }
        Ok(values.into())
    }

    fn tuple(&mut self, types: &[Type]) -> Result<Value, ValueError> {
        let mut values = Vec::new();
        for (index, ty) in types.iter().enumerate() {
            values.push(self.value(ty).map_err(|error| error.in_element(index))?);
        }
        Ok(values.into())
    }

    fn object(&mut self, key: &Type, ty: &Type) -> Result<Value, ValueError> {
        let mut object = Map::new();
        for _ in 0..self.cursor.count()? {
            let name = match self.value(key)? {
                Value::String(name) => name,
                number_or_bool => number_or_bool.to_string(),
            };
            let value = self.value(ty).map_err(|error| error.in_field(&name))?;
            if object.contains_key(&name) {
                return Err(Problem::RepeatedKey { key: name }.into());
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }

    fn fields(&mut self, fields: &[Field]) -> Result<Value, ValueError> {
        let mut object = Map::new();
        for Field { name, ty, .. } in fields {
            let value = self.value(ty).map_err(|error| error.in_field(name))?;
            object.insert(name.clone(), value);
        }
        Ok(object.into())
    }

    fn variant(&mut self, ty: &Type, variants: &[Variant]) -> Result<Value, ValueError> {
        let offset = self.cursor.offset();
        let index = self.cursor.varint(u32::BITS)?;
        let variant = usize::try_from(index)
            .ok()
            .and_then(|index| variants.get(index))
            .ok_or_else(|| {
                foreign(
                    offset,
                    &format!("variant of {ty}, which has {}", variants.len()),
                )
            })?;
        Ok(match &variant.content {
            None => variant.name.as_str().into(),
            Some(content) => {
                let content = self.value(content);
                let content = content.map_err(|error| error.in_field(&variant.name))?;
                tagged(&variant.name, content)
            }
        })
    }
}

fn foreign(offset: usize, expected: &str) -> ValueError {
    let expected = expected.to_owned();
    Problem::Foreign { offset, expected }.into()
}

/// Returns a variant and its content.
pub(crate) fn tagged(name: &str, content: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), content)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use postcard_schema::Schema;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn decoded<T: Schema + ?Sized>(bytes: &[u8]) -> Result<Value, String> {
        let ty = Type::read(&postcard::to_stdvec(T::SCHEMA).unwrap()).unwrap();
        decode_all(&ty, bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_keep_their_order() {
        let expected = r#"{"start":2,"end":1}"#;
        let range = decoded::<std::ops::Range<u8>>(&[2, 1]).unwrap();
        assert_eq!(range.to_string(), expected);
    }

    #[test]
    fn a_tag_must_be_one_of_its_type() {
        for (found, complaint) in [
            (decoded::<bool>(&[2]), "byte 0 is no bool (0 or 1)"),
            (decoded::<Option<u8>>(&[2]), "byte 0 is no option (0 or 1)"),
            (
                decoded::<(u8, char)>(&[1, 2, b'a', b'b']),
                "`[1]`: byte 1 is no character",
            ),
            (decoded::<char>(&[0]), "byte 0 is no character"),
            (
                decoded::<Result<u8, u8>>(&[2, 0]),
                "byte 0 is no variant of Result<T, E>, which has 2",
            ),
        ] {
            assert_eq!(found, Err(complaint.to_owned()));
        }
    }

    #[test]
    fn an_error_names_place_and_byte() {
        assert_eq!(
            decoded::<BTreeMap<String, [u16; 2]>>(&[1, 1, b'k', 5, 0x80]),
            Err("`k[1]`: the bytes end at byte 5, where more were expected".to_owned())
        );
    }

    #[test]
    fn a_list_of_nothings_ends_at_the_limit() {
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        for found in [
            decoded::<[()]>(&huge),
            decoded::<BTreeMap<(), ()>>(&huge),
            decoded::<[[(); 6]]>(&huge),
        ] {
            let complaint = found.unwrap_err();
            assert!(
                complaint.ends_with("it has too many parts that take no bytes"),
                "{complaint}"
            );
        }
    }

    #[test]
    fn parts_without_bytes_are_limited_by_those_with_bytes() {
        let units = |count| decoded::<[()]>(&[count]).is_ok();
        assert!(units(64 + 16) && !units(64 + 17));
        let pairs = |count: u8| {
            let bytes = [vec![count], vec![7; count.into()]].concat();
            decoded::<[(u8, (), ())]>(&bytes).is_ok()
        };
        assert!(pairs(127));
    }

    #[test]
    fn a_huge_length_of_bytes_is_refused_before_it_is_allocated() {
        assert_eq!(
            decoded::<[u8]>(&[0xff, 0xff, 0xff, 0xff, 0x0f]),
            Err("the length at byte 0 is 4294967295, and only 0 bytes follow".to_owned())
        );
    }

    #[test]
    fn a_key_that_comes_twice_is_not_dropped_in_silence() {
        let twice = [2, 7, 1, 7, 0];
        assert_eq!(
            decoded::<BTreeMap<u8, bool>>(&twice),
            Err("the key `7` occurs twice".to_owned())
        );
    }

    #[test]
    fn an_option_of_nothing_is_not_none() {
        assert_eq!(decoded::<Option<()>>(&[0]), Ok(json!(null)));
        assert_eq!(decoded::<Option<()>>(&[1]), Ok(json!({"Some": null})));
    }

    #[test]
    fn a_schema_is_refused() {
        assert_eq!(
            decoded::<postcard_schema::schema::NamedType>(&[0, 0]),
            Err("a value of type `schema` cannot be written as JSON".to_owned())
        );
    }
}
