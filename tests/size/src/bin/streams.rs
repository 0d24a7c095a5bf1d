//! The undescribed calculator, a procedure that returns a stream, and one that takes one.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::{Items, Undescribed};
use size::{CalculatorService, Checked, Uart};

/// Samples.
#[rpc_proto::service]
trait Recorder {
    /// What was recorded.
    fn recorded(&mut self) -> impl Iterator<Item = i32>;
    /// Records more.
    fn record(&mut self, samples: Items<'_, i32>);
}

struct Tape([i32; 16]);

impl Recorder for Tape {
    fn recorded(&mut self) -> impl Iterator<Item = i32> {
        self.0.iter().copied()
    }

    fn record(&mut self, samples: Items<'_, i32>) {
        for (place, sample) in self.0.iter_mut().zip(samples) {
            *place = sample;
        }
    }
}

rpc_proto::interface! {
    struct Device("size", "0.1.0") {
        calculator: CalculatorService<Checked>,
        recorder: RecorderService<Tape>,
    }
}

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Undescribed<Device>, 64, 1> = Server::new(Undescribed(Device {
        calculator: CalculatorService(Checked),
        recorder: RecorderService(Tape([0; 16])),
    }));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
