//! Compares types at compile time, where `==` cannot be used.

use super::{Content, Field, Shape, Type};

impl Type {
    /// Returns true if the other type has the same description.
    pub(crate) const fn is_same(&self, other: &Self) -> bool {
        is_equal(self.name, other.name)
            && is_equal(self.doc, other.doc)
            && is_same_shape(self.shape, other.shape)
    }
}

/// Compares two texts.
pub(crate) const fn is_equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

const fn is_same_shape(left: Shape, right: Shape) -> bool {
    match (left, right) {
        (Shape::String(left), Shape::String(right)) | (Shape::Bytes(left), Shape::Bytes(right)) => {
            is_same_limit(left, right)
        }
        (Shape::Option(left), Shape::Option(right))
        | (Shape::NewtypeStruct(left), Shape::NewtypeStruct(right)) => left.is_same(right),
        (Shape::Seq(left, most), Shape::Seq(right, others_most)) => {
            left.is_same(right) && is_same_limit(most, others_most)
        }
        (Shape::Tuple(left), Shape::Tuple(right))
        | (Shape::TupleStruct(left), Shape::TupleStruct(right)) => are_same(left, right),
        (Shape::Map(key, value), Shape::Map(others_key, others_value)) => {
            key.is_same(others_key) && value.is_same(others_value)
        }
        (Shape::Struct(left), Shape::Struct(right)) => are_same_fields(left, right),
        (Shape::Enum(left), Shape::Enum(right)) => {
            let mut index = 0;
            while index < left.len() && index < right.len() {
                let (one, other) = (&left[index], &right[index]);
                if !is_equal(one.name, other.name)
                    || !is_equal(one.doc, other.doc)
                    || !is_same_content(one.content, other.content)
                {
                    return false;
                }
                index += 1;
            }
            left.len() == right.len()
        }
        _ => left.tag() == right.tag(),
    }
}

const fn is_same_limit(left: Option<u32>, right: Option<u32>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left == right,
        _ => left.is_none() && right.is_none(),
    }
}

const fn is_same_content(left: Content, right: Content) -> bool {
    match (left, right) {
        (Content::Unit, Content::Unit) => true,
        (Content::Newtype(left), Content::Newtype(right)) => left.is_same(right),
        (Content::Tuple(left), Content::Tuple(right)) => are_same(left, right),
        (Content::Struct(left), Content::Struct(right)) => are_same_fields(left, right),
        _ => false,
    }
}

const fn are_same(left: &[&Type], right: &[&Type]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        if !left[index].is_same(right[index]) {
            return false;
        }
        index += 1;
    }
    left.len() == right.len()
}

const fn are_same_fields(left: &[Field], right: &[Field]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() {
        let (one, other) = (&left[index], &right[index]);
        if !is_equal(one.name, other.name)
            || !is_equal(one.doc, other.doc)
            || !one.ty.is_same(other.ty)
        {
            return false;
        }
        index += 1;
    }
    left.len() == right.len()
}
