//! A simulated device that a test can mute, reset and unplug.

use rpc_proto::service::Dispatch;
use serial_rpc::link::Link;
use serial_rpc_simulator::SimulatedDevice;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The device and the link to it.
pub struct TestDevice<I> {
    state: Mutex<State<I>>,
}

struct State<I> {
    device: Arc<SimulatedDevice<I>>,
    line: Line,
    frames_received: usize,
}

/// The state of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// They arrive.
    Good,
    /// The caller's bytes are lost.
    Mute,
    /// Calls arrive and run, but the device's answers are lost.
    RepliesLost,
    /// Reading and writing fail.
    Unplugged,
}

impl<I: Dispatch + Send> TestDevice<I> {
    /// Creates that device on a good line.
    pub fn new(device: SimulatedDevice<I>) -> Self {
        Self {
            state: Mutex::new(State {
                device: Arc::new(device),
                line: Line::Good,
                frames_received: 0,
            }),
        }
    }

    /// Changes the state of the line from now on.
    pub fn set_line(&self, line: Line) {
        self.state().line = line;
    }

    /// Presses the reset button: `device`, which was just switched on, replaces the former one.
    pub fn reset(&self, device: SimulatedDevice<I>) {
        self.state().device = Arc::new(device);
    }

    /// Returns the number of delimiters that the device has received.
    pub fn frames_received(&self) -> usize {
        self.state().frames_received
    }

    fn state(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Dispatch + Send> Link for TestDevice<I> {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        // Reading takes its time, and the state must not be locked meanwhile.
        let (device, line) = {
            let state = self.state();
            (Arc::clone(&state.device), state.line)
        };
        match line {
            Line::Unplugged => Err(ErrorKind::BrokenPipe.into()),
            _ => device.read(buffer, timeout),
        }
    }

    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        let mut state = self.state();
        match state.line {
            Line::Unplugged => return Err(ErrorKind::BrokenPipe.into()),
            Line::Mute => return Ok(bytes.len()),
            Line::Good | Line::RepliesLost => {}
        }
        state.frames_received += bytes.iter().filter(|&&byte| byte == 0).count();
        let written = state.device.write(bytes, Duration::ZERO)?;
        if state.line == Line::RepliesLost {
            while state.device.read(&mut [0; 64], Duration::ZERO)? > 0 {}
        }
        Ok(written)
    }
}
