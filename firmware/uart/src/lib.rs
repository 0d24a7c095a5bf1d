//! The shared driver of blocking boards: a UART that receives by interrupt.
//!
//! HALs agree on the traits of `embedded-hal-nb`, which handle single bytes. [`InterruptUart`]
//! makes the `embedded-io` link of them that `rpc-proto` serves: an interrupt handler fills a
//! [`Receiver`], and the main program reads it. [`ByteRing`] is the queue between the two.
#![no_std]
#![forbid(unsafe_code)]

mod interrupt_uart;
mod ring;

pub use interrupt_uart::{InterruptUart, Receiver, UartError};
pub use ring::ByteRing;
