//! A board that keeps its flash when its power is cut.
//!
//! QEMU's nRF51 writes and erases its flash as the chip does, and a reset leaves it alone, but for what
//! QEMU itself has loaded. That is the boot loader here, which never changes. The application is
//! flashed as a probe does it, through the debugger, so that nothing puts it back.
//!
//! A power cut ends the program between two instructions. A page is erased and a word written at once,
//! so neither can be cut in half; the tests that simulate flash do that.

use crate::board::Board;
use crate::debugger::Debugger;
use crate::emulator::Emulator;
use serial_rpc_image::Image;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The longest time for which QEMU does not notice that the program has started its UART.
const ATTENTION: Duration = Duration::from_millis(10);

/// A board with a boot loader, until this is dropped.
pub struct Powered {
    emulator: Arc<Emulator>,
    stop: Arc<AtomicBool>,
    attention: Option<JoinHandle<()>>,
}

impl Powered {
    /// Flashes the application and switches the board on.
    ///
    /// # Errors
    /// Fails if QEMU does not start, or if the board has no flash where the application belongs.
    pub fn flashed(board: &Board, loader: &Path, application: &Image) -> io::Result<Self> {
        let (emulator, stub) = Emulator::halted(board, loader)?;
        let address = application.address.unwrap_or_default();
        Debugger::new(stub).write(address, &application.bytes)?;
        emulator.monitor("cont")?;
        let emulator = Arc::new(emulator);
        let stop = Arc::new(AtomicBool::new(false));
        let (monitored, stopped) = (Arc::clone(&emulator), Arc::clone(&stop));
        // Whenever the program starts its UART, after any reset, something has to happen in QEMU.
        let attention = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) && monitored.monitor("").is_ok() {
                thread::sleep(ATTENTION);
            }
        });
        Ok(Self {
            emulator,
            stop,
            attention: Some(attention),
        })
    }

    /// Returns the other end of the board's UART.
    #[must_use]
    pub fn uart(&self) -> &UnixStream {
        self.emulator.uart()
    }

    /// Cuts the power at once, and switches it on again after that time.
    ///
    /// # Errors
    /// Fails if QEMU has ended.
    pub fn cut_power(&self, off: Duration) -> io::Result<()> {
        self.emulator.monitor("stop")?;
        thread::sleep(off);
        self.emulator.monitor("system_reset")?;
        self.emulator.monitor("cont")
    }
}

impl Drop for Powered {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(attention) = self.attention.take() {
            // It cannot panic.
            let _ = attention.join();
        }
    }
}
