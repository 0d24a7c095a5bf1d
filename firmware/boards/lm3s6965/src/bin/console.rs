//! Serves the calculator on a UART that is also the console: boot text, text from the program and
//! from an interrupt, and defmt's logs share it with the frames.
//!
//! All text goes through a queue that is printed between frames. To show the effect of other text,
//! this program now and then breaks into a frame with text, ends text without a delimiter, and
//! prints stray delimiters: the damaged frame is sent again, and no call runs twice.
#![no_std]
#![no_main]

#[path = "../print_queue.rs"]
mod print_queue;
#[path = "../serial.rs"]
mod serial;
#[path = "../uart.rs"]
mod uart;

use core::panic::PanicInfo;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use embedded_io::{Read, ReadReady, Write};
use firmware::CheckedCalculator;
use firmware::calculator::CalculatorService;
use interrupt_uart::UartError;
use print_queue::print;
use rpc_proto::server::Server;
use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply};
use rpc_proto::wire::message::Fault;
use serial::Serial;

const FRAME: usize = 160;
const WINDOW: usize = 4;

/// About 20 ms.
const TICK: u32 = 250_000;

/// After this many bytes of frames, text breaks into one: rarely enough for the longest to pass.
const RUDE: u32 = 499;

type Device = Server<Talkative, FRAME, WINDOW>;

#[entry]
fn main() -> ! {
    let mut serial = serial::start();
    if let Some(mut peripherals) = cortex_m::Peripherals::take() {
        peripherals.SYST.set_clock_source(SystClkSource::Core);
        peripherals.SYST.set_reload(TICK);
        peripherals.SYST.enable_interrupt();
        peripherals.SYST.enable_counter();
    }
    let calculator = CalculatorService(CheckedCalculator::new());
    let calculator = Talkative {
        calculator,
        calls: 0,
    };
    let mut server = Device::new(calculator).with_buffer(serial::RECEIVE_BUFFER as u16);
    print(b"\r\nboot: calculator 0.1.0\r\nboot: a byte that ends frames: \0\r\nready> ");
    let mut sent = 0;
    loop {
        if let Err(UartError::Overrun(bytes)) = serve(&mut server, &mut serial, &mut sent) {
            server.note_overruns(bytes);
        }
    }
}

/// Takes one step: sends a reply, prints the queue, takes a byte. Unlike [`Server::poll`] after the
/// queue, it breaks into a frame now and then.
fn serve(server: &mut Device, serial: &mut Serial, sent: &mut u32) -> Result<(), UartError> {
    while let Some(&byte) = server.outgoing().first() {
        serial.write(&[byte])?;
        server.sent(1);
        *sent = sent.wrapping_add(1);
        if sent.is_multiple_of(RUDE) {
            for &byte in b"this could not wait" {
                serial.write(&[byte])?;
            }
        }
    }
    while let Some(byte) = print_queue::next() {
        serial.write(&[byte])?;
    }
    if serial.read_ready()? {
        let mut byte = [0];
        if serial.read(&mut byte)? > 0 {
            server.receive(byte[0]);
        }
    } else {
        // Every tick ends the sleep, in case a byte came in just before it.
        cortex_m::asm::wfi();
    }
    Ok(())
}

#[exception]
fn SysTick() {
    print(b"tick\r\n");
}

/// A calculator that prints a line about each call.
struct Talkative {
    calculator: CalculatorService<CheckedCalculator>,
    calls: u32,
}

impl Interface for Talkative {
    fn description(&self, offset: u32) -> &[u8] {
        self.calculator.description(offset)
    }

    fn fingerprint(&self) -> u32 {
        self.calculator.fingerprint()
    }

    fn resolve(&self, key: u32) -> Option<u16> {
        self.calculator.resolve(key)
    }
}

impl Dispatch for Talkative {
    fn dispatch(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault> {
        self.calls = self.calls.wrapping_add(1);
        match self.calls % 4 {
            // Ended by a delimiter, this costs nothing.
            0 => print(b"a call has come\r\n\0"),
            // This costs the reply to the next call.
            1 => print(b"a call has come\r\n"),
            2 => print(b"no line, no end"),
            _ => print(&[0]),
        }
        let result = self.calculator.dispatch(index, arguments, reply);
        if self.calls.is_multiple_of(3) {
            let fault = result.as_ref().err();
            defmt::println!("call {} of procedure {}: {}", self.calls, index, fault);
        }
        result
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}
