//! Pieces that the tests share.
//!
//! - [`board`]: builds a board's firmware image, or says what is missing to do so.
//! - [`emulator`]: runs such an image in QEMU, its UART being a socket.
//! - [`pty`]: makes such a socket a serial port that any program can open.

#[cfg(unix)]
pub mod board;
#[cfg(unix)]
pub mod emulator;
#[cfg(unix)]
pub mod pty;
