//! Takes and returns bytes, to measure the cost of a payload.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::Bare;
use size::Uart;

/// Bytes one way.
#[rpc_proto::service]
trait Bytes {
    /// Takes bytes.
    fn take(&mut self, bytes: &[u8]);
    /// Gives that many bytes, as far as there are so many.
    fn give(&mut self, count: u8) -> &[u8];
}

struct Stock;

impl Bytes for Stock {
    fn take(&mut self, _: &[u8]) {}

    fn give(&mut self, count: u8) -> &[u8] {
        /// None is zero, which COBS treats differently.
        static BYTES: [u8; 48] = [0x5A; 48];
        BYTES.get(..count.into()).unwrap_or(&BYTES)
    }
}

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Bare<BytesService<Stock>>, 64, 1> =
        Server::new(Bare(BytesService(Stock)));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
