//! Sequences that are longer than a frame: how a device fills a batch of a stream, and reads one of
//! a feed (PROTOCOL.md, "Streams" and "Feeds").

use super::{Arguments, BadArguments, Procedure, Replied, Reply};
use crate::schema::{Schema, Shape, Type};
use crate::wire::message::Kind;
use core::marker::PhantomData;
use heapless::Deque;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The maximum number of items in a batch: their number takes seven bits.
pub const MAX_BATCH: u8 = 127;

/// A procedure that returns a sequence of items, a batch at a time.
pub trait StreamProcedure: Procedure {
    /// An item.
    type Item: DeserializeOwned;

    /// True if its items come and go while it is read.
    const MOVES: bool;
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
pub struct BatchEnd {
    /// The number of items, up to [`MAX_BATCH`].
    pub count: u8,
    /// True if no item follows them.
    pub is_last: bool,
}

impl BatchEnd {
    /// The end of a batch that begins behind the end of the stream, which has become shorter since the
    /// position was determined.
    pub const BEYOND: Self = Self {
        count: 0,
        is_last: false,
    };

    /// Returns the byte that is sent.
    pub const fn to_byte(self) -> u8 {
        (self.is_last as u8) << 7 | self.count
    }

    pub(crate) const fn from_byte(byte: u8) -> Self {
        Self {
            count: byte & MAX_BATCH,
            is_last: byte > MAX_BATCH,
        }
    }
}

/// The items of a stream that come and go while it is read, such as the last lines of a log.
///
/// A procedure that returns `impl Iterator` promises the same items at the same positions whenever it is
/// called with the same arguments. One that cannot promise it returns `Moving<impl Iterator>`. Its
/// caller gets the items in order, each once, and the exact number of those that were dropped before it
/// could read them. [`Recent`] keeps such items.
#[derive(Clone, Copy, Debug)]
pub struct Moving<I> {
    /// The position of the first item: the number of items dropped from the front since the device was
    /// started, modulo 2^32.
    pub first: u32,
    /// The items that are there now, from the oldest.
    pub items: I,
}

/// The last `N` items that were pushed, for a stream of them.
///
/// ```
/// use rpc_proto::service;
/// use rpc_proto::service::{Moving, Recent};
///
/// #[service]
/// trait Thermometer {
///     /// Returns the last 32 temperatures, in tenths of a degree, from the oldest.
///     fn recent(&mut self) -> Moving<impl Iterator<Item = i16>>;
/// }
///
/// struct Sensor {
///     readings: Recent<i16, 32>,
/// }
///
/// impl Thermometer for Sensor {
///     fn recent(&mut self) -> Moving<impl Iterator<Item = i16>> {
///         self.readings.stream()
///     }
/// }
/// # let mut sensor = Sensor { readings: Recent::new() };
/// # (0..40).for_each(|reading| sensor.readings.push(reading));
/// # assert_eq!(sensor.recent().first, 8);
/// # let _ = ThermometerService(sensor);
/// ```
#[derive(Clone, Debug)]
pub struct Recent<T, const N: usize> {
    dropped: u32,
    items: Deque<T, N>,
}

impl<T, const N: usize> Recent<T, N> {
    /// Creates it without items.
    pub const fn new() -> Self {
        Self {
            dropped: 0,
            items: Deque::new(),
        }
    }

    /// Adds an item, and drops the oldest if there are `N`.
    pub fn push(&mut self, item: T) {
        if self.items.is_full() {
            self.items.pop_front();
            self.dropped = self.dropped.wrapping_add(1);
        }
        // There is room now, unless `N` is 0.
        let _ = self.items.push_back(item);
    }

    /// Returns the items from the oldest, as a procedure returns them.
    pub fn stream(&self) -> Moving<impl Iterator<Item = T>>
    where
        T: Clone,
    {
        Moving {
            first: self.dropped,
            items: self.items.iter().cloned(),
        }
    }
}

impl<T, const N: usize> Default for Recent<T, N> {
    fn default() -> Self {
        Self::new()
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

    /// Answers with a batch of a moving stream.
    pub fn moving<T: Serialize>(
        mut self,
        moving: Moving<impl Iterator<Item = T>>,
        mut ask: Ask,
    ) -> Replied {
        let ahead = ask.position.wrapping_sub(moving.first);
        let is_gone = ask.position == 0 || ahead > u32::MAX / 2;
        ask.position = if is_gone { 0 } else { ahead };
        self.0.value(&moving.first.wrapping_add(ask.position));
        self.items(moving.items, ask)
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

    /// Answers like [`moving`](Self::moving), for a procedure that may return an error of its own
    /// instead.
    pub fn moving_result<T: Serialize, E: Serialize>(
        self,
        result: Result<Moving<impl Iterator<Item = T>>, E>,
        ask: Ask,
    ) -> Replied {
        match result {
            Ok(moving) => self.moving(moving, ask),
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
    const SCHEMA: &'static Type = &Type::new("Items<T>", Shape::Seq(T::SCHEMA, None));
}
