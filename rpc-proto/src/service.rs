//! What a service and a procedure are, and what passes between a server and a service.
//!
//! [`#[service]`](macro@crate::service) implements these traits for a trait of the user's; nobody has to
//! write them by hand. The dispatcher of a service takes [`Arguments`] apart and fills a [`Reply`];
//! both are views into the session's buffers, so nothing is copied on the way.

mod interface;
mod items;

pub use interface::{Bare, Undescribed};
pub(crate) use items::BatchEnd;
pub use items::{Ask, FeedProcedure, Items, MAX_BATCH, StreamProcedure};

use crate::wire::frame::{Encoder, Full};
use crate::wire::message::{Fault, Header, Kind, Seq};
use crate::wire::seal::Seal;
use core::slice;
use postcard::de_flavors::Flavor;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The number of the first procedure of an interface; those below are the device's own.
pub const FIRST_NUMBER: u16 = 8;

/// What an interface consists of: a procedure or an event.
pub trait Member {
    /// Service and name, such as `calculator.add`.
    const PATH: &'static str;
    /// The hash of path and types by which a device is asked for the number.
    const KEY: u32;
    /// The number, where it is part of the protocol: only the device's own procedures have one.
    const NUMBER: Option<u16>;
    /// The number that it has on a device which offers this service and no other.
    const NUMBER_IF_SOLE: u16;
    /// The fingerprint of such a device.
    const FINGERPRINT_IF_SOLE: u32;
}

/// One procedure, as a caller sees it.
pub trait Procedure: Member {
    /// The arguments, as a tuple.
    type Arguments<'a>: Serialize;
    /// The value; it may borrow from the received reply.
    type Value<'a>: Deserialize<'a>;
    /// The procedure's own error; [`Never`] if it has none.
    type Error: DeserializeOwned;

    /// Whether running it twice does no harm, so that it may be repeated after a device reset.
    const IDEMPOTENT: bool;
}

/// One event: what a device tells unasked. The type that has the data is the event.
pub trait Event: Member + Serialize {
    /// The same with data that borrows from the received frame.
    type Received<'a>: Deserialize<'a>;
}

/// The error of a procedure that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Never {}

/// What a service offers. The dispatcher that `#[service]` adds for a trait implements it, and with
/// it [`Dispatch`], or [`DispatchAsync`] if one of the trait's methods is `async`.
pub trait Service {
    /// The keys of the procedures, in the order in which they are numbered.
    const KEYS: &'static [u32];
    /// The service's part of the description.
    const DESCRIPTION: &'static [u8];
    /// How the description begins for a device that offers this service alone.
    const HEADER: &'static [u8];
}

/// What a device offers, all services together.
///
/// A single service is an interface; [`interface!`](crate::interface) makes one of several.
pub trait Interface {
    /// The description, in pieces that belong end to end. Empty if it is left out of the image.
    const DESCRIPTION: &'static [&'static [u8]];
    /// CRC-32 of the description, whether it is left out or not.
    const FINGERPRINT: u32;
    /// Whether the device's own service is offered as well.
    const OWN_SERVICE: bool = true;

    /// The position of the procedure with that key among all procedures of the interface.
    fn resolve(key: u32) -> Option<u16>;
}

impl<S: Service> Interface for S {
    const DESCRIPTION: &'static [&'static [u8]] = &[S::HEADER, S::DESCRIPTION];
    const FINGERPRINT: u32 = crate::describe::fingerprint(<Self as Interface>::DESCRIPTION);

    fn resolve(key: u32) -> Option<u16> {
        index_of(key, S::KEYS)
    }
}

/// An interface whose procedures run to their end at once.
pub trait Dispatch: Interface {
    /// Runs the procedure at `index` of the interface.
    ///
    /// # Errors
    /// The fault to answer with, if it could not be run.
    fn dispatch(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault>;
}

/// An interface whose procedures may wait for something else to happen. One that is [`Dispatch`]
/// is this too, unless it is written by hand.
#[allow(
    async_fn_in_trait,
    reason = "a device has one executor, which needs no `Send`"
)]
pub trait DispatchAsync: Interface {
    /// Runs the procedure at `index` of the interface.
    ///
    /// # Errors
    /// The fault to answer with, if it could not be run.
    async fn dispatch_async(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault>;
}

/// The position of a key among the keys of a service.
pub fn index_of(key: u32, keys: &[u32]) -> Option<u16> {
    keys.iter()
        .position(|&candidate| candidate == key)
        .and_then(|index| u16::try_from(index).ok())
}

/// The arguments of a call, taken one by one in the order of the procedure's signature.
#[derive(Clone, Debug)]
pub struct Arguments<'a>(slice::Iter<'a, u8>);

