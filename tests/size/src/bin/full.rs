//! The calculator with the device's own service and its description.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use size::{CalculatorService, Checked, Uart};

#[entry]
fn main() -> ! {
    static mut SERVER: Server<CalculatorService<Checked>, 64, 1> =
        Server::new(CalculatorService(Checked));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}
