//! Prints how fast a host calls, serial-rpc beside postcard-rpc and a raw echo, in Markdown.
//!
//!     cargo run --release --manifest-path tests/peers/Cargo.toml --bin host_speed
//!
//! Times are of this machine and this moment: only the ratios mean anything elsewhere.

mod contest;
mod growth;
mod instructions;

use contest::{Contender, Outcome};
use peers::{echo, postcard_rpc, serial_rpc};
use std::env;

/// What is called, in memory; the first is what the others are compared with.
fn in_memory() -> Vec<Contender> {
    vec![
        Contender::new("postcard-rpc, its channels", postcard_rpc::speed::channels),
        Contender::new("serial-rpc, Client and Server", serial_rpc::state_machines),
        Contender::new(
            "serial-rpc, Connection to `sim`",
            serial_rpc::connection_to_simulated,
        ),
    ]
}

/// What is called over a PTY; the first is what the others are compared with.
fn over_pty() -> Vec<Contender> {
    vec![
        Contender::new("raw echo, `serialport`", echo::through_serialport),
        Contender::new("raw echo, `read` and `write`", echo::through_system_calls),
        Contender::new("serial-rpc, Connection", serial_rpc::connection_over_pty),
        Contender::new("postcard-rpc", postcard_rpc::speed::over_pty),
    ]
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [name, count] = &arguments[..] {
        let all = in_memory().into_iter().chain(over_pty());
        return instructions::run_counted(all, name, count);
    }
    println!(
        "`add(2, 3)`, {}. Only the ratios mean anything elsewhere.",
        machine()
    );
    println!();
    println!("Both ends in one process, over memory:");
    println!();
    println!("| | ns a call | calls/s | times as fast | instructions a call |");
    println!("|---|---:|---:|---:|---:|");
    for outcome in contest::hold(&in_memory(), 5_000) {
        let Outcome { name, nanos, ratio } = outcome;
        let instructions = instructions::per_call(name);
        let instructions = instructions.map_or_else(|| "no valgrind".into(), |n| n.to_string());
        println!(
            "| {name} | {nanos:.0} | {:.0} | {:.2} | {instructions} |",
            1e9 / nanos,
            1.0 / ratio
        );
    }
    println!();
    println!("Over a PTY, the device on a thread of its own:");
    println!();
    println!("| | µs a round trip | times as long |");
    println!("|---|---:|---:|");
    for Outcome { name, nanos, ratio } in contest::hold(&over_pty(), 300) {
        println!("| {name} | {:.1} | {ratio:.2} |", nanos / 1e3);
    }
    println!();
    growth::print();
}

/// What this machine is, as far as it says.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    format!("{processors} x {model}, {}", env::consts::OS)
}
