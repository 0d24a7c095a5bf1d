//! Measures everything that is the same on every machine, and writes it down: the tables and
//! pictures of `tests/measured`, and the cost in the README of rpc-proto.
//!
//!     cargo run --release --manifest-path tests/peers/Cargo.toml --bin report
//!
//! `host_speed` measures and writes everything that depends on the machine.

mod device;
mod growth;
mod line;

use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), Box<dyn Error>> {
    device::write()?;
    growth::write()?;
    line::write()
}
