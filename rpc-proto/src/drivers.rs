//! Thin drivers of both ends over `embedded_io` and `embedded_io_async`: they move bytes and decide
//! nothing.
//!
//! | other work | device | caller |
//! |---|---|---|
//! | none | [`serve`](crate::server::Server::serve) | [`BlockingCaller`] |
//! | a loop, between calls | [`poll`](crate::server::Server::poll) | [`Client`](crate::client::Client) |
//! | tasks of an async runtime | [`serve_async`](crate::server::Server::serve_async) | [`YieldingCaller`] |
//! | tasks of an RTOS | `serve`, in a task of its own | [`BlockingCaller`], in the task that calls |
//!
//! # In a loop with other tasks
//!
//! The loop serves the link once per turn. The interrupt handler or the DMA channel that receives needs
//! a buffer for the longest turn, which is the one to
//! [announce](crate::server::Server::announce_buffer). Procedures run within `poll`. A server can be
//! created in a `const`, so it may be a `static`, and its size is known when the image is linked. Here
//! it is behind a lock of the standard library; on a microcontroller, it would be in a
//! `static_cell::ConstStaticCell` or behind a `critical_section::Mutex`:
//!
//! ```
//! use rpc_proto::{server::Server, service};
//! use std::sync::Mutex;
//!
//! /// A thermometer.
//! #[service]
//! pub trait Thermometer {
//!     /// Tenths of a degree, smoothed.
//!     fn temperature(&self) -> i16;
//! }
//!
//! pub struct Smoothed(i16);
//! impl Thermometer for Smoothed {
//!     fn temperature(&self) -> i16 {
//!         self.0
//!     }
//! }
//!
//! static SERVER: Mutex<Server<ThermometerService<Smoothed>, 64, 1>> =
//!     Mutex::new(Server::new(ThermometerService(Smoothed(0))).with_buffer(128));
//!
//! # use embedded_io::{Read, ReadReady, Write, WriteReady};
//! fn turn<L: Read + ReadReady + Write + WriteReady>(uart: &mut L, sample: i16) {
//!     let Ok(mut server) = SERVER.lock() else { return };
//!     // A UART reports lost bytes as an error; the protocol recovers from that by itself.
//!     if server.poll(uart).is_err() {
//!         server.note_overruns(1);
//!     }
//!     // The other task shares what procedures tell of.
//!     let Smoothed(value) = &mut server.interface().0;
//!     *value += (sample - *value) / 8;
//! }
//! # struct Silence;
//! # impl embedded_io::ErrorType for Silence { type Error = core::convert::Infallible; }
//! # impl Read for Silence {
//! #     fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> { Ok(0) }
//! # }
//! # impl ReadReady for Silence { fn read_ready(&mut self) -> Result<bool, Self::Error> { Ok(false) } }
//! # impl Write for Silence {
//! #     fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> { Ok(bytes.len()) }
//! #     fn flush(&mut self) -> Result<(), Self::Error> { Ok(()) }
//! # }
//! # impl WriteReady for Silence { fn write_ready(&mut self) -> Result<bool, Self::Error> { Ok(true) } }
//! # turn(&mut Silence, 80);
//! # assert_eq!(SERVER.lock().unwrap().interface().0.temperature(), 10);
//! ```
//!
//! `superloop` of the board `lm3s6965` is a complete program of this kind.
//!
//! # With an RTOS
//!
//! One task owns the server and the UART and does nothing but `serve`: the UART's `read` and `write`
//! block on the RTOS's queue or semaphore, and the other tasks run meanwhile. Procedures run in that
//! task, with its stack and its priority; data that they share with other tasks is behind the RTOS's
//! locks. A caller is likewise a `BlockingCaller`. Its link's `read_ready` is polled, so it may wait
//! for a tick if no byte is available.
//!
//! # In an async runtime
//!
//! A service whose methods are `async fn`s waits without blocking other tasks. The state machine is the
//! same, and so is the behaviour for the caller: calls run one after the other, and those that arrive
//! meanwhile stay in the link. Events go out meanwhile. The board `pico-embassy` is a complete program of
//! this kind. Every future here may be dropped at any `await`; the consequences are documented if they
//! are not obvious.
//!
//! `serve_async` borrows the server for as long as it runs, and with it the interface. What procedures
//! share with other tasks is therefore outside of the interface, in a mutex that both have access to.
//!
//! # Text and logs on the same UART
//!
//! Text that a device prints on the UART that carries its frames never costs a call, but may cost a
//! frame:
//!
//! - Text within a frame breaks that frame. The caller asks for the reply again and gets it.
//! - Text between frames merges with the next frame and breaks it, unless the text ends in a zero byte,
//!   which is what ends frames. Messages of `defmt` do so by themselves (in its usual encoding,
//!   rzcobs).
//!
//! A device should therefore print between its frames and end its text with a zero. It is between its
//! frames
//!
//! - within a procedure, as long as it does not wait by `.await`: nothing is sent meanwhile;
//! - in a loop around [`poll`](crate::server::Server::poll), while
//!   [`outgoing`](crate::server::Server::outgoing) is empty. Interrupt handlers and other tasks put
//!   their text into a queue which that loop prints;
//! - before [`serve`](crate::server::Server::serve) begins, and whenever it has returned an error while
//!   nothing is outgoing.
//!
//! The firmware in `firmware/boards/lm3s6965/src/bin/console.rs` does all of this. On the host,
//! `Connection::stray_bytes` has the latest bytes that were not part of a frame, and `serial-rpc trace`
//! shows them.

mod blocking_caller;
mod half_duplex;
mod serve;
mod yielding_caller;

pub use blocking_caller::BlockingCaller;
pub use half_duplex::HalfDuplex;
pub use yielding_caller::YieldingCaller;

use embedded_io::{Read, Write};

/// The reason why serving a link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum LinkError<E> {
    /// The link has no more bytes, or accepts none.
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
