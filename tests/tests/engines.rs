//! Tests devices whose frames are checked by other engines than their caller's: another table, or a unit of
//! the chip. The wire is the same.

use firmware::CheckedCalculator;
use firmware::calculator::{CalculatorClient, CalculatorService};
use rpc_proto::client::{Client, Timing};
use rpc_proto::device::DeviceEventsSubscribe;
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::events::EventQueue;
use rpc_proto::server::{RawCall, RawReply, RawServer, Server};
use rpc_proto::service::{CheckedBy, Dispatch, FIRST_NUMBER, MayNotFit, Member, Undescribed};
use rpc_proto::wire::crc::{Crc32, Engine, LargeTable, SmallTable};
use rpc_proto::wire::message::{Kind, NakReason};
use std::cell::Cell;
use tests::calculator;
use tests::clock::VirtualClock;
use tests::loopback::Loopback;
use tests::tally::{Ledger, TallyAdd, TallyService};
use tests::wire::{Message, SESSION, answer};

const FRAME: usize = 160;

/// A unit of the chip, which takes bytes bit by bit, and counts them.
#[derive(Default)]
struct Unit {
    taken: Cell<usize>,
}

impl Engine for Unit {
    fn then(&self, crc: Crc32, bytes: &[u8]) -> Crc32 {
        self.taken.set(self.taken.get() + bytes.len());
        let mut register = !crc.value();
        for &byte in bytes {
            register ^= u32::from(byte);
            for _ in 0..8 {
                register = (register >> 1) ^ (0xEDB8_8320 * (register & 1));
            }
        }
        Crc32::after(!register)
    }
}

/// A unit that was set up for another checksum.
struct WrongUnit;

impl Engine for WrongUnit {
    fn then(&self, crc: Crc32, bytes: &[u8]) -> Crc32 {
        Crc32::after(!crc.then(bytes).value())
    }
}

/// Makes every call of the calculator, by a caller with the small table. Returns all that was sent both
/// ways.
fn conversation<I: Dispatch>(interface: I) -> (Vec<u8>, Vec<u8>) {
    let link = Loopback::<_, FRAME, 1>::new(interface);
    let client = Client::<FRAME>::new(SESSION, Timing::default());
    let mut caller = BlockingCaller::new(link, VirtualClock::default(), client);
    calculator::assert_answers(&mut CalculatorClient::new(&mut caller));
    let Loopback { calls, replies, .. } = caller.link();
    (calls.clone(), replies.clone())
}

fn calculator() -> CalculatorService<CheckedCalculator> {
    CalculatorService(CheckedCalculator::new())
}

#[test]
fn a_device_sends_the_same_bytes_whatever_computes_its_checksums() {
    let usual = conversation(calculator());
    assert_eq!(conversation(CheckedBy(calculator(), LargeTable)), usual);
    let unit = Unit::default();
    assert_eq!(conversation(CheckedBy(calculator(), &unit)), usual);
    // It has taken the nonce and each frame, save for codes and delimiters; trailers may be compared instead.
    let sent = usual.0.len() + usual.1.len();
    assert!((sent / 2..sent).contains(&unit.taken.get()));
}

#[test]
fn an_engine_is_used_in_whatever_interface_it_is_chosen() {
    fn assert_uses(unit: &Unit, interface: impl Dispatch) {
        let before = unit.taken.get();
        conversation(interface);
        assert!(unit.taken.get() > before);
    }
    let unit = Unit::default();
    assert_uses(&unit, CheckedBy(MayNotFit(calculator()), &unit));
    assert_uses(&unit, MayNotFit(CheckedBy(calculator(), &unit)));
    assert_uses(&unit, Undescribed(CheckedBy(calculator(), &unit)));
}

#[test]
fn refusals_and_resent_replies_are_sealed_by_the_chosen_engine_too() {
    fn said(interface: impl Dispatch) -> [Vec<u8>; 6] {
        let mut device = Server::<_, FRAME, 2>::new(interface);
        let add = |seq| Message::call(seq, FIRST_NUMBER, (2, 3)).frame();
        let mut corrupt = add(1);
        corrupt[1] ^= 4;
        [
            answer(&mut device, &add(0)),
            answer(&mut device, &Message::connect(SESSION).frame()),
            answer(&mut device, &add(0)),
            answer(&mut device, &corrupt),
            answer(&mut device, &add(0)),
            answer(&mut device, &Message::call(1, u16::MAX, ()).frame()),
        ]
    }
    let usual = said(calculator());
    let corrupt = Message::nak(NakReason::Corrupt, 1);
    assert_eq!(Message::all_in(&usual[3]), [corrupt]);
    assert_eq!(said(CheckedBy(calculator(), LargeTable)), usual);
    assert_eq!(said(CheckedBy(calculator(), Unit::default())), usual);
}

#[test]
fn events_and_late_replies_are_sealed_by_the_chosen_engine_too() {
    fn said<E: Engine>(engine: E) -> Vec<Message> {
        let queue = EventQueue::<64>::new();
        let interface = CheckedBy(TallyService(Ledger::default()), engine);
        let mut device = RawServer::of(Server::<_, 64, 2>::with_events(interface, &queue));
        let (key, subscribe) = (TallyAdd::KEY, DeviceEventsSubscribe::NUMBER.unwrap());
        let calls = [
            Message::connect(SESSION),
            Message::call(0, subscribe, (key,)),
            Message::call(1, FIRST_NUMBER, (7_u32,)),
        ];
        let mut said = Vec::new();
        for byte in calls.iter().flat_map(Message::frame) {
            if let Some(RawCall { token, .. }) = device.receive(byte) {
                queue.emit_bytes(key, &[9]);
                device.answer(token, RawReply::Return(&[7]));
            }
            loop {
                let outgoing = device.outgoing().to_vec();
                if outgoing.is_empty() {
                    break;
                }
                device.sent(outgoing.len());
                said.extend(outgoing);
            }
        }
        Message::all_in(&said)
    }
    let usual = said(SmallTable);
    let kinds: Vec<Kind> = usual.iter().map(|message| message.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Accept, Kind::Return, Kind::Return, Kind::Event]
    );
    assert_eq!(said(LargeTable), usual);
    assert_eq!(said(Unit::default()), usual);
}

#[test]
fn a_device_whose_engine_is_wrong_understands_nobody() {
    let mut device = Server::<_, FRAME, 2>::new(CheckedBy(calculator(), WrongUnit));
    let said = answer(&mut device, &Message::connect(SESSION).frame());
    assert_eq!(Message::all_in(&said), []);
    assert_eq!(device.statistics().corrupt, 1);
}
