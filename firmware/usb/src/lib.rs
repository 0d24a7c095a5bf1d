//! The shared driver of boards that talk over USB: a serial port (CDC-ACM) whose host comes and goes.
//!
//! [`usb_serial`] makes of a chip's driver for `embassy-usb` the device that the host enumerates and a
//! [`UsbLink`], which `rpc-proto` serves. [`SerialNumber`] makes text of a chip's own number, by which a
//! host tells two boards of one kind apart.
#![no_std]
#![forbid(unsafe_code)]

mod device;
mod link;
mod serial_number;

pub use device::{UsbMemory, usb_serial};
pub use embassy_usb::{Config, UsbDevice};
pub use link::{PACKET, UsbLink};
pub use serial_number::SerialNumber;
