//! Gives the demonstration in C and the one in Rust the same bytes, and compares what they say.

use crate::DeviceInC;
use firmware::{Demonstration, DemonstrationEvents};
use rpc_proto::describe::DIGEST_OFFSET;
use rpc_proto::server::Server;
use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply, StaticInterface};
use rpc_proto::wire::message::Fault;
use std::rc::Rc;
use tests::device_end::DeviceEnd;

type Events = Rc<DemonstrationEvents>;

/// The demonstration, whose description is in one piece, as in C.
struct InOnePiece {
    demonstration: Demonstration<Events>,
    description: Vec<u8>,
}

impl InOnePiece {
    fn new(events: Events) -> Self {
        Self {
            demonstration: Demonstration::new(events),
            description: Demonstration::<Events>::DESCRIPTION.concat(),
        }
    }
}

impl Interface for InOnePiece {
    fn description(&self, offset: u32) -> &[u8] {
        match offset {
            DIGEST_OFFSET => self.demonstration.description(offset),
            _ => self.description.get(offset as usize..).unwrap_or_default(),
        }
    }

    fn fingerprint(&self) -> u32 {
        self.demonstration.fingerprint()
    }

    fn resolve(&self, key: u32) -> Option<u16> {
        self.demonstration.resolve(key)
    }
}

impl Dispatch for InOnePiece {
    fn dispatch(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault> {
        self.demonstration.dispatch(index, arguments, reply)
    }
}

/// Feeds a stream to both devices, and compares what they say after each turn: `pace` tells how many bytes pass to them in
/// a turn, and how many come back.
///
/// # Panics
/// Panics if one says something else than the other.
pub fn check<const FRAME: usize, const WINDOW: usize>(mut stream: &[u8], pace: &[(usize, usize)]) {
    let events = Events::default();
    let interface = InOnePiece::new(Rc::clone(&events));
    let mut rust = Server::<_, FRAME, WINDOW, _>::with_events(interface, events);
    let mut c = DeviceInC::<FRAME, WINDOW>::demonstration();
    let turns = pace.iter().copied().cycle().take(stream.len() + 1);
    // What is left is sent in the end, whole.
    for (received, sent) in turns.chain([(usize::MAX, usize::MAX); 100]) {
        let (now, later) = stream.split_at(received.min(stream.len()));
        stream = later;
        for &byte in now {
            rust.receive(byte);
            c.receive(byte);
        }
        let said = DeviceEnd::outgoing(&mut rust).to_vec();
        let left = stream.len();
        assert_eq!(said, DeviceEnd::outgoing(&mut c), "with {left} left");
        let sent = sent.min(said.len());
        DeviceEnd::sent(&mut rust, sent);
        DeviceEnd::sent(&mut c, sent);
    }
}
