//! Thin drivers of both ends over `embedded_io` and `embedded_io_async`: they move bytes and decide
//! nothing.
//!
//! # Text and logs on the same UART
//!
//! Whatever a device prints on the UART that carries its frames costs no call, but it may cost a frame:
//!
//! - Text within a frame breaks that frame. The caller asks for the reply again and gets it.
//! - Text between frames becomes one with the frame that follows, and breaks it, unless the text ends
//!   in a zero byte, which is what ends frames. Messages of `defmt` do so by themselves (in its usual
//!   encoding, rzcobs).
//!
//! So a device prints between its frames and ends what it prints in a zero. It is between its frames
//!
//! - within a procedure: nothing is sent until the procedure has run;
//! - in a loop around [`poll`](crate::server::Server::poll), while
//!   [`outgoing`](crate::server::Server::outgoing) is empty. Interrupt handlers and other tasks put what
//!   they have to say into a queue which that loop prints;
//! - before [`serve`](crate::server::Server::serve) begins, and whenever it has come back with an error
//!   while nothing is outgoing.
//!
//! The firmware in `firmware/boards/lm3s6965/src/bin/console.rs` does all of this. On the host,
//! `Connection::stray_bytes` has the last of what was no frame, and `serial-rpc trace` shows it.

mod blocking_caller;
mod calling;
mod half_duplex;
mod serve;
mod yielding_caller;

pub use blocking_caller::BlockingCaller;
pub use half_duplex::HalfDuplex;
pub use yielding_caller::YieldingCaller;

use embedded_io::{Read, Write};

/// Why serving a link came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
