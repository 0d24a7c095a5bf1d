//! Call functions on a microcontroller over a serial link.
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod calculator;
