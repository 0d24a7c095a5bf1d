//! What many devices at once cost a host: one to a thousand simulated ones in this process.

use ::serial_rpc::Connection;
use peers::serial_rpc;
use std::fs;
use std::time::Instant;

/// Calls per measurement, shared by all devices.
const CALLS: usize = 100_000;

pub fn print() {
    println!(
        "Simulated devices at once in this process, each with a connection of its own, called in turn:"
    );
    println!();
    println!("| devices | KiB each | µs to open and connect each | ns a call |");
    println!("|---:|---:|---:|---:|");
    let resident_before = resident_kib();
    let mut devices = Vec::new();
    for count in [1, 10, 100, 1_000] {
        let added = count - devices.len();
        let began = Instant::now();
        devices.resize_with(count, || {
            let device = Connection::open("sim").expect("the simulated device is always there");
            serial_rpc::add(&device, 1);
            device
        });
        let opening = began.elapsed().as_nanos() as f64 / 1e3 / added as f64;
        let resident = resident_kib().zip(resident_before);
        let each = resident.map_or_else(
            || "unknown".to_owned(),
            |(now, before)| {
                now.saturating_sub(before)
                    .div_ceil(count as u64)
                    .to_string()
            },
        );
        let began = Instant::now();
        for _ in 0..CALLS / count {
            for device in &devices {
                serial_rpc::add(device, 1);
            }
        }
        let nanos = began.elapsed().as_nanos() as f64 / CALLS as f64;
        println!("| {count} | {each} | {opening:.1} | {nanos:.0} |");
    }
}

/// How much of this process is in memory, where the system tells.
fn resident_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    resident.split_whitespace().next()?.parse().ok()
}
