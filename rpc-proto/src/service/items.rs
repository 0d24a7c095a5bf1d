//! Sequences that are longer than a frame: how a device fills a batch of a stream, and reads one of
//! a feed (PROTOCOL.md, "Streams" and "Feeds").

use super::{Arguments, BadArguments, Procedure, Replied, Reply};
use crate::wire::message::Kind;
use core::marker::PhantomData;
use postcard_schema::Schema;
use postcard_schema::schema::{DataModelType, NamedType};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The maximum number of items in a batch: their number takes seven bits.
pub const MAX_BATCH: u8 = 127;

/// A procedure that returns a sequence of items, a batch at a time.
pub trait StreamProcedure: Procedure {
    /// An item.
    type Item: DeserializeOwned;
}

/// A procedure whose last argument is a sequence of items, a batch at a time.
pub trait FeedProcedure: Procedure {
    /// The arguments before the sequence, as a tuple.
    type Head<'a>: Serialize;
    /// An item.
    type Item: Serialize;
    /// The value.
    type Output: DeserializeOwned;

    /// True if the procedure has an error of its own.
    const FALLIBLE: bool;
}

/// The items of a stream that a batch should have: the first arguments of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ask {
    /// The number of items before its first.
    pub position: u32,
    /// The maximum number of items, 1 to [`MAX_BATCH`].
    pub limit: u8,
}

/// The end of a batch: the number of its items, and whether the stream ends with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchEnd {
    pub(crate) count: u8,
    pub(crate) is_last: bool,
}

impl BatchEnd {
    /// The end of a batch that begins behind the end of the stream, which has become shorter since the
    /// position was determined.
    pub(crate) const BEYOND: Self = Self {
        count: 0,
        is_last: false,
    };

    pub(crate) const fn to_byte(self) -> u8 {
        (self.is_last as u8) << 7 | self.count
    }

    pub(crate) const fn from_byte(byte: u8) -> Self {
        Self {
            count: byte & MAX_BATCH,
            is_last: byte > MAX_BATCH,
        }
    }
}

impl Reply<'_> {
    /// Answers with a batch of a stream: as many of the requested items as fit.
    ///
    /// Each item is encoded before it is known whether it fits, and removed if it does not.
    pub fn items<T: Serialize>(mut self, mut items: impl Iterator<Item = T>, ask: Ask) -> Replied {
        let encoder = &mut self.0;
        let mut end = BatchEnd::BEYOND;
        let behind = (ask.position as usize).checked_sub(1);
        if behind.is_none_or(|behind| items.nth(behind).is_some()) {
            let limit = ask.limit.clamp(1, MAX_BATCH);
            loop {
                let Some(item) = items.next() else {
                    end.is_last = true;
                    break;
                };
                if end.count == limit {
                    break;
                }
                let before = encoder.end();
                encoder.value(&item);
                if !encoder.has_room(1) {
                    match end.count {
                        0 => encoder.refuse(),
                        _ => encoder.rewind(before),
                    }
                    break;
                }
                end.count += 1;
            }
        }
        encoder.push(end.to_byte());
        self.end(Kind::Return)
    }

    /// Answers like [`items`](Self::items), for a procedure that may return an error of its own
    /// instead.
    pub fn items_result<T: Serialize, E: Serialize>(
        self,
        result: Result<impl Iterator<Item = T>, E>,
        ask: Ask,
    ) -> Replied {
        match result {
            Ok(items) => self.items(items, ask),
            Err(error) => self.error(&error),
        }
    }
}

/// Items that a caller feeds to a procedure, as its last argument: an iterator that decodes them one by
/// one in the receive buffer.
///
/// A caller may feed any number of items. They arrive in several calls, as many at a time as fit a
/// frame, in order and each once. Without items, there is one call with none.
///
/// ```
/// use rpc_proto::service;
/// use rpc_proto::service::Items;
///
/// #[service]
/// trait Plotter {
///     /// Draws a line to each point, and tells how many were drawn since power-up.
///     fn draw(&mut self, colour: u8, points: Items<'_, (i16, i16)>) -> u32;
/// }
///
/// struct Pen {
///     drawn: u32,
/// }
/// impl Plotter for Pen {
///     fn draw(&mut self, _colour: u8, points: Items<'_, (i16, i16)>) -> u32 {
///         for (_x, _y) in points {
///             self.drawn += 1;
///         }
///         self.drawn
///     }
/// }
/// # let _ = PlotterService(Pen { drawn: 0 });
/// ```
#[derive(Debug)]
pub struct Items<'a, T> {
    arguments: Arguments<'a>,
    left: u16,
    items: PhantomData<fn() -> T>,
}

impl<'a, T: Deserialize<'a>> Items<'a, T> {
    /// Takes the sequence, and checks every item, so that bad arguments are detected before the
    /// procedure runs.
    pub(super) fn take(arguments: &mut Arguments<'a>) -> Result<Self, BadArguments> {
        let left = arguments.take()?;
        let items = Self {
            arguments: arguments.clone(),
            left,
            items: PhantomData,
        };
        for _ in 0..left {
            arguments.take::<T>()?;
        }
        Ok(items)
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Items<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        self.arguments.take().ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(self.left), Some(usize::from(self.left)))
    }
}

impl<'a, T: Deserialize<'a>> ExactSizeIterator for Items<'a, T> {}

/// On the wire it is a sequence like any other.
impl<T: Schema> Schema for Items<'_, T> {
    const SCHEMA: &'static NamedType = &NamedType {
        name: "Items<T>",
        ty: &DataModelType::Seq(T::SCHEMA),
    };
}
