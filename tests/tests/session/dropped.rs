//! What only the Rust end has: a call that is dropped before its end, and a session without a server.

use crate::frames::{add, too_long};
use rpc_proto::server::session::Session;
use rpc_proto::wire::crc::SmallTable;
use rpc_proto::wire::frame::Accumulator;
use tests::wire::Message;

/// The device's end of a line, without a server.
struct Line {
    received: Accumulator<64>,
    session: Session<64, 2>,
}

impl Line {
    /// A line whose device has sent what it begins with.
    fn new() -> Self {
        let mut session = Session::new();
        session.sent_all();
        Self {
            received: Accumulator::new(),
            session,
        }
    }

    /// Whether the bytes bring a call that is to be run. It is dropped before its end.
    fn takes_call(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().any(|&byte| match self.received.push(byte) {
            Some(candidate) => self
                .session
                .take(candidate, SmallTable, 0, 64, &0)
                .is_some(),
            None => false,
        })
    }
}

#[test]
fn a_call_dropped_before_its_end_is_not_answered_and_does_not_run_again() {
    let mut line = Line::new();
    assert!(!line.takes_call(&Message::connect(1).frame()));
    line.session.sent_all();

    let call = add(0, 1).frame();
    assert!(line.takes_call(&call), "it is to be run");
    assert!(line.session.outgoing().is_empty());
    assert!(!line.takes_call(&call), "it ran already");
    assert!(line.session.outgoing().is_empty());
    assert!(line.takes_call(&add(1, 1).frame()));
}

#[test]
fn a_session_counts_what_it_sees() {
    let mut line = Line::new();
    for bytes in [b"noise\0".to_vec(), too_long(), too_long()] {
        assert!(!line.takes_call(&bytes));
    }
    line.session.note_overruns(5);
    let seen = line.session.statistics();
    assert_eq!((seen.frames, seen.corrupt, seen.too_long), (0, 1, 2));
    assert_eq!(seen.overruns, 5);
}
