//! `serial-rpc simulate`: offers the simulated device as a port that other programs can open.

use crate::context::Context;
use crate::failure::{Class, Failure};
use crate::interrupt;
use crate::output::{print, print_json};
use anstream::eprintln;
use rpc_proto::services::update::{ImageInfo, MAX_TEXT};
use serial_rpc::Port;
use serial_rpc::link::Offer;
use serial_rpc_simulator::line::{Faults, Pace};
use serial_rpc_simulator::{SimulatedDevice, SimulatedSlots, Simulation, UpdatableDevice};
use std::time::Duration;
use std::{io, process, thread};

/// Offer a simulated device on a port, until Ctrl-C.
///
/// It runs the calculator of the example firmware. The port's address goes to stdout. The line has
/// the speed of --baud; without it, there is no limit.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  serial-rpc simulate
  serial-rpc simulate --tcp localhost:4000 --baud 115200
  serial-rpc simulate --noise 0.001
  serial-rpc simulate --noise flips=0.001,gaps=0.0005,texts=0.1 --seed 7
  serial-rpc simulate --product desk-lamp --address 0x8000")]
pub struct Simulate {
    /// Offer it on a TCP port; 0 selects a free one.
    #[arg(long, value_name = "HOST:PORT", value_parser = address, conflicts_with = "pty")]
    tcp: Option<String>,

    /// Offer it on a pseudo-terminal, as a serial port. This is the default if the system has them.
    #[arg(long)]
    pty: bool,

    /// Faults on the line: a rate per byte, or NAME=RATE,… of flips, drops, insertions,
    /// duplications, noise, gaps, truncations, texts (per frame), and burst=BYTES for the length of
    /// noise and gaps.
    #[arg(long, value_name = "RATES", value_parser = faults, default_value = "0")]
    noise: Faults,

    /// Selects the bytes with faults: the same for the same seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Offer updates too, for images of that product. Its flash is empty when this program starts.
    #[arg(long, value_name = "NAME", value_parser = product)]
    product: Option<String>,

    /// The address of such images.
    #[arg(long, requires = "product", value_parser = hexadecimal, default_value = "0")]
    address: u32,

    /// Let each image fail its trial.
    #[arg(long, requires = "product")]
    fail_trials: bool,
}

/// Serves one caller after another.
pub fn run(context: &Context, simulate: &Simulate) -> Result<(), Failure> {
    let refused =
        |error: io::Error| Failure::new(Class::Port, format!("cannot offer a port: {error}"));
    let offer = simulate.offer().map_err(refused)?;
    let port = offer.port();
    if context.json {
        print_json(&serde_json::json!({ "port": port.to_string() }))?;
    } else {
        print(port)?;
    }
    eprintln!("a simulated device is on {port} until Ctrl-C; try");
    eprintln!("  serial-rpc --port {port} list");
    let pace = context.link.baud.map_or(Pace::INSTANT, Pace::uart);
    let mut simulation = simulate.simulation(pace);
    thread::spawn(|| {
        // Nothing else would wake a thread that waits for a caller, and there is nothing to clean
        // up.
        drop(interrupt::sleep(Duration::MAX));
        process::exit(0);
    });
    loop {
        let caller = offer.accept().map_err(refused)?;
        // It ends when the caller has closed the port; the next may come.
        let _gone = simulation.serve(&*caller);
    }
}

impl Simulate {
    fn simulation(&self, pace: Pace) -> Simulation {
        let (noise, seed) = (self.noise, self.seed);
        let Some(product) = &self.product else {
            return Simulation::of(SimulatedDevice::new(), pace, noise, seed);
        };
        let slots = SimulatedSlots::new(self.address, ImageInfo::new(product, "0.0.0").as_bytes());
        if self.fail_trials {
            slots.fail_trials();
        }
        Simulation::of(UpdatableDevice::new(slots), pace, noise, seed)
    }

    fn offer(&self) -> io::Result<Offer> {
        match &self.tcp {
            Some(address) => Offer::tcp(address),
            None if self.pty || cfg!(unix) => Offer::pty(),
            None => Offer::tcp("localhost:0"),
        }
    }
}

/// Checks that there is a host and a port number.
fn address(text: &str) -> Result<String, String> {
    match format!("tcp:{text}").parse::<Port>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("expected HOST:PORT, such as localhost:4000".to_owned()),
    }
}

/// Checks that it can be the name of a product.
fn product(text: &str) -> Result<String, String> {
    match text.len() {
        1..=MAX_TEXT if text.is_ascii() => Ok(text.to_owned()),
        _ => Err(format!("expected 1 to {MAX_TEXT} characters of ASCII")),
    }
}

/// Reads an address, such as 0x8000.
fn hexadecimal(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u32::from_str_radix(digits, 16).map_err(|_| "expected an address, such as 0x8000".to_owned())
}

/// Reads a rate for all faults, or rates by name.
fn faults(text: &str) -> Result<Faults, String> {
    if let Ok(each) = rate(text) {
        return Ok(Faults::mixed(each));
    }
    let mut faults = Faults::NONE;
    for setting in text.split(',') {
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| format!("expected a rate from 0 to 1 or NAME=RATE, got `{setting}`"))?;
        let place = match name {
            "flips" => &mut faults.flips,
            "drops" => &mut faults.drops,
            "insertions" => &mut faults.insertions,
            "duplications" => &mut faults.duplications,
            "noise" => &mut faults.noise,
            "gaps" => &mut faults.gaps,
            "truncations" => &mut faults.truncations,
            "texts" => &mut faults.texts,
            "burst" => {
                faults.burst = value
                    .parse()
                    .map_err(|_| format!("burst: expected a number of bytes, got `{value}`"))?;
                continue;
            }
            _ => return Err(format!("there is no fault `{name}`; --help names them")),
        };
        *place = rate(value).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(faults)
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err(format!("expected a rate from 0 to 1, got `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_one_rate_for_everything_or_rates_by_name() {
        assert_eq!(faults("0.07"), Ok(Faults::mixed(0.07)));
        let named = Faults {
            drops: 0.5,
            texts: 1.0,
            burst: 3,
            ..Faults::NONE
        };
        assert_eq!(faults("drops=0.5,texts=1,burst=3"), Ok(named));
    }

    #[test]
    fn what_is_no_noise_is_refused() {
        for (text, complaint) in [
            ("2", "expected a rate from 0 to 1 or NAME=RATE, got `2`"),
            ("drops=2", "drops: expected a rate from 0 to 1, got `2`"),
            ("drop=0.1", "there is no fault `drop`; --help names them"),
            ("burst=x", "burst: expected a number of bytes, got `x`"),
        ] {
            assert_eq!(faults(text), Err(complaint.to_owned()));
        }
    }
}
