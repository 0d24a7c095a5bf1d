//! The calculator and nothing else: sessions, kept replies and CRC-32.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::Bare;
use size::{CalculatorService, Checked, Uart};

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Bare<CalculatorService<Checked>>, 64, 1> =
        Server::new(Bare(CalculatorService(Checked)));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
