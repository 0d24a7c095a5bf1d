//! Prints the speed and the memory of the gateway, beside calls without it, in Markdown.
//!
//!     cargo run --release -p tests --example gateway
//!     cargo run --release -p tests --example gateway > tests/measured/gateway.md
//!
//! It builds the gateway and runs it as a program of its own. All is measured in one run, and the ways take
//! turns, so that what else the machine does falls on all of them. Times depend on the machine and the
//! moment: only the ratios mean anything elsewhere. It needs Linux.

mod caller;
mod crowd;
mod running;
mod turns;

use crowd::Crowd;
use running::{Gateway, Terminal};
use serial_rpc_simulator::line::Pace;
use std::fs;
use std::thread;

/// The numbers of programs that call at once.
const PROGRAMS: [usize; 5] = [1, 4, 16, 64, 256];

/// The number of devices of a gateway with many.
const DEVICES: usize = 100;

fn main() {
    println!("# The gateway\n");
    println!("{}. Only the ratios mean anything elsewhere.\n", machine());

    println!(
        "Latency of `add(2, 3)`, one call after another, on a PTY whose device is a thread of its own. Copied \
         is through a program that copies bytes between the PTY and a Unix socket, the least that any program \
         in between takes:\n"
    );
    println!("| line | way | p50, µs | p99, µs | p50, times direct | p99, times direct |");
    println!("|---|---|---:|---:|---:|---:|");
    for (line, pace) in [
        ("1,000,000 baud", Pace::uart(1_000_000)),
        ("no limit", Pace::INSTANT),
    ] {
        let [direct, behind, copied] = [(); 3].map(|()| Terminal::new(pace));
        let folder = tempfile::tempdir().expect("a folder");
        let gateway = Gateway::with(&[&format!("board={}", behind.path())]);
        let mut ways = caller::ways("board", &gateway, Some(direct.path()));
        ways.insert(
            1,
            caller::Way::copied(running::copier(&copied.path(), folder.path())),
        );
        for row in turns::latency(&ways) {
            println!("| {line} {row}");
        }
    }

    println!(
        "\nPrograms at once, each on a thread and a connection of its own, one call after another, on a \
         simulated device of the gateway. Direct is threads that share a connection to one in their own \
         process. HTTP is limited to 10,000 requests a second of a peer:\n"
    );
    println!("| programs | way | calls/s | of direct | p50, µs | p99, µs |");
    println!("|---:|---|---:|---:|---:|---:|");
    let gateway = Gateway::with(&["sim"]);
    let ways = caller::ways("sim", &gateway, None);
    for programs in PROGRAMS {
        let mut direct = None;
        for way in &ways {
            let Crowd {
                per_second,
                p50,
                p99,
            } = crowd::of(programs, |_| way.connect());
            let first = *direct.get_or_insert(per_second);
            let name = way.name;
            println!(
                "| {programs} | {name} | {per_second:.0} | {:.2} | {p50} | {p99} |",
                per_second / first
            );
        }
    }
    drop(gateway);

    println!("\nA gateway with {DEVICES} simulated devices, and a program for each:\n");
    println!("| way | calls/s | p50, µs | p99, µs |");
    println!("|---|---:|---:|---:|");
    let names: Vec<String> = (0..DEVICES)
        .map(|number| format!("board-{number}=sim"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let gateway = Gateway::with(&names);
    let devices: Vec<Vec<caller::Way>> = (0..DEVICES)
        .map(|number| caller::ways(&format!("board-{number}"), &gateway, None))
        .collect();
    for (place, way) in devices[0].iter().enumerate().skip(1) {
        let Crowd {
            per_second,
            p50,
            p99,
        } = crowd::of(DEVICES, |number| devices[number][place].connect());
        println!("| {} | {per_second:.0} | {p50} | {p99} |", way.name);
    }
    drop(gateway);

    println!(
        "\nResident memory of the gateway for each of 256 programs that are connected and have called:\n"
    );
    println!("| way | KiB a program |");
    println!("|---|---:|");
    for place in 1..=3 {
        // One of its own for each way: what was freed is not given back to the system.
        let gateway = Gateway::with(&["sim"]);
        let way = &caller::ways("sim", &gateway, None)[place];
        println!(
            "| {} | {:.1} |",
            way.name,
            crowd::kib_each(&gateway, way, 256)
        );
    }
}

/// Describes this machine, as far as it is known, and its other work.
fn machine() -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let system = std::env::consts::OS;
    format!("{processors} x {model}, {system}, with a load of {load} by other work")
}
