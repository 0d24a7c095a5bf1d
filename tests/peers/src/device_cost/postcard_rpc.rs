//! Makes postcard-rpc's calls on the wire, and measures their cost on a device.

use device::{AddEndpoint, Calculation, DivEndpoint, MathError, Operands};
use postcard_rpc::Endpoint;
use postcard_rpc::header::{VarHeader, VarKey, VarKeyKind, VarSeq};
use serde::Serialize;
use std::error::Error;
use std::path::Path;
use tests::board::LM3S6965;
use tests::device_cost::{Call, CallCosts, call_costs};
use tests::stepped::SteppedDevice;

/// Makes the calls as postcard-rpc's own caller does: with keys of full length until the device
/// has answered with shorter ones.
pub fn costs(image: &Path) -> Result<(CallCosts, Vec<Call>), Box<dyn Error>> {
    let mut device = SteppedDevice::boot(&LM3S6965, image)?;
    let first = frame(AddEndpoint::REQ_KEY, VarKeyKind::Key8, 0, &(0, 0));
    let answer = device.answer(&first)?.bytes;
    let message = cobs::decode_vec(&answer[..answer.len() - 1]).map_err(|_| "no COBS frame")?;
    let (header, _) = VarHeader::take_from_slice(&message).ok_or("no header")?;
    let calls = calls(header.key.kind());
    Ok((call_costs(device, &calls)?, calls))
}

fn calls(keys: VarKeyKind) -> Vec<Call> {
    let add = |name, seq, operands, sum| call::<AddEndpoint>(name, keys, seq, operands, Ok(sum));
    vec![
        add("add(2, 3)", 1, (2, 3), 5),
        add("add(2, 3) again", 1, (2, 3), 5),
        add("add(123456, -98765)", 2, (123_456, -98_765), 24_691),
        call::<DivEndpoint>("div(1, 0)", keys, 3, (1, 0), Err(MathError::DivideByZero)),
    ]
}

fn call<E: Endpoint>(
    name: &'static str,
    keys: VarKeyKind,
    seq: u16,
    operands: Operands,
    result: Calculation,
) -> Call {
    Call {
        name,
        frame: frame(E::REQ_KEY, keys, seq, &operands),
        answer: frame(E::RESP_KEY, keys, seq, &result),
    }
}

/// Puts a message in a frame; callers number calls with two bytes by default.
fn frame<B: Serialize>(key: postcard_rpc::Key, keys: VarKeyKind, seq: u16, body: &B) -> Vec<u8> {
    let mut key = VarKey::Key8(key);
    key.shrink_to(keys);
    let seq_no = VarSeq::Seq2(seq);
    let mut message = VarHeader { key, seq_no }.write_to_vec();
    message.extend(postcard::to_stdvec(body).expect("a serialisable body"));
    let mut frame = cobs::encode_vec(&message);
    frame.push(0);
    frame
}
