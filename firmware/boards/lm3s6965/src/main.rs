//! The board's program: starts the UART and serves on it, for ever.
//!
//! Until the protocol's server exists, serving means sending back every byte.
#![no_std]
#![no_main]

mod uart;

use core::convert::Infallible;
use core::panic::PanicInfo;
use cortex_m_rt::entry;
use embedded_io::{Read, Write};
use uart::Uart;

#[entry]
fn main() -> ! {
    let mut uart = Uart::start();
    echo(&mut uart)
}

/// Sends back every byte.
fn echo<U>(uart: &mut U) -> !
where
    U: Read<Error = Infallible> + Write<Error = Infallible>,
{
    let mut buffer = [0; 64];
    loop {
        let Ok(count) = uart.read(&mut buffer);
        if let Some(received) = buffer.get(..count) {
            let Ok(()) = uart.write_all(received);
        }
    }
}

/// Nothing in a release build can panic, so that this is not even linked; a debug build, which
/// still checks for overflows, stops here for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
