//! Calls as one writes them in an afternoon, without a library and for one firmware: COBS, CRC-16 and integers of
//! fixed length. There are no sessions: a damaged frame is dropped, and a call that is sent twice runs twice.
//!
//! ```text
//! call  = COBS(procedure: u8 ++ x: i32 ++ y: i32 ++ CRC-16) ++ 0x00
//! reply = COBS(status: u8 ++ value: i32 ++ CRC-16) ++ 0x00
//! ```
//!
//! All integers are little-endian. The status is 0, or the error's number from 1 on.

use core::convert::Infallible;
use embedded_io::{Read, Write};
use size::{Calculator, MathError};

/// The procedures in the order of their numbers.
pub const ADD: u8 = 0;
/// Subtraction.
pub const SUB: u8 = 1;
/// Multiplication.
pub const MUL: u8 = 2;
/// Division.
pub const DIV: u8 = 3;

const CRC: usize = 2;
/// The lengths of messages with their CRC.
const CALL: usize = 1 + 4 + 4 + CRC;
const REPLY: usize = 1 + 4 + CRC;
/// What COBS and the delimiter add to such short messages.
const FRAMING: usize = 2;

/// CRC-16/IBM-3740, by the byte and without a table.
pub const fn crc16(bytes: &[u8]) -> u16 {
    let mut crc = 0xFFFF;
    let mut at = 0;
    while at < bytes.len() {
        let mut byte = (crc >> 8) ^ bytes[at] as u16;
        byte ^= byte >> 4;
        crc = (crc << 8) ^ (byte << 12) ^ (byte << 5) ^ byte;
        at += 1;
    }
    crc
}

const _: () = assert!(crc16(b"123456789") == 0x29B1, "the check of the catalogue");

/// Makes the frame of a message, whose last two bytes are for the CRC.
fn frame<const MESSAGE: usize, const FRAME: usize>(mut message: [u8; MESSAGE]) -> [u8; FRAME] {
    let body = MESSAGE - CRC;
    let crc = crc16(&message[..body]);
    message[body..].copy_from_slice(&crc.to_le_bytes());
    let mut frame = [0; FRAME];
    let mut code_at = 0;
    for (at, byte) in (1..).zip(message) {
        if byte == 0 {
            frame[code_at] = (at - code_at) as u8;
            code_at = at;
        } else {
            frame[at] = byte;
        }
    }
    frame[code_at] = (FRAME - 1 - code_at) as u8;
    frame
}

/// Undoes COBS in place, and returns the message without its CRC if that is right.
fn decode(frame: &mut [u8]) -> Option<&[u8]> {
    let mut at = 0;
    while at < frame.len() {
        let code = core::mem::take(&mut frame[at]);
        at += usize::from(code);
    }
    if at != frame.len() {
        return None;
    }
    let (message, crc) = frame.get(1..)?.split_last_chunk()?;
    (crc16(message) == u16::from_le_bytes(*crc)).then_some(message)
}

/// Makes the frame of a call.
pub fn call(procedure: u8, x: i32, y: i32) -> [u8; CALL + FRAMING] {
    let mut message = [0; CALL];
    message[0] = procedure;
    message[1..5].copy_from_slice(&x.to_le_bytes());
    message[5..9].copy_from_slice(&y.to_le_bytes());
    frame(message)
}

/// Makes the frame of a reply.
pub fn reply(result: Result<i32, MathError>) -> [u8; REPLY + FRAMING] {
    let (status, value) = match result {
        Ok(value) => (0, value),
        Err(error) => (error as u8 + 1, 0),
    };
    let mut message = [0; REPLY];
    message[0] = status;
    message[1..5].copy_from_slice(&value.to_le_bytes());
    frame(message)
}

/// Runs a call, if it is one.
fn run(calculator: &mut impl Calculator, message: &[u8]) -> Option<Result<i32, MathError>> {
    let (&procedure, operands) = message.split_first()?;
    let (x, y) = operands.split_first_chunk()?;
    let (x, y) = (
        i32::from_le_bytes(*x),
        i32::from_le_bytes(y.try_into().ok()?),
    );
    match procedure {
        ADD => Some(calculator.add(x, y)),
        SUB => Some(calculator.sub(x, y)),
        MUL => Some(calculator.mul(x, y)),
        DIV => Some(calculator.div(x, y)),
        _ => None,
    }
}

/// Serves the calculator for ever, over a link that does not fail.
pub fn serve<L>(link: &mut L, calculator: &mut impl Calculator) -> Infallible
where
    L: Read<Error = Infallible> + Write,
{
    let mut frame = [0; 64];
    let mut len = 0;
    loop {
        let mut byte = [0];
        let Ok(_) = link.read(&mut byte);
        let [byte] = byte;
        if byte != 0 {
            if let Some(place) = frame.get_mut(len) {
                *place = byte;
                len += 1;
            }
            continue;
        }
        let message = decode(&mut frame[..len]);
        if let Some(result) = message.and_then(|message| run(calculator, message)) {
            let Ok(()) = link.write_all(&reply(result));
        }
        len = 0;
    }
}
