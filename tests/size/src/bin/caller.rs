//! A caller of the calculator's `add`, one call at a time.
#![no_std]
#![no_main]

use core::convert::Infallible;
use cortex_m_rt::entry;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use rpc_proto::client::{Client, Timing};
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::time::Instant;
use size::{CalculatorClient, Uart};

const FLAGS: *const u32 = 0x4000_C018 as *const u32;
const FLAG_RECEIVE_FIFO_EMPTY: u32 = 1 << 4;
/// The current value of SysTick, which stands for a clock.
const TICKS: *const u32 = 0xE000_E018 as *const u32;

/// The UART, which can also tell whether a byte is there.
struct PolledUart;

impl ErrorType for PolledUart {
    type Error = Infallible;
}

impl Read for PolledUart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        Uart.read(buffer)
    }
}

impl ReadReady for PolledUart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        // SAFETY: the register is there on every LM3S6965.
        Ok(unsafe { FLAGS.read_volatile() } & FLAG_RECEIVE_FIFO_EMPTY == 0)
    }
}

impl Write for PolledUart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Uart.write(bytes)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[entry]
fn main() -> ! {
    static mut CLIENT: Client<64, 1, 1> = Client::new(0, Timing::for_line(115_200, 64));
    // SAFETY: the register is there on every Cortex-M3.
    let clock = || Instant::from_micros(u64::from(unsafe { TICKS.read_volatile() }));
    let client = core::mem::replace(CLIENT, Client::new(0, Timing::for_line(115_200, 64)));
    let mut calculator = CalculatorClient::new(BlockingCaller::new(PolledUart, clock, client));
    loop {
        if let Ok(sum) = calculator.add(2, 3) {
            let Ok(_) = Uart.write(&[sum as u8]);
        }
    }
}
