//! Feeds the caller with arbitrary bytes.

use crate::line::{Piece, anything, broken};
use proptest::collection::vec;
use proptest::prelude::*;
use rpc_proto::client::{self, Answer, CallError, Target, Timing};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::message::{Accept, Connect, Kind, VERSION};
use tests::end::{Client, Server, Ticket};
use tests::tally::{ADD, Ledger, Ran, TallyService};
use tests::wire::{Message, drain};

type Caller = Client<64, 3>;
type Device = Server<TallyService<Ledger>, 64, 3>;

const TIMEOUT: Duration = Duration::from_secs(1);
const ADDITION: Target = Target::fixed(ADD, false);

/// A caller and its clock; the test plays the device.
struct Bench {
    caller: Caller,
    now: Instant,
    /// Calls that were made and not abandoned, with their deadlines.
    calls: Vec<(Ticket, Instant)>,
    sent: Vec<u8>,
}

/// An event at a caller.
#[derive(Clone, Debug)]
enum Event {
    Call(u32),
    Abandon,
    /// The line takes so many bytes.
    Send(usize),
    Receive(Piece),
    /// A device accepts the last Connect, with any window and buffer.
    Accept(u8, u16),
    Wait(u64),
    LinkLost,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => any::<u32>().prop_map(Event::Call),
        1 => Just(Event::Abandon),
        4 => (0_usize..100).prop_map(Event::Send),
        4 => anything().prop_map(Event::Receive),
        2 => any::<(u8, u16)>().prop_map(|(window, buffer)| Event::Accept(window, buffer)),
        2 => (0_u64..400_000).prop_map(Event::Wait),
        1 => Just(Event::LinkLost),
    ]
}

impl Bench {
    fn new() -> Self {
        Self {
            caller: Client::new(0, Timing::default()),
            now: Instant::from_micros(0),
            calls: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Call(amount) => {
                let deadline = self.now + TIMEOUT;
                if let Ok(ticket) = self.caller.start(ADDITION, deadline, &(amount,)) {
                    self.calls.push((ticket, deadline));
                }
            }
            Event::Abandon => {
                if let Some((ticket, _)) = self.calls.pop() {
                    self.caller.abandon(ticket);
                }
            }
            Event::Send(most) => self.send(most),
            Event::Receive(piece) => self.receive(&piece.bytes()),
            Event::Accept(window, buffer) => self.accept(window, buffer),
            Event::Wait(micros) => {
                self.now = self.now + Duration::from_micros(micros);
                self.caller.advance(self.now);
            }
            Event::LinkLost => self.caller.link_lost(),
        }
    }

    fn send(&mut self, most: usize) {
        let outgoing = self.caller.outgoing(self.now);
        let count = most.min(outgoing.len());
        self.sent.extend_from_slice(&outgoing[..count]);
        self.caller.sent(self.now, count);
    }

    fn receive(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.caller.receive(self.now, byte);
        }
    }

    fn accept(&mut self, window: u8, buffer: u16) {
        let mut sent = Message::found_in(&self.sent).into_iter().flatten();
        let Some(last) = sent.rfind(|sent| sent.kind == Kind::Connect) else {
            return;
        };
        let connect: Connect = postcard::from_bytes(&last.body).expect("a Connect");
        let accept = Accept {
            version: VERSION,
            nonce: connect.nonce,
            window,
            max_frame: 64,
            buffer,
            fingerprint: 0,
        };
        self.receive(&[&[0], &Message::new(Kind::Accept, 0, &accept).frame()[..]].concat());
    }
}

/// The harm that the line does to the bytes that are written at once.
#[derive(Clone, Debug)]
enum Harm {
    None,
    Loss,
    Before(Piece),
    Change(usize, u8),
}

impl Harm {
    fn done_to(self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::None => bytes,
            Self::Loss => Vec::new(),
            Self::Before(piece) => [piece.bytes(), bytes].concat(),
            Self::Change(place, change) => {
                let len = bytes.len();
                if len > 0 {
                    bytes[place % len] ^= change;
                }
                bytes
            }
        }
    }
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        Just(Harm::None),
        Just(Harm::Loss),
        broken().prop_map(Harm::Before),
        (any::<usize>(), 1_u8..).prop_map(|(place, change)| Harm::Change(place, change)),
    ]
}

