//! The work of `bare`, written by hand.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::service::{FIRST_NUMBER, StaticInterface};
use rpc_proto::wire::message::{Fault, Kind};
use size::floor::{Floor, Frame, Procedures, fault, varint};
use size::{Calculator, CalculatorService, Checked};

struct Calculations;

impl Procedures for Calculations {
    /// A varint; a code is its own encoding.
    type Body = u32;
    const FINGERPRINT: u32 = <CalculatorService<Checked> as StaticInterface>::FINGERPRINT;

    #[inline(always)]
    fn run(procedure: u32, arguments: &[u8]) -> (Kind, u32) {
        const ADD: u32 = FIRST_NUMBER as u32;
        const SUB: u32 = ADD + 1;
        const MUL: u32 = ADD + 2;
        const DIV: u32 = ADD + 3;
        let (ADD..=DIV) = procedure else {
            return fault(Fault::UnknownProcedure);
        };
        let Some((x, y)) = operands(arguments) else {
            return fault(Fault::BadArguments);
        };
        let result = match procedure {
            ADD => Checked.add(x, y),
            SUB => Checked.sub(x, y),
            MUL => Checked.mul(x, y),
            _ => Checked.div(x, y),
        };
        match result {
            Ok(value) => (Kind::Return, (value << 1 ^ value >> 31) as u32),
            Err(error) => (Kind::Error, error as u32),
        }
    }

    #[inline(always)]
    fn write(body: u32, reply: &mut Frame<'_>) {
        reply.varint(body);
    }
}

#[inline(always)]
fn operands(arguments: &[u8]) -> Option<(i32, i32)> {
    let (x, rest) = varint(arguments)?;
    let (y, rest) = varint(rest)?;
    rest.is_empty().then_some((signed(x), signed(y)))
}

/// Returns the integer whose sign is in the lowest bit.
#[inline(always)]
fn signed(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

#[entry]
fn main() -> ! {
    static mut DEVICE: Floor = Floor::START;
    DEVICE.serve::<Calculations>()
}
