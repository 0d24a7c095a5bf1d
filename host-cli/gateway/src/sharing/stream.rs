//! The stream of bytes to a program, and moving them.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes that are read at once.
pub(super) const CHUNK: usize = 1024;

/// The stream of bytes to a program.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Writes some of `out`, or reads if that is wanted, whichever is possible first.
pub(super) async fn exchange(
    stream: &mut impl Stream,
    unread: &mut VecDeque<u8>,
    out: &mut VecDeque<u8>,
    reads: bool,
) -> io::Result<()> {
    poll_fn(|context| {
        if !out.is_empty()
            && let Poll::Ready(written) = write(stream, out, context)
        {
            return Poll::Ready(written);
        }
        if !reads {
            return Poll::Pending;
        }
        let mut chunk = [0; CHUNK];
        let mut buffer = ReadBuf::new(&mut chunk);
        match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()))
            }
            Poll::Ready(Ok(())) => {
                unread.extend(buffer.filled());
                Poll::Ready(Ok(()))
            }
        }
    })
    .await
}

fn write(
    stream: &mut impl Stream,
    out: &mut VecDeque<u8>,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let (bytes, _) = out.as_slices();
    Pin::new(stream).poll_write(context, bytes).map(|written| {
        match written? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => drop(out.drain(..count)),
        }
        Ok(())
    })
}
