//! Sends back every byte: the baseline without a protocol.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use embedded_io::{Read, Write};
use size::Uart;

#[entry]
fn main() -> ! {
    let mut byte = [0];
    loop {
        let Ok(_) = Uart.read(&mut byte);
        let Ok(_) = Uart.write(&byte);
    }
}
