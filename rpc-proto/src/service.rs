//! Services, procedures, and the arguments and replies between a server and a service.
//!
//! [`#[service]`](macro@crate::service) implements these traits for the user's trait, so they need not
//! be implemented by hand. The dispatcher of a service decodes [`Arguments`] and fills a [`Reply`].
//! Both are views into the session's buffers, so nothing is copied on the way.

mod interface;
mod items;

pub use interface::{Bare, CheckedBy, MayNotFit, Undescribed};
pub use items::{Ask, BatchEnd, FeedProcedure, Items, MAX_BATCH, Moving, Recent, StreamProcedure};

use crate::describe::{DIGEST, DIGEST_OFFSET, Longest, digest};
use crate::wire::crc::{Engine, SmallTable};
use crate::wire::decode::Decoder;
use crate::wire::encode::{CodingError, Sink};
use crate::wire::frame::Encoder;
use crate::wire::message::{Fault, Kind};
use serde::de::DeserializeOwned;
use serde::ser::{SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

/// The number of the first procedure of an interface; those below are the device's own.
pub const FIRST_NUMBER: u16 = 8;

/// A member of an interface: a procedure or an event.
pub trait Member {
    /// The path: service and name, such as `calculator.add`.
    const PATH: &'static str;
    /// The hash of path and types, with which a device is asked for the number.
    const KEY: u32;
    /// The number, if it is part of the protocol: only the device's own procedures have one.
    const NUMBER: Option<u16>;
    /// The number on a device that offers only this service.
    const NUMBER_IF_SOLE: u16;
    /// The fingerprint of such a device.
    const FINGERPRINT_IF_SOLE: u32;
    /// The description of such a device, in pieces.
    const DESCRIPTION_IF_SOLE: &'static [&'static [u8]];
}

/// One procedure, as a caller sees it.
pub trait Procedure: Member {
    /// The arguments, as a tuple.
    type Arguments<'a>: Serialize;
    /// The value; it may borrow from the received reply.
    type Value<'a>: Deserialize<'a>;
    /// The procedure's own error; [`Never`] if it has none.
    type Error: DeserializeOwned;

    /// True if running it twice does no harm, so that it may be repeated after a device reset.
    const IDEMPOTENT: bool;
}

/// One event, which a device can push. The type that holds the data is the event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "an event is a function marked `#[event]` in a `#[rpc_proto::service]` trait: for `fn moved(open: bool)` in `trait Door` it is `DoorMoved {{ open }}`"
)]
pub trait Event: Member + Serialize {
    /// The same event with data that borrows from the received frame.
    type Received<'a>: Deserialize<'a>;
}

/// The error of a procedure that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Never {}

/// A service as a constant. `#[service]` implements it for the dispatcher that it adds, and
/// [`interface!`](crate::interface) puts several together.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a service",
    label = "not a service",
    note = "a service is what `#[rpc_proto::service]` adds for a trait: for `trait Lamp` that is `LampService<T>`, where `T` implements `Lamp`"
)]
pub trait Service {
    /// The name in paths.
    const NAME: &'static str;
    /// The keys of the procedures, in the order in which they are numbered.
    const KEYS: &'static [u32];
    /// The longest message.
    const LONGEST: Longest;
    /// The service's part of the description.
    const DESCRIPTION: &'static [u8];
    /// The beginning of the description of a device that offers only this service.
    const HEADER: &'static [u8];
}

/// The services that a device offers, as its server knows them.
///
/// A single service is an interface; [`interface!`](crate::interface) combines several. Implement it by
/// hand for a device whose procedures are known only at run time, such as a bridge to another device;
/// see [`RawServer`](crate::server::RawServer).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served",
    label = "not an interface",
    note = "a server takes a service, such as the `LampService<T>` that `#[rpc_proto::service]` adds for `trait Lamp`, or several in one struct made by `rpc_proto::interface!`"
)]
pub trait Interface {
    /// True if the device's own service is offered as well.
    const OWN_SERVICE: bool = true;
    /// The longest message, which the server's frames must have room for. Types without a longest value
    /// do not count.
    const LONGEST: Longest = Longest::NONE;

    /// Returns the description from byte `offset` on, or a part that begins there. Empty at the end,
    /// and always empty if the device omits the description. At [`DIGEST_OFFSET`], its
    /// [`digest`](crate::describe::digest()), or nothing: callers then read the description each time.
    fn description(&self, offset: u32) -> &[u8];

    /// Returns the CRC-32 of the whole description, even if the device omits it.
    fn fingerprint(&self) -> u32;

    /// Returns the position of the procedure with that key among all procedures of the interface.
    fn resolve(&self, key: u32) -> Option<u16>;

    /// Returns the engine that computes the checksums of frames; see [`CheckedBy`].
    fn engine(&self) -> impl Engine + Copy {
        SmallTable
    }
}

