//! Makes ergot's requests on the wire, and measures their cost on a device.

use super::Calls;
use ::ergot::traits::Endpoint;
use ::ergot::wire_frames::{de_frame, encode_frame_ty};
use ::ergot::{Address, AnyAllAppendix, DEFAULT_TTL, FrameKind, HeaderSeq, Key};
use device::{Calculation, MathError, Operands};
use postcard::ser_flavors::{Cobs, StdVec};
use serde::Serialize;
use sockets::{Add, Div};
use std::error::Error;
use std::path::Path;
use tests::board::LM3S6965;
use tests::device_cost::{Call, call_costs};
use tests::stepped::SteppedDevice;

/// The router's end of the link, with the socket that waits for responses.
const ROUTER: Address = Address {
    network_id: 1,
    node_id: 1,
    port_id: 1,
};

/// Returns the address of a device's socket; a port of 0 is that of any socket with the right key.
const fn device(port_id: u8) -> Address {
    Address {
        network_id: 1,
        node_id: 2,
        port_id,
    }
}

/// Makes requests to the ports of the sockets, as one does who has found them: a request to any port has 9 bytes
/// more.
pub fn costs(image: &Path) -> Result<Calls, Box<dyn Error>> {
    let mut device = SteppedDevice::boot(&LM3S6965, image)?;
    let add = find::<Add>(&mut device)?;
    let div = find::<Div>(&mut device)?;
    let calls = vec![
        call("add(2, 3)", add, 1, (2, 3), Ok(5)),
        call("add(2, 3) again", add, 1, (2, 3), Ok(5)),
        call(
            "add(123456, -98765)",
            add,
            2,
            (123_456, -98_765),
            Ok(24_691),
        ),
        call("div(1, 0)", div, 3, (1, 0), Err(MathError::DivideByZero)),
    ];
    Ok((call_costs(device, &calls)?, calls))
}

/// Asks any socket of an endpoint, and returns the port of the one that answers.
fn find<E: Endpoint>(link: &mut SteppedDevice) -> Result<u8, Box<dyn Error>> {
    let any_all = AnyAllAppendix {
        key: Key(E::REQ_KEY.to_bytes()),
        nash: None,
    };
    let request = HeaderSeq {
        any_all: Some(any_all),
        ..header(ROUTER, device(0), FrameKind::ENDPOINT_REQ, 0)
    };
    let answer = link.answer(&frame(&request, &(0, 1)))?.bytes;
    let packet = cobs::decode_vec(&answer[..answer.len() - 1]).map_err(|_| "no COBS frame")?;
    let response = de_frame(&packet).ok_or("no packet")?;
    Ok(response.hdr.src.port_id)
}

fn call(
    name: &'static str,
    port: u8,
    seq_no: u16,
    operands: Operands,
    result: Calculation,
) -> Call {
    let request = header(ROUTER, device(port), FrameKind::ENDPOINT_REQ, seq_no);
    let response = header(device(port), ROUTER, FrameKind::ENDPOINT_RESP, seq_no);
    Call {
        name,
        frame: frame(&request, &operands),
        answer: frame(&response, &result),
    }
}

/// Returns the header of a packet that has been sent over one link.
const fn header(src: Address, dst: Address, kind: FrameKind, seq_no: u16) -> HeaderSeq {
    HeaderSeq {
        src,
        dst,
        any_all: None,
        seq_no,
        kind,
        ttl: DEFAULT_TTL - 1,
    }
}

/// Puts a packet in a frame, as ergot's own interfaces do.
fn frame<B: Serialize>(header: &HeaderSeq, body: &B) -> Vec<u8> {
    let cobs = Cobs::try_new(StdVec::new()).expect("room for a byte");
    encode_frame_ty(cobs, header, body).expect("a serialisable body")
}
