//! The calculator with the device's own service, without its description.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::Undescribed;
use size::{CalculatorService, Checked, Uart};

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Undescribed<CalculatorService<Checked>>, 64, 1> =
        Server::new(Undescribed(CalculatorService(Checked)));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
