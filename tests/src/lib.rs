//! The shared parts of the tests.
//!
//! - [`clock`]: time that only a test moves.
//! - [`virtual_time`]: runs futures in such time.
//! - [`virtual_uart`]: a UART in such time, for the drivers.
//! - [`bridge`]: a server whose procedures are those of another device.
//! - [`bridged`]: a caller, such a bridge and the device behind it, in virtual time.
//! - [`usb_chip`]: the USB controller of a device, for its driver.
//! - [`usb_host`]: the operating system at the other end of the bus.
//! - [`bus`]: two such UARTs on a bus that carries one direction at a time.
//! - [`blocking`]: either, for drivers that wait by blocking.
//! - [`waiting_counter`]: a service whose procedures wait for such time.
//! - [`line_use`]: the share of a line that calls use.
//! - [`transfer_use`]: the share of it that blocks use.
//! - [`virtual_link`]: a link in virtual time for drivers and typed clients.
//! - [`shelf`]: blocks in memory that may outlive a reset.
//! - [`newcomer`]: a person who follows a README, word by word.
//! - [`nor_flash`]: a flash whose power can be cut in any operation.
//! - [`mcuboot`]: a boot loader that does what MCUboot's documentation says.
//! - [`updatable`]: a device with a boot loader, whose firmware can be replaced.
//! - [`update_use`]: how fast an image is written, by the times of real flash.
//! - [`counter`]: a service that keeps a journal of its calls.
//! - [`simulation`]: client and server, joined by two lines, in virtual time.
//! - [`workload`]: many calls in a row, each outcome checked.
//! - [`fault_table`]: compares protocols on the same bad links.
//! - [`loopback`]: a server at the other end of a link in memory.
//! - [`calculator`]: every procedure called and checked, whatever the link.
//! - [`test_device`]: a simulated device that can be muted, reset and unplugged.
//! - [`offered`]: such a device on a port that programs can open, and that can be pulled out.
//! - [`party_line`]: a simulated device on a TCP port that lets in several callers at once.
//! - [`tally`]: a service that remembers its calls.
//! - [`wire`]: messages made by hand.
//! - [`program`]: runs `serial-rpc`.
//! - [`running`]: the same while it runs, to talk to it line by line.
//! - [`image`]: builds firmware images and measures them, or reports a missing tool.
//! - [`image_files`]: such an image, or any bytes, as the files that tools make of it.
//! - [`lamp`]: a device whose firmware the program can replace.
//! - [`arduino`]: builds the example of the Arduino library.
//! - [`board`]: the boards that can be emulated.
//! - [`ignorable`]: tests that are ignored if a tool is missing.
//! - [`simulated`]: the simulated device, in a process of its own.
//! - [`emulator`]: runs such an image in an emulator, its UART being a socket.
//! - [`powered`]: the same with flash that it keeps when its power is cut.
//! - [`back_to_back`]: two boards in QEMU, wire to wire.
//! - [`debugger`]: the GDB remote protocol, as far as single steps need it.
//! - [`stepped`]: a device run in single steps, to measure the cost of a call.
//! - [`device_cost`]: the cost of this protocol on a device.
//! - [`c_images`]: the images with the C library.
//! - [`growth`]: the cost of one more of anything.
//! - [`pty`]: makes such a socket a serial port that any program can open.

/// A serial line that damages and delays bytes; the program offers it too.
pub use serial_rpc_simulator::line;

pub mod arduino;
#[cfg(unix)]
pub mod back_to_back;
pub mod blocking;
#[cfg(unix)]
pub mod board;
pub mod bridge;
pub mod bridged;
pub mod bus;
#[cfg(unix)]
pub mod c_images;
#[cfg(unix)]
pub mod c_program;
pub mod calculator;
pub mod clock;
pub mod counter;
#[cfg(unix)]
pub mod debugger;
#[cfg(unix)]
pub mod device_cost;
pub mod device_end;
#[cfg(unix)]
pub mod emulator;
/// The ends that tests are about. `tests/c` takes those of the C library.
pub mod end {
    pub use rpc_proto::client::{Client, Subscriptions, Ticket};
    pub use rpc_proto::events::EventQueue;
    pub use rpc_proto::server::Server;
}
pub mod fault_table;
#[cfg(unix)]
pub mod growth;
pub mod hostile;
pub mod ignorable;
pub mod image;
pub mod image_files;
pub mod lamp;
pub mod line_use;
pub mod loopback;
pub mod mcuboot;
#[cfg(unix)]
pub mod newcomer;
pub mod nor_flash;
pub mod offered;
pub mod party_line;
#[cfg(unix)]
pub mod powered;
pub mod program;
pub mod prose;
#[cfg(unix)]
pub mod pty;
pub mod running;
pub mod shelf;
pub mod simavr;
pub mod simulated;
pub mod simulation;
#[cfg(unix)]
pub mod stepped;
pub mod tally;
pub mod test_device;
pub mod transfer_use;
pub mod updatable;
pub mod update_use;
pub mod usb_chip;
pub mod usb_host;
pub mod virtual_link;
pub mod virtual_time;
pub mod virtual_uart;
pub mod waiting_counter;
pub mod wire;
pub mod workload;
