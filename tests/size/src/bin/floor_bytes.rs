//! The work of `bytes`, written by hand.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::service::FIRST_NUMBER;
use rpc_proto::wire::message::{Fault, Kind};
use size::floor::{Floor, Frame, Procedures, fault, varint};

struct Stock;

enum Body {
    Code(u8),
    Nothing,
    Bytes(&'static [u8]),
}

impl From<u8> for Body {
    fn from(code: u8) -> Self {
        Self::Code(code)
    }
}

impl Procedures for Stock {
    type Body = Body;
    /// Nobody asks for it.
    const FINGERPRINT: u32 = 0;

    #[inline(always)]
    fn run(procedure: u32, arguments: &[u8]) -> (Kind, Body) {
        const TAKE: u32 = FIRST_NUMBER as u32;
        const GIVE: u32 = TAKE + 1;
        /// None is zero, as in `bytes`.
        static BYTES: [u8; 48] = [0x5A; 48];
        let body = match (procedure, arguments) {
            (TAKE, _) => match varint(arguments) {
                Some((len, bytes)) if len as usize == bytes.len() => Body::Nothing,
                _ => return fault(Fault::BadArguments),
            },
            (GIVE, &[count]) => Body::Bytes(BYTES.get(..count.into()).unwrap_or(&BYTES)),
            (GIVE, _) => return fault(Fault::BadArguments),
            _ => return fault(Fault::UnknownProcedure),
        };
        (Kind::Return, body)
    }

    #[inline(always)]
    fn write(body: Body, reply: &mut Frame<'_>) {
        match body {
            Body::Code(code) => reply.push(code),
            Body::Nothing => {}
            Body::Bytes(bytes) => {
                reply.varint(bytes.len() as u32);
                reply.extend(bytes);
            }
        }
    }
}

#[entry]
fn main() -> ! {
    static mut DEVICE: Floor = Floor::START;
    DEVICE.serve::<Stock>()
}
