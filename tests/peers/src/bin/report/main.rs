//! Measures whatever is the same on every machine, and writes it down: the tables and pictures of
//! `tests/measured`, and what the README of rpc-proto says about cost.
//!
//!     cargo run --release --manifest-path tests/peers/Cargo.toml --bin report
//!
//! What depends on the machine is measured and written by `host_speed`.

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
