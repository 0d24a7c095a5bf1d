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
    let (name, port) = match text.split_once('=') {
        Some((name, port)) => (Some(name), port),
        None => (None, text),
    };
    let place: Place = port
        .parse()
        .map_err(|error: serial_rpc::port::NotAPort| error.to_string())?;
    let name = name.map_or_else(|| place.default_name(), str::to_owned);
    Ok((name, place))
}
