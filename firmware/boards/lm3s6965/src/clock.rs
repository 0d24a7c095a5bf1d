//! A clock from SysTick, for a program that reads it often.
//!
//! It adds the time since the last reading, so it needs no interrupt and cannot go back. A pause of
//! more than 1.4 seconds between two readings counts for less than it was. That does no harm: a
//! caller reads the clock all the time while it waits, and no deadline runs between its calls.

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use rpc_proto::time::{Clock, Instant};

/// The frequency of the LM3S6965's oscillator at start, in MHz; QEMU's is 4 % faster.
const TICKS_PER_MICRO: u64 = 12;

/// SysTick counts down from this value, and then starts again.
const MAX_TICKS: u32 = 0x00FF_FFFF;

/// The clock.
pub struct SysTickClock {
    ticks: u64,
    last: u32,
}

impl SysTickClock {
    /// Starts the timer.
    pub fn start(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(MAX_TICKS);
        timer.clear_current();
        timer.enable_counter();
        Self {
            ticks: 0,
            last: SYST::get_current(),
        }
    }
}

impl Clock for SysTickClock {
    fn now(&mut self) -> Instant {
        let current = SYST::get_current();
        self.ticks += u64::from(self.last.wrapping_sub(current) & MAX_TICKS);
        self.last = current;
        Instant::from_micros(self.ticks / TICKS_PER_MICRO)
    }
}
