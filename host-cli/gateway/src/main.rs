//! The program `serial-rpc-gateway`: opens the devices and serves them until it is stopped.

use clap::Parser;
use serial_rpc_gateway::device::Device;
use serial_rpc_gateway::devices::Devices;
use serial_rpc_gateway::http;
use serial_rpc_gateway::options::Options;
use std::error::Error;
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let options = Options::parse();
    let mut devices = Devices::default();
    for (name, place) in &options.devices {
        devices.add(Device::open(
            name.clone(),
            place,
            serial_rpc::Options::default(),
        )?);
    }
    let listener = tokio::net::TcpListener::bind(options.http).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, http::router(Arc::new(devices))).await?;
    Ok(())
}
