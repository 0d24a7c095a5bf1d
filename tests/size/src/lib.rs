//! The shared code of the images: a polled UART, a calculator of four procedures, and bytes one way.
//!
//! The UART is as plain as possible, because the measure is the difference to an echo over the same
//! one. The panic handler is a bare loop, so that formatting is not measured either.
//!
//! The images of the peers, in `tests/peers/device`, have the same.
#![no_std]

pub mod flash;
pub mod floor;

use core::convert::Infallible;
use embedded_io::{ErrorType, Read, Write};
use rpc_proto::Schema;
use serde::{Deserialize, Serialize};

/// UART0 of an LM3S6965, a PL011.
pub struct Uart;

const DATA: *mut u32 = 0x4000_C000 as *mut u32;
const FLAGS: *const u32 = 0x4000_C018 as *const u32;
const FLAG_RECEIVE_FIFO_EMPTY: u32 = 1 << 4;
const FLAG_TRANSMIT_FIFO_FULL: u32 = 1 << 5;

impl ErrorType for Uart {
    type Error = Infallible;
}

impl Read for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Some(byte) = buffer.first_mut() else {
            return Ok(0);
        };
        // SAFETY: these registers are there on every LM3S6965.
        unsafe {
            while FLAGS.read_volatile() & FLAG_RECEIVE_FIFO_EMPTY != 0 {}
            *byte = DATA.read_volatile() as u8;
        }
        Ok(1)
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let Some(&byte) = bytes.first() else {
            return Ok(0);
        };
        // SAFETY: as above.
        unsafe {
            while FLAGS.read_volatile() & FLAG_TRANSMIT_FIFO_FULL != 0 {}
            DATA.write_volatile(u32::from(byte));
        }
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The reason why a calculation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum MathError {
    /// The result does not fit.
    Overflow,
    /// The divisor is zero.
    DivideByZero,
}

/// Integer arithmetic that reports overflow.
#[rpc_proto::service]
pub trait Calculator {
    /// Adds two numbers.
    #[idempotent]
    fn add(&mut self, x: i32, y: i32) -> Result<i32, MathError>;
    /// Subtracts `y` from `x`.
    #[idempotent]
    fn sub(&mut self, x: i32, y: i32) -> Result<i32, MathError>;
    /// Multiplies two numbers.
    #[idempotent]
    fn mul(&mut self, x: i32, y: i32) -> Result<i32, MathError>;
    /// Divides `x` by `y`, rounding towards zero.
    #[idempotent]
    fn div(&mut self, x: i32, y: i32) -> Result<i32, MathError>;
}

/// The calculator.
pub struct Checked;

impl Calculator for Checked {
    fn add(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        x.checked_add(y).ok_or(MathError::Overflow)
    }

    fn sub(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        x.checked_sub(y).ok_or(MathError::Overflow)
    }

    fn mul(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        x.checked_mul(y).ok_or(MathError::Overflow)
    }

    fn div(&mut self, x: i32, y: i32) -> Result<i32, MathError> {
        if y == 0 {
            return Err(MathError::DivideByZero);
        }
        x.checked_div(y).ok_or(MathError::Overflow)
    }
}

/// Bytes one way.
#[rpc_proto::service]
pub trait Bytes {
    /// Takes bytes.
    fn take(&mut self, bytes: &[u8]);
    /// Gives that many bytes, as far as there are so many.
    fn give(&mut self, count: u8) -> &[u8];
}

/// Takes any bytes, and gives always the same.
pub struct Stock;

impl Bytes for Stock {
    fn take(&mut self, _: &[u8]) {}

    // Where it is called, as if the image had it.
    #[inline]
    fn give(&mut self, count: u8) -> &[u8] {
        /// None is zero, which COBS treats differently.
        static BYTES: [u8; 48] = [0x5A; 48];
        BYTES.get(..count.into()).unwrap_or(&BYTES)
    }
}

// On the desktop there is a panic handler already.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
