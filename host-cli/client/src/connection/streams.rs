//! Streams over a connection: typed, and by name.

use super::Connection;
use futures_core::FusedStream;
use rpc_proto::client::{Pulling, Running, StreamSource, TypedSource};
use rpc_proto::service::{Encoded, StreamProcedure};
use serde::ser::{Error, Serialize, Serializer};
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
        let arguments = Kept(postcard::to_stdvec(arguments).ok());
        Self::new(device, TypedSource::new(arguments))
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
pub type EncodedSource<P> = TypedSource<P, Kept>;

/// Encoded arguments; none if they cannot be encoded.
#[derive(Debug)]
pub struct Kept(Option<Vec<u8>>);

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.as_ref().ok_or(S::Error::custom("not encoded"))?;
        Encoded(bytes).serialize(serializer)
    }
}
