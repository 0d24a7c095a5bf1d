//! A test's own device on a port that programs can open, and that can be pulled out and plugged in.

use crate::test_device::TestDevice;
use rpc_proto::service::Dispatch;
use serial_rpc::link::{Link, Offer};
use serial_rpc_simulator::SimulatedDevice;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The interval at which the device is polled for events.
const LOOK: Duration = Duration::from_millis(2);

/// The device and its port, until this is dropped.
pub struct Offered<D> {
    device: Arc<D>,
    address: String,
    plug: Option<Plug>,
}

/// Serves the port while it is plugged in.
struct Plug {
    is_pulled: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl<I: Dispatch + Send + 'static> Offered<TestDevice<I>> {
    /// Offers that device, plugged in.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn new(device: SimulatedDevice<I>) -> Self {
        Self::of(TestDevice::new(device))
    }

    /// Pulls the device out and plugs another one in, at the same port.
    ///
    /// # Panics
    /// Panics if another program has taken the port.
    #[must_use]
    pub fn replaced_by<J>(mut self, device: SimulatedDevice<J>) -> Offered<TestDevice<J>>
    where
        J: Dispatch + Send + 'static,
    {
        self.pull_out();
        Offered::at(self.address.clone(), TestDevice::new(device))
    }

    /// Presses the reset button: `device`, which was just switched on, replaces the former one.
    pub fn reset(&self, device: SimulatedDevice<I>) {
        self.device.reset(device);
    }
}

impl<D: Link + 'static> Offered<D> {
    /// Offers a device of any kind, plugged in.
    ///
    /// # Panics
    /// Panics if the system has no port left.
    #[must_use]
    pub fn of(device: D) -> Self {
        Self::at("127.0.0.1:0".to_owned(), device)
    }

    fn at(address: String, device: D) -> Self {
        let mut offered = Self {
            device: Arc::new(device),
            address,
            plug: None,
        };
        offered.plug_in();
        offered
    }

    /// Returns the port that programs open.
    #[must_use]
    pub fn port(&self) -> String {
        format!("tcp:{}", self.address)
    }

    /// Plugs it in, at the same port as before.
    ///
    /// # Panics
    /// Panics if another program has taken the port.
    pub fn plug_in(&mut self) {
        let offer = Offer::tcp(&self.address).expect("the port is free");
        let port = offer.port().to_string();
        self.address = port.trim_start_matches("tcp:").to_owned();
        let is_pulled = Arc::new(AtomicBool::new(false));
        let (device, pulled) = (Arc::clone(&self.device), Arc::clone(&is_pulled));
        let thread = thread::spawn(move || {
            while !pulled.load(Ordering::Relaxed) {
                // It ends when the caller has closed the port; the next may come.
                let _gone = offer
                    .accept()
                    .and_then(|caller| serve(&*caller, &*device, &pulled));
            }
        });
        self.plug = Some(Plug { is_pulled, thread });
    }
}

impl<D> Offered<D> {
    /// Pulls it out: programs lose the open port, and none can open it.
    ///
    /// # Panics
    /// Panics if the thread that served it panicked.
    pub fn pull_out(&mut self) {
        let Some(Plug { is_pulled, thread }) = self.plug.take() else {
            return;
        };
        is_pulled.store(true, Ordering::Relaxed);
        // Nothing else would wake a thread that waits for a caller.
        let _ = TcpStream::connect(&self.address);
        thread.join().expect("the device is served");
    }
}

impl<D> Drop for Offered<D> {
    fn drop(&mut self) {
        self.pull_out();
    }
}

fn serve(caller: &dyn Link, device: &dyn Link, is_pulled: &AtomicBool) -> io::Result<()> {
    let mut buffer = [0; 1024];
    while !is_pulled.load(Ordering::Relaxed) {
        let count = caller.read(&mut buffer, LOOK)?;
        device.write(&buffer[..count], LOOK)?;
        loop {
            let count = device.read(&mut buffer, Duration::ZERO)?;
            if count == 0 {
                break;
            }
            let mut left = &buffer[..count];
            while !left.is_empty() {
                let written = caller.write(left, LOOK)?;
                left = &left[written..];
            }
        }
    }
    Ok(())
}
