//! Offers more and more of something, to measure the cost of one more of it.
//!
//! The environment of the compiler sets the numbers.
#![no_std]
#![no_main]

mod offers;

use cortex_m_rt::entry;
use offers::{Described, Grown, Offer};
use rpc_proto::server::Server;
use size::Uart;

const PROCEDURES: usize = number(option_env!("GROWN_PROCEDURES"), 4);
const TYPES: usize = number(option_env!("GROWN_TYPES"), 0);
const SERVICES: usize = number(option_env!("GROWN_SERVICES"), 0);
const DESCRIBED: bool = number(option_env!("GROWN_DESCRIBED"), 1) == 1;
const FRAME: usize = number(option_env!("GROWN_FRAME"), 64);
const WINDOW: usize = number(option_env!("GROWN_WINDOW"), 1);

type Image = Described<Offer<PROCEDURES, TYPES, SERVICES>, DESCRIBED>;

#[entry]
fn main() -> ! {
    static mut SERVER: Server<<Image as Grown>::Interface, FRAME, WINDOW> =
        Server::new(Image::INTERFACE);
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}

/// Returns the number that is set, or else another.
const fn number(set: Option<&str>, otherwise: usize) -> usize {
    let Some(text) = set else {
        return otherwise;
    };
    match usize::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("a number"),
    }
}
