//! Feeds the device with arbitrary bytes.

use crate::end::Server;
use crate::line::{Piece, anything, broken, message};
use proptest::collection::vec;
use proptest::prelude::*;
use rpc_proto::wire::message::{Kind, VERSION};
use tests::tally::{ADD, Ledger, Ran, TallyService};
use tests::wire::{Message, SESSION, answer, drain, hand};

const FRAME: usize = 64;
const WINDOW: usize = 3;
type Device = Server<TallyService<Ledger>, FRAME, WINDOW>;

fn device(connected: bool) -> Device {
    let mut device = Server::new(TallyService(Ledger::default()));
    if connected {
        hand(&mut device, &Message::connect(1).frame());
    }
    device
}

/// Feeds a stream while the line sends only now and then, and only so much.
fn feed(device: &mut Device, mut stream: &[u8], pace: &[(usize, usize)]) {
    for &(received, sent) in pace.iter().cycle() {
        let (now, later) = stream.split_at(received.min(stream.len()));
        for &byte in now {
            device.receive(byte);
        }
        let len = device.outgoing().len();
        device.sent(sent.min(len));
        stream = later;
        if stream.is_empty() {
            return;
        }
    }
}

/// Returns the sum of the amounts of the calls that ran.
fn total(device: &mut Device) -> u32 {
    let amounts = device.interface().0.ran.iter().map(|ran| match ran {
        Ran::Add(amount) => *amount,
        _ => 0,
    });
    amounts.fold(0, u32::wrapping_add)
}

/// Asserts that the device accepts a Connect and a Call as usual.
fn assert_works(device: &mut Device) {
    drain(device);
    answer(device, &[0]);
    let total = total(device);
    let said = hand(device, &Message::connect(7).frame());
    assert_eq!((said.len(), said[0].kind), (1, Kind::Accept));
    let said = answer(device, &Message::call(0, ADD, (5_u32,)).frame_in(7));
    assert_eq!(said, Message::value(0, total.wrapping_add(5)).frame_in(7));
}

/// The answers of a device, as far as they do not depend on the procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Accept,
    Reply(u8),
    Nak(u8),
    NotConnected,
}

impl Says {
    /// What a device says to a message in that session, from the bytes.
    fn to(message: &Message, session: u32, said: &[u8]) -> Vec<Self> {
        if said == Message::refusal(message, session) {
            return vec![Self::NotConnected];
        }
        let found = Message::found_in_session(session, said).into_iter();
        found
            .map(|message| Self::of(&message.expect("a whole frame")))
            .collect()
    }

    fn of(message: &Message) -> Self {
        match message.kind {
            Kind::Accept => Self::Accept,
            Kind::Return | Kind::Error | Kind::Fault => Self::Reply(message.seq),
            Kind::Nak => Self::Nak(message.seq),
            kind => panic!("a device does not send {kind:?}"),
        }
    }
}

/// The rules of a session, apart from the effects of procedures.
#[derive(Default)]
struct Rules {
    connected: bool,
    session: u32,
    next: u8,
    /// The number of calls that ran in this session.
    ran: usize,
    gap_reported: bool,
}

impl Rules {
    fn answer(&mut self, message: &Message) -> Option<Says> {
        if message.frame_in(self.session).len() > FRAME {
            self.gap_reported = true;
            return self.connected.then_some(Says::Nak(self.next));
        }
        match message.kind {
            Kind::Connect => {
                // A device takes any number for the longest frame.
                let fields = postcard::take_from_bytes::<(u8, u32, u32)>(&message.body);
                let ((version, session, _), _) = fields.ok()?;
                *self = Self {
                    connected: version == VERSION,
                    session,
                    ..Self::default()
                };
                Some(Says::Accept)
            }
            Kind::Call if !self.connected => Some(Says::NotConnected),
            Kind::Call if message.seq == self.next => {
                self.next = (self.next + 1) % 32;
                self.ran += 1;
                self.gap_reported = false;
                Some(Says::Reply(message.seq))
            }
            Kind::Call => {
                let behind = usize::from((32 + self.next - message.seq) % 32);
                if behind <= self.ran.min(WINDOW) {
                    return Some(Says::Reply(message.seq));
                }
                let first = !std::mem::replace(&mut self.gap_reported, true);
                first.then_some(Says::Nak(self.next))
            }
            _ => None,
        }
    }
}

proptest! {
    #[test]
    fn a_device_works_after_anything(
        connected: bool,
        pieces in vec(anything(), 0..20),
        pace in vec((1_usize..90, 0_usize..90), 1..20),
    ) {
        let mut device = device(connected);
        let stream: Vec<u8> = pieces.iter().flat_map(Piece::bytes).collect();
        feed(&mut device, &stream, &pace);
        assert_works(&mut device);
    }

    #[test]
    fn a_frame_that_does_not_check_runs_nothing(
        connected: bool,
        pieces in vec(broken(), 0..20),
    ) {
        let mut device = device(connected);
        for piece in &pieces {
            answer(&mut device, &[&piece.bytes()[..], &[0]].concat());
        }
        prop_assert_eq!(&device.interface().0.ran, &[]);
        assert_works(&mut device);
    }

    #[test]
    fn every_frame_that_can_be_attributed_is_answered_once(
        connected: bool,
        messages in vec(message(), 0..40),
    ) {
        let mut device = device(connected);
        let mut rules = Rules { connected, session: SESSION, ..Rules::default() };
        drain(&mut device);
        for message in messages {
            let said = answer(&mut device, &message.frame_in(rules.session));
            let expected: Vec<Says> = rules.answer(&message).into_iter().collect();
            let said = Says::to(&message, rules.session, &said);
            prop_assert_eq!(said, expected, "to {:?}", message);
        }
    }

    #[test]
    fn a_procedure_runs_for_exactly_the_bytes_that_are_its_arguments(
        arguments in prop_oneof![
            vec(any::<u8>(), 0..8),
            any::<u32>().prop_map(|amount| postcard::to_stdvec(&amount).expect("a number")),
        ],
    ) {
        let mut device = device(true);
        let mut call = Message::call(0, ADD, ());
        call.body.extend(&arguments);
        hand(&mut device, &call.frame());
        let ran: Vec<Ran> = match postcard::take_from_bytes::<u32>(&arguments) {
            Ok((amount, [])) => vec![Ran::Add(amount)],
            _ => vec![],
        };
        prop_assert_eq!(&device.interface().0.ran, &ran);
    }
}
