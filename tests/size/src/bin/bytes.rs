//! Takes and returns bytes, to measure the cost of a payload.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::Bare;
use size::{BytesService, Stock, Uart};

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Bare<BytesService<Stock>>, 64, 1> =
        Server::new(Bare(BytesService(Stock)));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
