//! Prints in Markdown the cost of the same calculator on a device with serial-rpc, with others and by hand:
//! flash, memory, instructions and bytes on the wire.
//!
//! Run it with `cargo run --release --manifest-path tests/peers/Cargo.toml --bin device_cost`; with
//! `-- --readme` it writes the table into the README of rpc-proto instead.

use peers::{device_cost, documents};
use std::env;
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let text = device_cost::measure()?.markdown();
    if env::args().any(|argument| argument == "--readme") {
        documents::write_section("device_cost", &text)
    } else {
        print!("{text}");
        Ok(())
    }
}