impl<'a> Arguments<'a> {
    /// The arguments that `bytes` encode.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.iter())
    }

    /// Takes the next argument; what it borrows stays in the receive buffer.
    ///
    /// # Errors
    /// [`BadArguments`] if the bytes are no such value.
    #[inline(never)]
    pub fn take<T: Deserialize<'a>>(&mut self) -> Result<T, BadArguments> {
        let mut deserializer = postcard::Deserializer::from_flavor(Bytes(self.0.clone()));
        let value = T::deserialize(&mut deserializer).map_err(|_| BadArguments)?;
        self.0 = deserializer.finalize().map_err(|_| BadArguments)?;
        Ok(value)
    }

    /// Takes the sequence of a feed, which is decoded again item by item when it is used.
    ///
    /// # Errors
    /// [`BadArguments`] if the bytes are no such sequence.
    pub fn take_items<T: Deserialize<'a>>(&mut self) -> Result<Items<'a, T>, BadArguments> {
        Items::take(self)
    }

    /// Checks that every byte was taken: bytes left over mean that the two ends disagree about
    /// the signature.
    ///
    /// # Errors
    /// [`BadArguments`] if bytes are left.
    pub fn end(self) -> Result<(), BadArguments> {
        if self.0.as_slice().is_empty() {
            Ok(())
        } else {
            Err(BadArguments)
        }
    }
}

/// What postcard takes arguments from. Its own takes slices, which are a pointer and a length; an
/// iterator has two pointers like this, so that taking an argument converts nothing.
struct Bytes<'a>(slice::Iter<'a, u8>);

impl<'a> Flavor<'a> for Bytes<'a> {
    type Remainder = slice::Iter<'a, u8>;
    type Source = &'a [u8];

    fn pop(&mut self) -> postcard::Result<u8> {
        let byte = self.0.next();
        byte.copied()
            .ok_or(postcard::Error::DeserializeUnexpectedEnd)
    }

    fn try_take_n(&mut self, count: usize) -> postcard::Result<&'a [u8]> {
        let split = self.0.as_slice().split_at_checked(count);
        let (taken, rest) = split.ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        self.0 = rest.iter();
        Ok(taken)
    }

    fn finalize(self) -> postcard::Result<Self::Remainder> {
        Ok(self.0)
    }
}

/// Arguments that are not what the procedure takes.
///
/// Apart from [`Fault`], because a result whose error has no size comes back in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BadArguments;

impl From<BadArguments> for Fault {
    fn from(BadArguments: BadArguments) -> Self {
        Self::BadArguments
    }
}

/// Where the answer to a call goes: straight into the frame that is kept for it.
#[derive(Debug)]
pub struct Reply<'r> {
    seq: Seq,
    encoder: Encoder<'r>,
}

/// Proof that a [`Reply`] was filled, if it fits.
#[derive(Debug, PartialEq, Eq)]
pub struct Replied(pub(crate) Result<(), Full>);

impl<'r> Reply<'r> {
    /// The answer to call `seq` of the session with that seal, to be made in that place.
    pub(crate) fn new(seq: Seq, seal: Seal, place: &'r mut [u8]) -> Self {
        Self {
            seq,
            encoder: Encoder::without_header(place, seal),
        }
    }

    /// Answers with a value.
    pub fn value<T: Serialize + ?Sized>(mut self, value: &T) -> Replied {
        self.begin(Kind::Return);
        self.encoder.value(value);
        self.end()
    }

    /// Answers with a value or the procedure's own error.
    pub fn result<T: Serialize, E: Serialize>(mut self, result: &Result<T, E>) -> Replied {
        let kind = match result {
            Ok(_) => Kind::Return,
            Err(_) => Kind::Error,
        };
        self.begin(kind);
        match result {
            Ok(value) => self.encoder.value(value),
            Err(error) => self.encoder.value(error),
        }
        self.end()
    }

    /// Once for all types of values.
    #[inline(never)]
    fn begin(&mut self, kind: Kind) {
        let seq = self.seq;
        self.encoder.push(Header { kind, seq }.to_byte());
    }

    fn end(&mut self) -> Replied {
        Replied(self.encoder.finish().map(|_| ()))
    }
}
