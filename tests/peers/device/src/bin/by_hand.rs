//! The calculator without a library.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use device::by_hand::serve;
use size::{Checked, Uart};

#[entry]
fn main() -> ! {
    match serve(&mut Uart, &mut Checked) {}
}
