//! Pieces that the tests share.
//!
//! - [`clock`]: time that only a test moves.
//! - [`loopback`]: a server at the other end of a link that is nothing but memory.
//! - [`board`]: builds a board's firmware image, or says what is missing to do so.
//! - [`emulator`]: runs such an image in QEMU, its UART being a socket.
//! - [`pty`]: makes such a socket a serial port that any program can open.

#[cfg(unix)]
pub mod board;
pub mod clock;
#[cfg(unix)]
pub mod emulator;
pub mod loopback;
#[cfg(unix)]
pub mod pty;
