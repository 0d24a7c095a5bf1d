//! Pieces that the tests share.
//!
//! - [`clock`]: time that only a test moves.
//! - [`loopback`]: a server at the other end of a link that is nothing but memory.
//! - [`calculator`]: every procedure called and checked, whatever the link.
//! - [`test_device`]: a device in this process that can be muted, reset and unplugged.
//! - [`tally`]: a service that can be asked what it ran.
//! - [`wire`]: messages made by hand.
//! - [`program`]: runs `serial-rpc`.
//! - [`simulated`]: the simulated device, in a process of its own.
//! - [`board`]: builds a board's firmware image, or says what is missing to do so.
//! - [`emulator`]: runs such an image in QEMU, its UART being a socket.
//! - [`pty`]: makes such a socket a serial port that any program can open.

#[cfg(unix)]
pub mod board;
pub mod calculator;
pub mod clock;
#[cfg(unix)]
pub mod emulator;
pub mod loopback;
pub mod program;
#[cfg(unix)]
pub mod pty;
pub mod simulated;
pub mod tally;
pub mod test_device;
pub mod wire;
