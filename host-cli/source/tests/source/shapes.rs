//! A service with every shape of type, and every kind of procedure.

use rpc_proto::Schema;
use rpc_proto::service::{Items, Moving};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use std::num::{NonZeroI128, NonZeroU8, Wrapping};
use std::ops::RangeInclusive;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Unit;
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Newtype(u64);
/// Two at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct TupleStruct(u128, f32);
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Struct<'a> {
    text: &'a str,
    /// A letter.
    letter: char,
    größe: Option<TupleStruct>,
    r#type: PhantomData<u8>,
}
/// It has a doc comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub enum Enum {
    Unit,
    /// So has this.
    Newtype(Newtype),
    Tuple(i8, Unit),
    Struct {
        /// And this.
        nested: [u16; 3],
        nothing: (),
    },
    Last(Result<Newtype, Metres>),
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub enum Empty {}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
#[serde(transparent)]
pub struct Metres {
    inner: f32,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Pair<T, U = u8> {
    left: T,
    right: U,
}
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
pub struct Window<const N: usize> {
    samples: heapless::Vec<i16, N>,
}
type Pairs<T> = heapless::Vec<Pair<T, i8>, 4>;

/// All kinds of procedures and types.
#[rpc_proto::service]
pub trait Shapes {
    fn nothing(&mut self);
    #[idempotent]
    fn numbers(&self, a: i8, b: i16, c: i32, d: i64, e: i128) -> (u8, u16, u32, u64, u128);
    fn others(&mut self, bit: bool, real: f32, double: f64) -> Result<char, Empty>;
    fn structs<'a>(
        &mut self,
        unit: Unit,
        newtype: Newtype,
        s: Struct<'a>,
    ) -> Result<Enum, TupleStruct>;
    fn sequences(
        &mut self,
        r#in: heapless::Vec<Option<u8>, 3>,
        bytes: &[u8],
        array: [i16; 4],
    ) -> heapless::Vec<Enum, 4>;
    fn standard(
        &mut self,
        time: Duration,
        range: std::ops::Range<u8>,
        inclusive: RangeInclusive<i16>,
    ) -> Option<Duration>;
    fn wrapped(
        &mut self,
        wrapping: Wrapping<u8>,
        number: NonZeroU8,
        huge: NonZeroI128,
    ) -> &'static str;
    fn generic(
        &mut self,
        pair: Pair<u16>,
        pairs: Pairs<Metres>,
        window: Window<5>,
    ) -> Window<{ 2 * 3 }>;
    fn again(&mut self, one: Newtype, pair: Pair<u16>, window: Window<5>) -> (Newtype,);
    fn stream(&mut self, from: u8) -> impl Iterator<Item = Enum>;
    fn moving(&self) -> Result<Moving<impl Iterator<Item = u8>>, Empty>;
    fn feed(&mut self, scale: u8, items: Items<'_, Enum>) -> Result<u32, Enum>;
    #[event]
    fn happened(what: Enum, text: &str);
    async fn slowly(&mut self);
}

impl Shapes for () {
    fn nothing(&mut self) {}
    fn numbers(&self, _: i8, _: i16, _: i32, _: i64, _: i128) -> (u8, u16, u32, u64, u128) {
        (0, 0, 0, 0, 0)
    }
    fn others(&mut self, _: bool, _: f32, _: f64) -> Result<char, Empty> {
        Ok('a')
    }
    fn structs<'a>(&mut self, _: Unit, _: Newtype, _: Struct<'a>) -> Result<Enum, TupleStruct> {
        Ok(Enum::Unit)
    }
    fn sequences(
        &mut self,
        _: heapless::Vec<Option<u8>, 3>,
        _: &[u8],
        _: [i16; 4],
    ) -> heapless::Vec<Enum, 4> {
        heapless::Vec::new()
    }
    fn standard(
        &mut self,
        time: Duration,
        _: std::ops::Range<u8>,
        _: RangeInclusive<i16>,
    ) -> Option<Duration> {
        Some(time)
    }
    fn wrapped(&mut self, _: Wrapping<u8>, _: NonZeroU8, _: NonZeroI128) -> &'static str {
        ""
    }
    fn generic(&mut self, _: Pair<u16>, _: Pairs<Metres>, _: Window<5>) -> Window<{ 2 * 3 }> {
        Window {
            samples: heapless::Vec::new(),
        }
    }
    fn again(&mut self, one: Newtype, _: Pair<u16>, _: Window<5>) -> (Newtype,) {
        (one,)
    }
    fn stream(&mut self, _: u8) -> impl Iterator<Item = Enum> {
        std::iter::empty()
    }
    fn moving(&self) -> Result<Moving<impl Iterator<Item = u8>>, Empty> {
        Ok(Moving {
            first: 0,
            items: std::iter::empty(),
        })
    }
    fn feed(&mut self, _: u8, _: Items<'_, Enum>) -> Result<u32, Enum> {
        Ok(0)
    }
    async fn slowly(&mut self) {}
}
