//! Streams over a connection: typed, and by name.

use super::Connection;
use super::reply::copy;
use futures_core::FusedStream;
use rpc_proto::client::{self, CallError, Pulling, Running, StreamSource, Target, read_item};
use rpc_proto::service::StreamProcedure;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// The items of a stream. A thread iterates over them, a task awaits [`next_async`](Self::next_async)
/// or uses it as a `Stream` of the crate `futures`.
///
/// Nothing is requested before the first item. It ends after an error.
#[derive(Debug)]
pub struct Stream<S: StreamSource> {
    running: Running<Connection, Pulling<S>>,
    is_done: bool,
}

impl<S: StreamSource> Stream<S> {
    pub(super) fn new(device: Connection, source: S) -> Self {
        Self {
            running: Running::new(device, Pulling::new(source)),
            is_done: false,
        }
    }

    /// Returns how many items were missed so far; see [`Pulling::lost`].
    pub const fn lost(&self) -> u32 {
        self.running.operation().lost()
    }

    /// Waits for the next item. None at the end of the stream, and after an error.
    pub async fn next_async(&mut self) -> Option<Result<S::Item, S::Error>> {
        let next = self.running.wait_async().await;
        self.is_done = next.is_none();
        next
    }
}

impl<P: StreamProcedure> Stream<EncodedSource<P>> {
    /// Creates the stream of a typed procedure.
    pub(super) fn typed(device: Connection, arguments: &P::Arguments<'_>) -> Self {
        let source = EncodedSource {
            arguments: postcard::to_stdvec(arguments).ok(),
            procedure: PhantomData,
        };
        Self::new(device, source)
    }
}

impl<S: StreamSource> Iterator for Stream<S> {
    type Item = Result<S::Item, S::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.running.wait();
        self.is_done = next.is_none();
        next
    }
}

impl<S: StreamSource> std::iter::FusedIterator for Stream<S> {}

impl<S: StreamSource + Unpin> futures_core::Stream for Stream<S> {
    type Item = Result<S::Item, S::Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // A step keeps nothing in its future that the next one needs.
        pin!(self.get_mut().next_async()).poll(context)
    }
}

impl<S: StreamSource + Unpin> FusedStream for Stream<S> {
    fn is_terminated(&self) -> bool {
        self.is_done
    }
}

/// The procedure and the encoded arguments of a typed stream.
#[derive(Debug)]
pub struct EncodedSource<P> {
    /// None if they cannot be encoded.
    arguments: Option<Vec<u8>>,
    procedure: PhantomData<fn() -> P>,
}

impl<P: StreamProcedure> StreamSource for EncodedSource<P> {
    type Item = P::Item;
    type Error = CallError<P::Error>;

    fn target(&self) -> Target {
        Target::of::<P>()
    }

    fn moves(&self) -> bool {
        P::MOVES
    }

    fn encode(&self, place: &mut [u8]) -> Option<usize> {
        copy(self.arguments.as_deref()?, place)
    }

    fn item(&self, bytes: &mut &[u8]) -> Result<P::Item, CallError<P::Error>> {
        read_item::<P>(bytes)
    }

    fn own_error(&self, bytes: &[u8]) -> CallError<P::Error> {
        client::read::<P>(client::Answer::Error(bytes))
            .err()
            .unwrap_or(CallError::BadReply)
    }

    fn failed(&self, error: CallError) -> CallError<P::Error> {
        error.widen()
    }
}
