//! Converts JSON to the bytes of a type that is only known at run time, and back.
//!
//! The JSON is what `serde_json` makes of the same Rust value, so `#[derive(Serialize)]` on the
//! device is all the documentation that it needs:
//!
//! | type                          | JSON                                                        |
//! |-------------------------------|-------------------------------------------------------------|
//! | `bool`                        | `true`, `false`                                             |
//! | integers                      | a number; a string of digits beyond 64 bits                 |
//! | `f32`, `f64`                  | a number, or `"nan"`, `"inf"`, `"-inf"`                     |
//! | `char`, strings               | a string                                                    |
//! | byte strings and lists of `u8` | a string `"0x00ff"`                                        |
//! | `Option`                      | null or the value                                           |
//! | `()`, unit structs            | null                                                        |
//! | newtype structs               | the value inside                                            |
//! | lists, tuples, arrays, tuple structs | an array                                             |
//! | structs                       | an object with every field                                  |
//! | maps                          | an object if keys are integers, bools, strings, chars or names of variants, else an array of `[key, value]` |
//! | enums                         | `"Unit"`, `{"Newtype": 1}`, `{"Tuple": [1, 2]}`, `{"Struct": {"x": 1}}` |
//!
//! It differs from `serde_json` where that would lose information or be awkward in a shell:
//! - An `f32` is shown by its shortest digits, `1.1`, not by those of the `f64` next to it. NaN and
//!   the infinities are not null. The bits of a NaN are not kept.
//! - Bytes are hexadecimal rather than an array. An array of numbers is accepted too. Fixed-size
//!   arrays such as `[u8; 4]` are always arrays.
//! - An option around something that may itself be null (`Option<Option<i32>>`, `Option<()>`) shows
//!   a value as `{"Some": ...}`, so that it is not mistaken for none.
//! - An integer is also accepted as a string, and then also as `"0xff"`, `"0b1010"`, `"0o17"` and
//!   `"1_000"`.
//!
//! The only values that are refused are those of postcard-schema's own `NamedType`.

mod decode;
mod encode;
mod error;
mod float;
mod hex;
mod integer;
mod render;
mod strict;

pub use decode::{decode, decode_all, decode_items};
pub use encode::encode;
pub use error::{Path, Problem, ValueError, expectation};
pub use hex::{from_hex, hex};
pub use render::{error_in_words, plain};
pub use strict::strict;

pub use crate::cursor::Malformed;
pub(crate) use decode::{check_end, tagged};
pub(crate) use error::shortened;
pub(crate) use float::Float;
pub(crate) use integer::Integer;