/// Runs both ends until the call has ended; the items of `harm` apply one by one in each direction.
fn run(
    caller: &mut Caller,
    device: &mut Device,
    now: &mut Instant,
    ticket: Ticket,
    harm: &mut impl Iterator<Item = Harm>,
) -> Result<u32, CallError> {
    while !caller.is_ended(ticket) {
        let out = caller.outgoing(*now).to_vec();
        caller.sent(*now, out.len());
        let mut back = Vec::new();
        if !out.is_empty() {
            for byte in harm.next().unwrap_or(Harm::None).done_to(out) {
                device.receive(byte);
                back.extend(drain(device));
            }
        }
        if back.is_empty() {
            if caller.outgoing(*now).is_empty() {
                *now = caller.deadline().expect("an open call has a deadline");
                caller.advance(*now);
            }
        } else {
            for byte in harm.next().unwrap_or(Harm::None).done_to(back) {
                caller.receive(*now, byte);
            }
        }
    }
    match caller.take(ticket).expect("the call has ended") {
        Ok(Answer::Return(value)) => Ok(postcard::from_bytes(value).expect("a number")),
        Ok(Answer::Error(error)) => panic!("`add` has no error, and this is one: {error:?}"),
        Err(error) => Err(error),
    }
}

proptest! {
    #[test]
    fn a_call_has_ended_at_its_deadline_whatever_happens(events in vec(event(), 0..60)) {
        let mut bench = Bench::new();
        for event in events {
            bench.happens(event);
        }
        for (ticket, deadline) in bench.calls {
            bench.now = bench.now.max(deadline);
            bench.caller.advance(bench.now);
            prop_assert!(bench.caller.is_ended(ticket), "open after its deadline: {:?}", ticket);
        }
    }

    #[test]
    fn a_caller_works_after_anything(events in vec(event(), 0..60)) {
        let mut bench = Bench::new();
        for event in events {
            bench.happens(event);
        }
        bench.now = bench.now + TIMEOUT;
        bench.caller.advance(bench.now);
        for (ticket, _) in std::mem::take(&mut bench.calls) {
            prop_assert!(bench.caller.take(ticket).is_some());
        }
        // Noise left on the line could damage the first answer, a Nak of a device that was reset,
        // and the call, then sent twice, would have to end as OutcomeUnknown.
        bench.receive(&[0]);
        let deadline = bench.now + TIMEOUT;
        let ticket = bench.caller.start(ADDITION, deadline, &(5_u32,)).expect("room for it");
        let mut device = Server::new(TallyService(Ledger::default()));
        let mut harm = std::iter::empty();
        let value = run(&mut bench.caller, &mut device, &mut bench.now, ticket, &mut harm);
        prop_assert_eq!(value, Ok(5));
        prop_assert!(bench.now < deadline);
        prop_assert_eq!(&device.interface().0.ran, &[Ran::Add(5)]);
    }

    #[test]
    fn on_a_line_that_does_harm_for_a_while_calls_run_once_and_end_right(
        harm in vec(harm(), 0..12),
    ) {
        let mut caller = Client::new(0, Timing::default());
        let mut device: Device = Server::new(TallyService(Ledger::default()));
        let mut now = Instant::from_micros(0);
        let mut harm = harm.into_iter();
        let mut total = 0;
        for amount in 1..=10_u32 {
            total += amount;
            let deadline = now + Duration::from_secs(3600);
            let ticket = caller.start(ADDITION, deadline, &(amount,)).expect("room for it");
            let value = run(&mut caller, &mut device, &mut now, ticket, &mut harm);
            prop_assert_eq!(value, Ok(total));
        }
        let all: Vec<Ran> = (1..=10).map(Ran::Add).collect();
        prop_assert_eq!(&device.interface().0.ran, &all);
    }

    #[test]
    fn on_a_line_that_does_nothing_but_harm_a_call_tells_whether_it_ran(
        harm in vec(harm(), 400),
    ) {
        let mut caller = Client::new(0, Timing::default());
        let mut device: Device = Server::new(TallyService(Ledger::default()));
        let mut now = Instant::from_micros(0);
        let mut harm = harm.into_iter();
        for amount in 1..=10_u32 {
            let deadline = now + Duration::from_millis(300);
            let ticket = caller.start(ADDITION, deadline, &(amount,)).expect("room for it");
            let end = run(&mut caller, &mut device, &mut now, ticket, &mut harm);
            prop_assert!(now <= deadline);
            let ran = &device.interface().0.ran;
            let times = ran.iter().filter(|&&ran| ran == Ran::Add(amount)).count();
            match end.map_err(|error| error.ran()) {
                Ok(_) | Err(client::Ran::Once) => prop_assert_eq!(times, 1),
                Err(client::Ran::Never) => prop_assert_eq!(times, 0),
                Err(client::Ran::Unknown) => prop_assert!(times <= 1),
            }
        }
    }
}
