//! The same as `bytes`, with the larger table for checksums.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::{Bare, CheckedBy};
use rpc_proto::wire::crc::LargeTable;
use size::{BytesService, Stock, Uart};

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Bare<CheckedBy<BytesService<Stock>, LargeTable>>, 64, 1> =
        Server::new(Bare(CheckedBy(BytesService(Stock), LargeTable)));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
