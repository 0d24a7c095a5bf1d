//! A simulated device at the far end of a simulated line: the other end of an
//! [`Offer`](serial_rpc::link::Offer).

use crate::line::{Faults, LineLink, Pace};
use serial_rpc::link::Link;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The longest wait for bytes when none are in transit.
const IDLE: Duration = Duration::from_millis(100);

/// A device, and the line to it. Its state remains from one caller to the next.
pub struct Simulation {
    device: Arc<LineLink>,
}

impl Simulation {
    /// Puts a device at the far end. The line has those faults in both directions, and the seed
    /// determines where.
    pub fn of(device: impl Link + 'static, pace: Pace, faults: Faults, seed: u64) -> Self {
        Self {
            device: LineLink::to(Arc::new(device), pace, faults, seed),
        }
    }

    /// Serves a caller until it closes the link.
    ///
    /// # Errors
    /// Fails if the link fails, which includes a caller that closes it.
    pub fn serve(&mut self, caller: &dyn Link) -> io::Result<()> {
        let mut buffer = [0; 1024];
        loop {
            let next = self.device.until_next_arrival();
            let count = caller.read(&mut buffer, next.unwrap_or(IDLE).min(IDLE))?;
            self.device
                .write(buffer.get(..count).unwrap_or_default(), IDLE)?;
            while let count @ 1.. = self.device.read(&mut buffer, Duration::ZERO)? {
                deliver(caller, buffer.get(..count).unwrap_or_default())?;
            }
        }
    }
}

/// The longest wait until a link takes bytes: nobody may read a pseudo-terminal.
const UNREAD: Duration = Duration::from_millis(100);

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
            timeout: Duration::from_secs(100),
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
