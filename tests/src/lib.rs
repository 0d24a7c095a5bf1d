//! Pieces that the tests share.
//!
//! - [`clock`]: time that only a test moves.
//! - [`virtual_time`]: runs futures in such time.
//! - [`virtual_uart`]: a UART in such time, for the drivers.
//! - [`bus`]: two such UARTs on a bus that carries one direction at a time.
//! - [`blocking`]: either, for drivers that wait by blocking.
//! - [`waiting_counter`]: a service whose procedures wait for such time.
//! - [`line_use`]: how much of a line calls use.
//! - [`transfer_use`]: how much of it blocks use.
//! - [`virtual_link`]: a link in virtual time for drivers and typed clients.
//! - [`shelf`]: blocks in memory that may outlive a reset.
//! - [`counter`]: a service that keeps a journal of what ran.
//! - [`simulation`]: client and server, joined by two lines, in virtual time.
//! - [`workload`]: many calls in a row, each outcome checked.
//! - [`fault_table`]: how protocols fare on the same bad links.
//! - [`loopback`]: a server at the other end of a link that is nothing but memory.
//! - [`calculator`]: every procedure called and checked, whatever the link.
//! - [`test_device`]: a simulated device that can be muted, reset and unplugged.
//! - [`offered`]: such a device on a port that programs can open, and that can be pulled out.
//! - [`tally`]: a service that can be asked what it ran.
//! - [`wire`]: messages made by hand.
//! - [`program`]: runs `serial-rpc`.
//! - [`image`]: builds firmware images and measures them, or says what is missing to do so.
//! - [`board`]: the boards that can be emulated.
//! - [`ignorable`]: tests that are ignored where something is missing to run them.
//! - [`simulated`]: the simulated device, in a process of its own.
//! - [`emulator`]: runs such an image in an emulator, its UART being a socket.
//! - [`back_to_back`]: two boards in QEMU, wire to wire.
//! - [`debugger`]: the GDB remote protocol, as far as it takes to run instruction by instruction.
//! - [`stepped`]: a device run that way, which tells what a call costs it.
//! - [`device_cost`]: what this protocol costs a device.
//! - [`growth`]: what one more of anything costs it.
//! - [`pty`]: makes such a socket a serial port that any program can open.

/// A serial line that damages and delays what it carries; the program offers it too.
pub use serial_rpc_simulator::line;

#[cfg(unix)]
pub mod back_to_back;
pub mod blocking;
#[cfg(unix)]
pub mod board;
pub mod bus;
pub mod calculator;
pub mod clock;
pub mod counter;
#[cfg(unix)]
pub mod debugger;
#[cfg(unix)]
pub mod device_cost;
#[cfg(unix)]
pub mod emulator;
pub mod fault_table;
#[cfg(unix)]
pub mod growth;
pub mod ignorable;
pub mod image;
pub mod line_use;
pub mod loopback;
pub mod offered;
pub mod program;
#[cfg(unix)]
pub mod pty;
pub mod shelf;
pub mod simulated;
pub mod simulation;
#[cfg(unix)]
pub mod stepped;
pub mod tally;
pub mod test_device;
pub mod transfer_use;
pub mod virtual_link;
pub mod virtual_time;
pub mod virtual_uart;
pub mod waiting_counter;
pub mod wire;
pub mod workload;