/// An interface whose description is a constant: a service, or the result of
/// [`interface!`](crate::interface).
pub trait StaticInterface {
    /// The description, in consecutive pieces.
    const DESCRIPTION: &'static [&'static [u8]];
    /// The keys of the procedures of each service.
    const KEYS: &'static [&'static [u32]];
    /// The longest message.
    const LONGEST: Longest;
    /// CRC-32 of the description.
    const FINGERPRINT: u32 = crate::describe::fingerprint(Self::DESCRIPTION);
    /// Digest of the description.
    const DIGEST: [u8; DIGEST] = digest(Self::DESCRIPTION);
}

impl<S: Service> StaticInterface for S {
    const DESCRIPTION: &'static [&'static [u8]] = &[S::HEADER, S::DESCRIPTION];
    const KEYS: &'static [&'static [u32]] = &[S::KEYS];
    const LONGEST: Longest = S::LONGEST;
}

#[diagnostic::do_not_recommend]
impl<S: StaticInterface> Interface for S {
    const LONGEST: Longest = S::LONGEST;

    fn description(&self, offset: u32) -> &[u8] {
        if offset == DIGEST_OFFSET {
            return const { &S::DIGEST };
        }
        let mut offset = offset as usize;
        for &piece in S::DESCRIPTION {
            match piece.get(offset..) {
                Some(rest) if !rest.is_empty() => return rest,
                _ => offset -= piece.len(),
            }
        }
        &[]
    }

    fn fingerprint(&self) -> u32 {
        S::FINGERPRINT
    }

    fn resolve(&self, key: u32) -> Option<u16> {
        let mut first = 0;
        for &keys in S::KEYS {
            if let Some(index) = keys.iter().position(|&candidate| candidate == key) {
                return Some(first + index as u16);
            }
            first += keys.len() as u16;
        }
        None
    }
}

/// An interface whose procedures run to completion at once.
///
/// `#[service]` implements it. Implemented by hand, it serves procedures that no trait declares:
///
/// ```
/// use rpc_proto::server::Server;
/// use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply};
/// use rpc_proto::wire::message::Fault;
///
/// struct Adder;
///
/// impl Interface for Adder {
///     fn description(&self, _offset: u32) -> &[u8] {
///         &[]
///     }
///     fn fingerprint(&self) -> u32 {
///         0
///     }
///     fn resolve(&self, _key: u32) -> Option<u16> {
///         None
///     }
/// }
///
/// impl Dispatch for Adder {
///     fn dispatch(
///         &mut self,
///         index: u16,
///         mut arguments: Arguments<'_>,
///         reply: Reply<'_>,
///     ) -> Result<Replied, Fault> {
///         match index {
///             // This is what `#[service]` writes for `fn add(&mut self, x: i32, y: i32) -> i32`.
///             0 => {
///                 let x: i32 = arguments.take()?;
///                 let y: i32 = arguments.take()?;
///                 arguments.end()?;
///                 Ok(reply.value(&(x + y)))
///             }
///             // Arguments and value may also stay encoded.
///             1 => Ok(reply.return_bytes(arguments.bytes())),
///             _ => Err(Fault::UnknownProcedure),
///         }
///     }
/// }
///
/// let server = Server::<_, 64, 1>::new(Adder);
/// # let _ = server;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served by `serve`, `poll` or `receive`",
    label = "use `serve_async` or `receive_async` if a procedure is `async`",
    note = "in `rpc_proto::interface!`, a service with `async` methods needs an `async struct`"
)]
pub trait Dispatch: Interface {
    /// Runs the procedure at `index` of the interface.
    ///
    /// # Errors
    /// Returns the fault to answer with if it could not be run.
    fn dispatch(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault>;
}

/// An interface whose procedures may wait for something. Every generated [`Dispatch`] is one as well.
#[allow(
    async_fn_in_trait,
    reason = "a device has one executor, which needs no `Send`"
)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be served",
    label = "not an interface",
    note = "a server takes a service, such as the `LampService<T>` that `#[rpc_proto::service]` adds for `trait Lamp`, or several in one struct made by `rpc_proto::interface!`"
)]
pub trait DispatchAsync: Interface {
    /// Runs the procedure at `index` of the interface.
    ///
    /// # Errors
    /// Returns the fault to answer with if it could not be run.
    async fn dispatch_async(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault>;
}

/// The arguments of a call, taken one by one in the order of the procedure's signature.
#[derive(Clone, Debug)]
pub struct Arguments<'a>(Decoder<'a>);

