//! Runs a procedure of a Rust interface, with its arguments and its reply as bytes.

use rpc_proto::server::session::Session;
use rpc_proto::service::{Dispatch, FIRST_NUMBER};
use rpc_proto::wire::crc::SmallTable;
use rpc_proto::wire::frame::{Accumulator, Candidate};
use rpc_proto::wire::message::{Fault, Kind};
use tests::wire::Message;

/// Runs the procedure at `index` for a reply in a frame of up to `room` bytes, and returns the kind and the body of
/// the reply.
///
/// # Errors
/// Returns the fault if there is no reply.
///
/// # Panics
/// Panics if the arguments do not fit a frame of `FRAME` bytes.
// Only a session hands out the place of a reply, so each call has a session of its own.
pub fn run<const FRAME: usize>(
    interface: &mut impl Dispatch,
    index: u16,
    arguments: &[u8],
    room: u16,
) -> Result<(Kind, Vec<u8>), Fault> {
    let mut session = Session::<FRAME, 1>::new();
    let mut received = Accumulator::<FRAME>::new();
    session.sent_all();
    let connect = Message::connect_with(tests::wire::SESSION, room).frame();
    let accepted = session.take(
        Ok(found(&mut received, &connect)),
        SmallTable,
        0,
        FRAME as u16,
        &0,
    );
    assert!(accepted.is_none(), "a Connect runs nothing");
    session.sent_all();

    let mut call = Message::call(0, FIRST_NUMBER + index, ());
    call.body.extend(arguments);
    let call = call.frame();
    let candidate = found(&mut received, &call);
    let mut call = session
        .take(Ok(candidate), SmallTable, 0, FRAME as u16, &0)
        .expect("it is new");
    let arguments = call.arguments.clone();
    let result = interface.dispatch(index, arguments, call.reply());
    call.end(result, SmallTable);
    let mut answer = Accumulator::<FRAME>::new();
    let answer = found(&mut answer, session.outgoing());
    match answer.header().kind {
        Kind::Fault => {
            let code = answer.code().expect("a fault has one");
            Err(Fault::from_code(code).expect("this version has made it"))
        }
        kind => Ok((kind, answer.unchecked_body().to_vec())),
    }
}

/// Returns what a whole frame has.
fn found<'a, const FRAME: usize>(
    accumulator: &'a mut Accumulator<FRAME>,
    frame: &[u8],
) -> Candidate<'a> {
    let (&last, bytes) = frame.split_last().expect("a frame has bytes");
    for &byte in bytes {
        assert_eq!(accumulator.push(byte), None);
    }
    let ended = accumulator.push(last).expect("it ends a candidate");
    ended.expect("the frame is whole")
}
