//! Prints the speed of calls on a host, serial-rpc beside postcard-rpc and a raw echo, in Markdown.
//!
//!     cargo run --release --manifest-path tests/peers/Cargo.toml --bin host_speed
//!
//! With `-- --write` it writes `tests/measured/host-speed.md` and its picture instead.
//!
//! Times depend on this machine and moment: only the ratios mean anything elsewhere.

mod contest;
mod instructions;
mod report;

use contest::Contender;
use peers::{documents, echo, many_devices, postcard_rpc, serial_rpc};
use std::env;
use std::error::Error;
use std::fs;

/// Returns the contenders in memory; the others are compared with the first.
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

/// Returns the contenders over a PTY; the others are compared with the first.
fn over_pty() -> Vec<Contender> {
    vec![
        Contender::new("raw echo, `serialport`", echo::through_serialport),
        Contender::new("raw echo, `read` and `write`", echo::through_system_calls),
        Contender::new("serial-rpc, Connection", serial_rpc::connection_over_pty),
        Contender::new("postcard-rpc", postcard_rpc::speed::over_pty),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [name, count] = &arguments[..] {
        let all = in_memory().into_iter().chain(over_pty());
        instructions::run_counted(all, name, count);
        return Ok(());
    }
    let crowds = many_devices::measure();
    let text = report::markdown(&machine(), &in_memory(), &over_pty(), &crowds);
    if arguments == ["--write"] {
        report::draw(&documents::measured("many-devices.svg"), &crowds)?;
        let text = format!("# On the host\n\n{text}\n![Many devices at once](many-devices.svg)\n");
        fs::write(documents::measured("host-speed.md"), text)?;
    } else {
        print!("{text}");
    }
    Ok(())
}

/// Describes this machine, as far as it is known.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, model)| model);
    format!("{processors} x {model}, {}", env::consts::OS)
}