impl<'a> Arguments<'a> {
    /// Creates a view of the arguments encoded in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// Returns the remaining bytes: at first, the encoding of all arguments.
    pub fn bytes(&self) -> &'a [u8] {
        self.0.rest()
    }

    /// Takes the next argument. Borrowed data stays in the receive buffer.
    ///
    /// # Errors
    /// Returns [`BadArguments`] if the bytes do not encode such a value.
    #[inline(never)]
    pub fn take<T: Deserialize<'a>>(&mut self) -> Result<T, BadArguments> {
        self.0.value().map_err(|CodingError| BadArguments)
    }

    /// Takes a `u32`. It costs 4 instructions less than [`take`](Self::take).
    pub(crate) fn number(&mut self) -> Result<u32, BadArguments> {
        self.0.varint(u32::BITS).map_err(|CodingError| BadArguments)
    }

    /// Takes the last argument, like [`take`](Self::take) and [`end`](Self::end) together.
    ///
    /// # Errors
    /// Returns [`BadArguments`] if the bytes do not encode such a value, or some are left over.
    #[inline(never)]
    pub fn take_last<T: Deserialize<'a>>(&mut self) -> Result<T, BadArguments> {
        let value = self.0.value().map_err(|CodingError| BadArguments)?;
        self.end()?;
        Ok(value)
    }

    /// Takes an argument that is a sequence of bytes, all at once.
    ///
    /// # Errors
    /// Returns [`BadArguments`] if there are not as many bytes, or more than `T` holds.
    pub fn take_run<T: TryFrom<&'a [u8]>>(&mut self) -> Result<T, BadArguments> {
        self.take::<&[u8]>()?.try_into().map_err(|_| BadArguments)
    }

    /// Takes an argument that is an array of bytes, all at once.
    ///
    /// # Errors
    /// Returns [`BadArguments`] if there are not as many bytes.
    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], BadArguments> {
        self.0.array().map_err(|CodingError| BadArguments)
    }

    /// Takes the sequence of a feed, which is decoded again item by item when it is used.
    ///
    /// # Errors
    /// Returns [`BadArguments`] if the bytes do not encode such a sequence.
    pub fn take_items<T: Deserialize<'a>>(&mut self) -> Result<Items<'a, T>, BadArguments> {
        Items::take(self)
    }

    /// Checks that no bytes are left over, which would mean that the two ends disagree about the
    /// signature.
    ///
    /// # Errors
    /// Returns [`BadArguments`] if bytes are left over.
    pub fn end(&self) -> Result<(), BadArguments> {
        if self.bytes().is_empty() {
            Ok(())
        } else {
            Err(BadArguments)
        }
    }
}

/// The error if the arguments are not those of the procedure.
///
/// It is separate from [`Fault`], because a result whose error has no size is returned in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BadArguments;

impl From<BadArguments> for Fault {
    fn from(BadArguments: BadArguments) -> Self {
        Self::BadArguments
    }
}

/// A writer for the reply to a call, which goes straight into the frame that is kept for it.
#[derive(Debug)]
pub struct Reply<'r>(Encoder<'r>);

/// Proof that a [`Reply`] was filled. It may still not fit.
#[derive(Debug, PartialEq, Eq)]
pub struct Replied {
    /// The kind of the frame.
    pub(crate) kind: Kind,
    /// The end of its body.
    pub(crate) end: usize,
}

impl<'r> Reply<'r> {
    /// Creates a writer for the answer to a call, at `place`.
    pub(crate) const fn new(place: &'r mut [u8]) -> Self {
        Self(Encoder::new(place))
    }

    /// Answers with a value.
    #[inline(never)]
    pub fn value<T: Serialize + ?Sized>(mut self, value: &T) -> Replied {
        self.0.value(value);
        self.end(Kind::Return)
    }

    /// Answers with a value or the procedure's own error.
    #[inline(never)]
    pub fn result<T: Serialize, E: Serialize>(self, result: &Result<T, E>) -> Replied {
        match result {
            Ok(value) => self.value(value),
            Err(error) => self.error(error),
        }
    }

    /// Answers with the procedure's own error.
    fn error<E: Serialize>(mut self, error: &E) -> Replied {
        self.0.value(error);
        self.end(Kind::Error)
    }

    /// Answers with a value that is a sequence of bytes, all at once.
    pub fn run(mut self, bytes: impl AsRef<[u8]>) -> Replied {
        self.0.run(bytes.as_ref());
        self.end(Kind::Return)
    }

    /// Answers with a value that is a sequence of bytes, or the procedure's own error.
    pub fn run_result<T: AsRef<[u8]>, E: Serialize>(self, result: &Result<T, E>) -> Replied {
        match result {
            Ok(bytes) => self.run(bytes),
            Err(error) => self.error(error),
        }
    }

    /// Answers with a value that is already encoded.
    pub fn return_bytes(mut self, value: &[u8]) -> Replied {
        self.0.extend(value);
        self.end(Kind::Return)
    }

    /// Answers with the procedure's own error, which is already encoded.
    pub fn error_bytes(mut self, error: &[u8]) -> Replied {
        self.0.extend(error);
        self.end(Kind::Error)
    }

    const fn end(&self, kind: Kind) -> Replied {
        let end = self.0.end();
        Replied { kind, end }
    }
}

/// A value that is encoded already: as a tuple of bytes, it is encoded unchanged.
#[derive(Clone, Copy, Debug)]
pub struct Encoded<B>(pub B);

impl<B: AsRef<[u8]>> Serialize for Encoded<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.as_ref();
        let mut tuple = serializer.serialize_tuple(bytes.len())?;
        for byte in bytes {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}
