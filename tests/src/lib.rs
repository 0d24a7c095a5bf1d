//! Pieces that the tests share.
//!
//! - [`clock`]: time that only a test moves.
//! - [`line`]: a serial line that damages and delays what it carries.
//! - [`counter`]: a service that keeps a journal of what ran.
//! - [`simulation`]: client and server, joined by two lines, in virtual time.
//! - [`workload`]: many calls in a row, each outcome checked.
//! - [`fault_table`]: how protocols fare on the same bad links.
//! - [`loopback`]: a server at the other end of a link that is nothing but memory.
//! - [`calculator`]: every procedure called and checked, whatever the link.
//! - [`program`]: runs `serial-rpc`.
//! - [`board`]: builds a board's firmware image, or says what is missing to do so.
//! - [`emulator`]: runs such an image in QEMU, its UART being a socket.
//! - [`pty`]: makes such a socket a serial port that any program can open.

#[cfg(unix)]
pub mod board;
pub mod calculator;
pub mod clock;
pub mod counter;
#[cfg(unix)]
pub mod emulator;
pub mod fault_table;
pub mod line;
pub mod loopback;
pub mod program;
#[cfg(unix)]
pub mod pty;
pub mod simulation;
pub mod workload;
