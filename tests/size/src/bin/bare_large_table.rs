//! The same as `bare`, with the larger table for checksums.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::{Bare, CheckedBy};
use rpc_proto::wire::crc::LargeTable;
use size::{CalculatorService, Checked, Uart};

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Bare<CheckedBy<CalculatorService<Checked>, LargeTable>>, 64, 1> =
        Server::new(Bare(CheckedBy(CalculatorService(Checked), LargeTable)));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
