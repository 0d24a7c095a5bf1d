//! The command line of the gateway: its syntax and its help.

use crate::device::Place;
use clap::Parser;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Share the devices on serial ports among programs.
#[derive(Debug, Parser)]
#[command(name = "serial-rpc-gateway", version)]
pub struct Options {
    /// The devices: NAME=PORT, or PORT alone. A port is a path, VID:PID[:SERIAL], id:SERIAL,
    /// tcp:HOST:PORT or sim.
    #[arg(value_name = "[NAME=]PORT", value_parser = named_place)]
    pub devices: Vec<(String, Place)>,

    /// The address of the page and of HTTP.
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8377))]
    pub http: SocketAddr,
}

/// Reads `NAME=PORT` or `PORT`.
fn named_place(text: &str) -> Result<(String, Place), String> {
    let (name, place) = text.split_once('=').unwrap_or((text, text));
    let place = place
        .parse()
        .map_err(|error: serial_rpc::port::NotAPort| error.to_string())?;
    Ok((name.to_owned(), place))
}
