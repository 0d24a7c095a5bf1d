//! Thin drivers of both ends over `embedded_io` and `embedded_io_async`: they move bytes and decide
//! nothing.

mod blocking_caller;
mod calling;
mod serve;
mod yielding_caller;

pub use blocking_caller::BlockingCaller;
pub use yielding_caller::YieldingCaller;

use embedded_io::{Read, Write};

/// Why serving a link came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError<E> {
    /// The link has no more bytes, or takes none.
    Closed,
    /// The link failed.
    Io(E),
}

impl<E> From<E> for LinkError<E> {
    fn from(error: E) -> Self {
        Self::Io(error)
    }
}

fn read_byte<L: Read>(link: &mut L) -> Result<u8, LinkError<L::Error>> {
    let mut byte = [0];
    match link.read(&mut byte)? {
        0 => Err(LinkError::Closed),
        _ => Ok(byte[0]),
    }
}

fn write_some<L: Write>(link: &mut L, bytes: &[u8]) -> Result<usize, LinkError<L::Error>> {
    match link.write(bytes)? {
        0 => Err(LinkError::Closed),
        sent => Ok(sent),
    }
}
