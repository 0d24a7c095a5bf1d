//! Measures the cost of many devices at once on a host: one to a thousand simulated ones in this
//! process.

use crate::serial_rpc;
use ::serial_rpc::Connection;
use std::fs;
use std::time::Instant;

/// Calls per measurement, shared by all devices.
const CALLS: usize = 100_000;

/// The cost of so many devices at once.
pub struct Crowd {
    /// The number of devices.
    pub devices: usize,
    /// Memory for each, if the system says.
    pub kib_each: Option<u64>,
    /// Microseconds to open and connect each of those that came last.
    pub opening: f64,
    /// Nanoseconds per call.
    pub call: f64,
}

/// Measures devices with a connection each, called in turn.
pub fn measure() -> Vec<Crowd> {
    // The first brings in code that all share.
    drop(device());
    let resident_before = resident_kib();
    let mut devices = Vec::new();
    let mut crowds = Vec::new();
    for count in [1, 10, 100, 1_000] {
        let added = count - devices.len();
        let began = Instant::now();
        devices.resize_with(count, device);
        let opening = began.elapsed().as_nanos() as f64 / 1e3 / added as f64;
        let resident = resident_kib().zip(resident_before);
        let kib_each =
            resident.map(|(now, before)| now.saturating_sub(before).div_ceil(count as u64));
        let began = Instant::now();
        for _ in 0..CALLS / count {
            for device in &devices {
                serial_rpc::add(device, 1);
            }
        }
        crowds.push(Crowd {
            devices: count,
            kib_each,
            opening,
            call: began.elapsed().as_nanos() as f64 / CALLS as f64,
        });
    }
    crowds
}

/// Returns a device that has been called.
fn device() -> Connection {
    let device = Connection::to(serial_rpc_simulator::SimulatedDevice::new());
    serial_rpc::add(&device, 1);
    device
}

/// Returns the resident memory of this process, if the system says.
fn resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    resident.split_whitespace().next()?.parse().ok()
}
