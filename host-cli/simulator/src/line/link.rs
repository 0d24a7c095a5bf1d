//! A simulated line as a link: what is written comes out at the other end later, or damaged.

use super::{Faults, Line, Pace};
use rpc_proto::time::Instant;
use serial_rpc::link::Link;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{self, Duration};

/// The longest sleep while bytes are in transit: somebody else may write meanwhile.
const STEP: Duration = Duration::from_millis(1);

/// A link over a simulated line with faults, in real time. At its far end is another link, such as a
/// simulated device.
///
/// ```
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::SimulatedDevice;
/// use serial_rpc_simulator::line::{Faults, LineLink, Pace};
/// use std::sync::Arc;
///
/// let far = Arc::new(SimulatedDevice::new());
/// let noisy = LineLink::to(far, Pace::INSTANT, Faults::mixed(1e-3), 1);
/// let device = Connection::to(noisy);
/// for number in 0..100 {
///     assert_eq!(device.call("calculator.add", &serde_json::json!([number, 1]))?, number + 1);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LineLink {
    far: Arc<dyn Link>,
    lines: Mutex<Lines>,
    started: time::Instant,
}

struct Lines {
    out: Line,
    back: Line,
}

impl LineLink {
    /// Creates a line of that speed to `far`, with those faults in both directions. The seed
    /// determines where.
    pub fn to(far: Arc<dyn Link>, pace: Pace, faults: Faults, seed: u64) -> Arc<Self> {
        // Only the far end prints text.
        let silent = Faults {
            texts: 0.0,
            ..faults
        };
        let [out, back] = Line::pair(pace, [silent, faults], seed);
        Arc::new(Self {
            far,
            lines: Mutex::new(Lines { out, back }),
            started: time::Instant::now(),
        })
    }

    /// Moves what has arrived to the far end, and what that has sent onto the line.
    fn advance(&self, lines: &mut Lines) -> io::Result<()> {
        let now = self.now();
        while let Some(byte) = lines.out.receive(now) {
            self.far.write(&[byte], STEP)?;
        }
        let mut buffer = [0; 512];
        while let count @ 1.. = self.far.read(&mut buffer, Duration::ZERO)? {
            for &byte in buffer.iter().take(count) {
                lines.back.send(now, byte);
            }
        }
        Ok(())
    }

    /// Returns the time until a byte in transit arrives, at either end. None if there is none.
    pub(crate) fn until_next_arrival(&self) -> Option<Duration> {
        let lines = self.lines();
        let arrivals = [&lines.out, &lines.back].map(Line::next_arrival);
        let next = arrivals.into_iter().flatten().min()?;
        Some(Duration::from_micros(next.since(self.now()).as_micros()))
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        let elapsed = self.started.elapsed().as_micros();
        Instant::from_micros(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }
}

impl Link for LineLink {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let until = time::Instant::now() + timeout;
        loop {
            let mut lines = self.lines();
            self.advance(&mut lines)?;
            let mut count = 0;
            for place in &mut *buffer {
                let Some(byte) = lines.back.receive(self.now()) else {
                    break;
                };
                *place = byte;
                count += 1;
            }
            drop(lines);
            let left = until.saturating_duration_since(time::Instant::now());
            if count > 0 || left.is_zero() {
                return Ok(count);
            }
            thread::sleep(
                left.min(self.until_next_arrival().unwrap_or(STEP))
                    .min(STEP),
            );
        }
    }

    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        let mut lines = self.lines();
        let now = self.now();
        for &byte in bytes {
            lines.out.send(now, byte);
        }
        self.advance(&mut lines)?;
        Ok(bytes.len())
    }
}
