//! The undescribed calculator, and a procedure that emits an event.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::ops::Deref;
use cortex_m as _; // has the critical section
use cortex_m_rt::entry;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use rpc_proto::events::{Emit, EventQueue};
use rpc_proto::server::Server;
use rpc_proto::service::Undescribed;
use size::{CalculatorService, Checked, Uart};

/// A stage that moves.
#[rpc_proto::service]
trait Stage {
    /// Moves it.
    fn move_to(&mut self, position: i32);
    /// It has moved.
    #[event]
    fn moved(position: i32);
}

type Events = EventQueue<64, 1>;

static EVENTS: Events = Events::new();

/// Points to the queue. It has no size, so that the server in a `static` takes no flash for its initial
/// values.
struct Queue;

impl Deref for Queue {
    type Target = Events;

    fn deref(&self) -> &Events {
        &EVENTS
    }
}

struct Motor;

impl Stage for Motor {
    fn move_to(&mut self, position: i32) {
        EVENTS.emit(&StageMoved { position });
    }
}

rpc_proto::interface! {
    struct Device("size", "0.1.0") {
        calculator: CalculatorService<Checked>,
        stage: StageService<Motor>,
    }
}

/// The UART, which is never ready: bytes are waited for, as by the other images.
struct Waiting(Uart);

impl ErrorType for Waiting {
    type Error = Infallible;
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.0.read(buffer)
    }
}

impl ReadReady for Waiting {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }
}

impl Write for Waiting {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.0.flush()
    }
}

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Undescribed<Device>, 64, 1, Queue> = Server::with_events(
        Undescribed(Device {
            calculator: CalculatorService(Checked),
            stage: StageService(Motor),
        }),
        Queue,
    );
    loop {
        let Err(_) = SERVER.serve(&mut Waiting(Uart));
    }
}
