//! A simulated device with several callers at once, as some serial servers let in: what each of them sends
//! goes to the device, and what that sends goes to all.

use serial_rpc::link::{Link, Offer};
use serial_rpc_simulator::SimulatedDevice;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The interval at which each caller is looked after.
const LOOK: Duration = Duration::from_micros(200);

/// The links to the callers.
type Callers = Arc<Mutex<Vec<Arc<dyn Link>>>>;

/// The device and its callers, until this is dropped.
pub struct PartyLine {
    device: SimulatedDevice,
    callers: Callers,
    is_over: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl PartyLine {
    /// Switches a device on, with the caller at the other end of that link.
    #[must_use]
    pub fn over(link: Arc<dyn Link>) -> Self {
        Self::with(vec![link])
    }

    /// Switches a device on, and returns it with the TCP port where it admits any number of callers.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn tcp() -> (Self, String) {
        let offer = Offer::tcp("127.0.0.1:0").expect("a port is free");
        let port = offer.port().to_string();
        let line = Self::with(Vec::new());
        let callers = Arc::clone(&line.callers);
        // It waits for callers until the process ends.
        thread::spawn(move || {
            while let Ok(caller) = offer.accept() {
                callers.lock().expect("nobody panics").push(caller);
            }
        });
        (line, port)
    }

    fn with(callers: Vec<Arc<dyn Link>>) -> Self {
        let device = SimulatedDevice::new();
        let callers = Arc::new(Mutex::new(callers));
        let is_over = Arc::new(AtomicBool::new(false));
        let (line, served, over) = (device.clone(), Arc::clone(&callers), Arc::clone(&is_over));
        let serving = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                serve(&line, &mut served.lock().expect("nobody panics"));
                thread::sleep(LOOK);
            }
        });
        Self {
            device,
            callers,
            is_over,
            serving: Some(serving),
        }
    }

    /// Moves no more bytes. Returns the device, to look at on a line of its own.
    ///
    /// # Panics
    /// Panics if the thread that moved them has panicked.
    pub fn end(mut self) -> SimulatedDevice {
        self.stop();
        while self
            .device
            .read(&mut [0; 64], Duration::ZERO)
            .is_ok_and(|count| count > 0)
        {}
        self.device.clone()
    }

    fn stop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(serving) = self.serving.take() {
            serving.join().expect("it serves");
        }
    }
}

impl Drop for PartyLine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Moves what has come.
fn serve(device: &SimulatedDevice, callers: &mut Vec<Arc<dyn Link>>) {
    let mut buffer = [0; 512];
    callers.retain(|caller| match caller.read(&mut buffer, Duration::ZERO) {
        Ok(count) => device.write(&buffer[..count], LOOK).is_ok(),
        Err(_) => false,
    });
    while let Ok(count @ 1..) = device.read(&mut buffer, Duration::ZERO) {
        for caller in &*callers {
            // One that is gone is noticed when it is read.
            let _ = caller.write(&buffer[..count], Duration::from_secs(1));
        }
    }
}
