//! The calculator over ergot: four sockets of a stack at the edge of the network.
#![no_std]
#![no_main]

use core::pin::pin;
use cortex_m_rt::entry;
use size::{Calculator, Checked};
use sockets::polled::{run, serve};
use sockets::{Add, Div, Mul, Sub};

#[entry]
fn main() -> ! {
    run([
        pin!(serve::<Add>(|(x, y)| Ok(Checked.add(x, y)?))),
        pin!(serve::<Sub>(|(x, y)| Ok(Checked.sub(x, y)?))),
        pin!(serve::<Mul>(|(x, y)| Ok(Checked.mul(x, y)?))),
        pin!(serve::<Div>(|(x, y)| Ok(Checked.div(x, y)?))),
    ])
}
