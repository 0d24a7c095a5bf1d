//! A simulated device at the far end of a simulated line: the other end of an
//! [`Offer`](serial_rpc::link::Offer).

use crate::line::{Faults, Line, Pace};
use rpc_proto::time::Instant;
use serial_rpc::link::Link;
use std::io;
use std::time;

/// The longest wait for bytes when none are in transit.
const IDLE: time::Duration = time::Duration::from_millis(100);

/// A device, and the line to it. Its state remains from one caller to the next.
pub struct Simulation {
    device: Box<dyn Link>,
    to_device: Line,
    from_device: Line,
    started: time::Instant,
}

impl Simulation {
    /// Puts a device at the far end. The line has those faults in both directions, and the seed
    /// determines where.
    pub fn of(device: impl Link + 'static, pace: Pace, faults: Faults, seed: u64) -> Self {
        // Only the device prints text.
        let from_caller = Faults {
            texts: 0.0,
            ..faults
        };
        let [to_device, from_device] = Line::pair(pace, [from_caller, faults], seed);
        Self {
            device: Box::new(device),
            to_device,
            from_device,
            started: time::Instant::now(),
        }
    }

    /// Serves a caller until it closes the link.
    ///
    /// # Errors
    /// Fails if the link fails, which includes a caller that closes it.
    pub fn serve(&mut self, caller: &dyn Link) -> io::Result<()> {
        let mut buffer = [0; 1024];
        loop {
            let count = caller.read(&mut buffer, self.until_next_arrival())?;
            let now = self.now();
            for &byte in buffer.iter().take(count) {
                self.to_device.send(now, byte);
            }
            while let Some(byte) = self.to_device.receive(now) {
                self.device.write(&[byte], IDLE)?;
            }
            loop {
                let count = self.device.read(&mut buffer, time::Duration::ZERO)?;
                if count == 0 {
                    break;
                }
                for &byte in buffer.iter().take(count) {
                    self.from_device.send(now, byte);
                }
            }
            let mut arrived = Vec::new();
            while let Some(byte) = self.from_device.receive(now) {
                arrived.push(byte);
            }
            deliver(caller, &arrived)?;
        }
    }

    fn now(&self) -> Instant {
        let elapsed = self.started.elapsed().as_micros();
        Instant::from_micros(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    fn until_next_arrival(&self) -> time::Duration {
        let arrivals = [&self.to_device, &self.from_device].map(Line::next_arrival);
        match arrivals.into_iter().flatten().min() {
            Some(next) => time::Duration::from_micros(next.since(self.now()).as_micros()).min(IDLE),
            None => IDLE,
        }
    }
}

/// The longest wait until a link takes bytes: nobody may read a pseudo-terminal.
const UNREAD: time::Duration = time::Duration::from_millis(100);

/// Writes as much as the link takes. The rest is lost, as on a UART that nobody reads.
fn deliver(link: &dyn Link, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match link.write(bytes, UNREAD)? {
            0 => break,
            count => bytes = bytes.get(count..).unwrap_or_default(),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimulatedDevice;
    use serde_json::json;
    use serial_rpc::link::Offer;
    use serial_rpc::{Connection, Options};
    use std::thread;

    /// Returns a connection to a simulated device that is served until the connection is dropped.
    fn connect(faults: Faults) -> Connection {
        let offer = Offer::tcp("localhost:0").unwrap();
        let options = Options {
            // Long enough for any machine: no test waits for it.
            timeout: time::Duration::from_secs(100),
            ..Options::default()
        };
        let device = Connection::open_with(offer.port().clone(), options).unwrap();
        let caller = offer.accept().unwrap();
        thread::spawn(move || {
            Simulation::of(SimulatedDevice::new(), Pace::INSTANT, faults, 1).serve(&*caller)
        });
        device
    }

    #[test]
    fn a_device_behind_a_noisy_line_answers_every_call() {
        let device = connect(Faults::mixed(0.002));
        for x in 0..50 {
            let sum = device.call("calculator.add", &json!([x, 1])).unwrap();
            assert_eq!(sum, x + 1);
        }
        assert!(device.counters().broken > 0);
    }
}
