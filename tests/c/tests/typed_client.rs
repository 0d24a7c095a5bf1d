//! Tests the blocking caller and the typed client in C: every procedure, on good and bad lines, and with devices that keep
//! to the framing and to nothing else. Time is virtual, and passes only while the caller waits or bytes are carried.
#![cfg(c_compiler)]
#![allow(unsafe_code, reason = "it calls functions in C")]

use c_library::DeviceInC;
use c_library::caller::{Caller, Link, call};
use c_library::client::{Client, Subscriptions};
use firmware::calculator::Calculator;
use firmware::{Demonstration, DemonstrationEvents};
use rpc_proto::client::Timing;
use rpc_proto::server::Server;
use std::collections::VecDeque;
use tests::device_end::DeviceEnd;
use tests::hostile::Hostility;
use tests::line::SplitMix64;

unsafe extern "C" {
    fn typed_answers(caller: *const Caller) -> i32;
    fn typed_events(caller: *const Caller, lost: *mut u32, last: *mut i64) -> i32;
    fn typed_statuses(caller: *const Caller) -> u32;
    fn typed_addition(caller: *const Caller, x: i32, y: i32, value: *mut i32) -> i32;
    fn typed_accumulation(caller: *const Caller, amount: i64, value: *mut i64) -> i32;
    fn typed_history(caller: *const Caller, items: *mut u32, lost: *mut u32) -> i32;
}

// The values of `srpc_status`, in its order.
const OK: i32 = 0;
const END: i32 = 2;
const STREAM_CHANGED: i32 = 6;
const NEVER_TIMEOUT: i32 = 15;
const NEVER_DISCONNECTED: i32 = 16;
const UNKNOWN_TIMEOUT: i32 = 18;
const UNKNOWN_DISCONNECTED: i32 = 20;

/// The time limit of a call, in milliseconds: that of a new client.
const TIMEOUT: u32 = 2000;

type Caller160 = Client<160, 4, 8, Subscriptions<2, 256>>;

fn client(nonce: u32) -> Caller160 {
    Client::new(nonce, Timing::default()).with_subscriptions()
}

/// Returns whatever a device says to a byte, and unasked to none.
trait Device {
    fn take(&mut self, byte: Option<u8>) -> Vec<u8>;
}

/// A line to a device, with a share of bits that flip.
struct Wire<D> {
    device: D,
    to_caller: VecDeque<u8>,
    now: u32,
    random: SplitMix64,
    /// One in so many bytes is hit, each way; none if 0.
    hit: u64,
    /// The number of bytes that it carries before it fails.
    left: u64,
    carried: u64,
    /// How many bytes it takes at most at once.
    most: usize,
}

impl<D: Device> Wire<D> {
    fn to(device: D) -> Self {
        Self {
            device,
            to_caller: VecDeque::new(),
            // The clock is about to wrap.
            now: u32::MAX - 100,
            random: SplitMix64::new(1),
            hit: 0,
            left: u64::MAX,
            carried: 0,
            most: usize::MAX,
        }
    }

    fn carry(&mut self, byte: u8) -> u8 {
        self.carried += 1;
        // About 115,200 baud.
        self.now = self
            .now
            .wrapping_add(u32::from(self.carried.is_multiple_of(11)));
        let is_hit = self.hit > 0 && self.random.next().is_multiple_of(self.hit);
        byte ^ if is_hit {
            1 << (self.random.next() % 8)
        } else {
            0
        }
    }

    fn has_failed(&mut self, count: usize) -> bool {
        self.left = self.left.saturating_sub(count as u64);
        self.left == 0
    }
}

impl<D: Device> Link for Wire<D> {
    fn read(&mut self, bytes: &mut [u8], timeout: u32) -> Option<usize> {
        let said = self.device.take(None);
        self.to_caller.extend(said);
        if self.to_caller.is_empty() {
            assert!(
                timeout > 0 || self.left < u64::MAX,
                "it waits for no time at all"
            );
            self.now = self.now.wrapping_add(timeout);
        }
        let count = bytes.len().min(self.to_caller.len());
        if self.has_failed(count) {
            return None;
        }
        for place in &mut bytes[..count] {
            let byte = self.to_caller.pop_front().expect("there are as many");
            *place = self.carry(byte);
        }
        Some(count)
    }

    fn write(&mut self, bytes: &[u8]) -> Option<usize> {
        let count = bytes.len().min(self.most);
        if self.has_failed(count) {
            return None;
        }
        for &byte in &bytes[..count] {
            let byte = self.carry(byte);
            let said = self.device.take(Some(byte));
            self.to_caller.extend(said);
        }
        Some(count)
    }

    fn now(&self) -> u32 {
        self.now
    }
}

type Server160<'e> =
    Server<Demonstration<&'e DemonstrationEvents>, 160, 4, &'e DemonstrationEvents>;

fn server(events: &DemonstrationEvents) -> Server160<'_> {
    Server::with_events(Demonstration::new(events), events)
}

/// Hands a byte to a device, and takes what it has to say.
fn hand(device: &mut impl DeviceEnd, byte: Option<u8>) -> Vec<u8> {
    let mut said = Vec::new();
    if let Some(byte) = byte {
        device.receive(byte);
    }
    loop {
        let outgoing = device.outgoing();
        if outgoing.is_empty() {
            return said;
        }
        said.extend(outgoing);
        let count = outgoing.len();
        device.sent(count);
    }
}

impl Device for Server160<'_> {
    fn take(&mut self, byte: Option<u8>) -> Vec<u8> {
        hand(self, byte)
    }
}

impl Device for DeviceInC<160, 4> {
    fn take(&mut self, byte: Option<u8>) -> Vec<u8> {
        hand(self, byte)
    }
}

fn answers<D: Device>(wire: &mut Wire<D>, client: &mut Caller160) -> i32 {
    call(client, wire, |caller| unsafe { typed_answers(caller) })
}

fn addition<D: Device>(wire: &mut Wire<D>, client: &mut Caller160) -> (i32, i32) {
    let mut value = 0;
    let status = call(client, wire, |caller| unsafe {
        typed_addition(caller, 2, 3, &raw mut value)
    });
    (status, value)
}

fn accumulation<D: Device>(wire: &mut Wire<D>, client: &mut Caller160, amount: i64) -> (i32, i64) {
    let mut value = 0;
    let status = call(client, wire, |caller| unsafe {
        typed_accumulation(caller, amount, &raw mut value)
    });
    (status, value)
}

/// Returns the status at the end of the history, the number of its items, and that of those missed.
fn history<D: Device>(wire: &mut Wire<D>, client: &mut Caller160) -> (i32, u32, u32) {
    let (mut items, mut lost) = (0, 0);
    let status = call(client, wire, |caller| unsafe {
        typed_history(caller, &raw mut items, &raw mut lost)
    });
    (status, items, lost)
}

#[test]
fn every_procedure_answers_as_it_should() {
    let events = DemonstrationEvents::new();
    let mut wire = Wire::to(server(&events));
    assert_eq!(
        answers(&mut wire, &mut client(0)),
        0,
        "failed at that line of typed_client.c"
    );
    let mut wire = Wire::to(DeviceInC::<160, 4>::demonstration());
    assert_eq!(answers(&mut wire, &mut client(0)), 0, "with a device in C");
}

#[test]
fn every_procedure_answers_as_it_should_on_a_bad_line_and_a_link_that_takes_little() {
    for hit in [1000, 200] {
        for most in [1, 7] {
            let events = DemonstrationEvents::new();
            let mut wire = Wire::to(server(&events));
            (wire.hit, wire.most) = (hit, most);
            assert_eq!(
                answers(&mut wire, &mut client(0)),
                0,
                "1 in {hit}, {most} at once"
            );
        }
    }
}

#[test]
fn a_caller_with_room_for_one_call_and_short_frames_can_do_everything() {
    let events = DemonstrationEvents::new();
    let mut wire = Wire::to(server(&events));
    let mut client = Client::<80, 1, 1>::new(7, Timing::default());
    let failed = call(&mut client, &mut wire, |caller| unsafe {
        typed_answers(caller)
    });
    assert_eq!(failed, 0, "failed at that line of typed_client.c");
}

#[test]
fn events_come_or_are_counted_as_lost() {
    for hit in [0, 100, 30] {
        let events = DemonstrationEvents::new();
        let mut wire = Wire::to(server(&events));
        let mut client = client(0);
        assert_eq!(addition(&mut wire, &mut client), (OK, 5));
        wire.hit = hit;
        let (mut lost, mut last) = (0, 0);
        let failed = call(&mut client, &mut wire, |caller| unsafe {
            typed_events(caller, &raw mut lost, &raw mut last)
        });
        assert_eq!(
            failed, 0,
            "failed at that line of typed_client.c: 1 in {hit}"
        );
        // On a good line, some find no room in the client's memory while the calls are made.
        assert!((1..20).contains(&lost) && last > 0, "{lost}, 1 in {hit}");
    }
}

#[test]
fn a_moving_stream_ends_when_the_session_does() {
    let events = DemonstrationEvents::new();
    let mut wire = Wire::to(server(&events));
    let mut client = client(0);
    // Three batches.
    for _ in 0..16 {
        assert_eq!(accumulation(&mut wire, &mut client, 1 << 50).0, OK);
    }
    assert_eq!(history(&mut wire, &mut client), (END, 16, 0));

    // The device is reset between two batches.
    let again = DemonstrationEvents::new();
    let mut resets = Resetting {
        first: Some(wire.device),
        then: server(&again),
        calls_left: 2,
    };
    for _ in 0..16 {
        assert!(
            resets
                .then
                .interface()
                .calculator
                .0
                .accumulate(1 << 50)
                .is_ok()
        );
    }
    let mut wire = Wire::to(resets);
    let (status, items, _) = history(&mut wire, &mut client);
    assert_eq!(status, STREAM_CHANGED, "after {items} items");
    assert!((1..16).contains(&items), "{items}");
}

/// A device that is replaced after so many frames.
struct Resetting<'e> {
    first: Option<Server160<'e>>,
    then: Server160<'e>,
    calls_left: u32,
}

impl Device for Resetting<'_> {
    fn take(&mut self, byte: Option<u8>) -> Vec<u8> {
        if byte == Some(0) {
            self.calls_left = self.calls_left.saturating_sub(1);
        }
        if self.calls_left == 0 {
            self.first = None;
        }
        self.first.as_mut().unwrap_or(&mut self.then).take(byte)
    }
}

/// A device that says nothing.
struct Dead;

impl Device for Dead {
    fn take(&mut self, _: Option<u8>) -> Vec<u8> {
        Vec::new()
    }
}

#[test]
fn a_call_to_nobody_never_ran_and_ends_at_its_deadline() {
    let mut wire = Wire::to(Dead);
    let started = wire.now;
    assert_eq!(accumulation(&mut wire, &mut client(0), 1).0, NEVER_TIMEOUT);
    let took = wire.now.wrapping_sub(started);
    assert!((TIMEOUT..TIMEOUT + 10).contains(&took), "{took} ms");
}

/// A device that loses its tongue after so many bytes.
struct Muted<D>(D, usize);

impl<D: Device> Device for Muted<D> {
    fn take(&mut self, byte: Option<u8>) -> Vec<u8> {
        let mut said = self.0.take(byte);
        said.truncate(self.1);
        self.1 -= said.len();
        said
    }
}

#[test]
fn a_call_without_an_answer_has_an_unknown_outcome_and_ends_at_its_deadline() {
    let events = DemonstrationEvents::new();
    // A delimiter and an Accept.
    let mut wire = Wire::to(Muted(server(&events), 1 + 24));
    let started = wire.now;
    let ended = accumulation(&mut wire, &mut client(0), 1).0;
    assert!([UNKNOWN_TIMEOUT, NEVER_TIMEOUT].contains(&ended), "{ended}");
    let took = wire.now.wrapping_sub(started);
    assert!((TIMEOUT..TIMEOUT + 50).contains(&took), "{took} ms");
}

#[test]
fn a_link_that_fails_ends_the_call_and_tells_whether_it_may_have_run() {
    let mut ends = [0; 3];
    for left in 1..120 {
        let events = DemonstrationEvents::new();
        let mut wire = Wire::to(server(&events));
        let mut client = client(0);
        wire.left = left;
        let (ended, _) = accumulation(&mut wire, &mut client, 1);
        let total = wire.device.interface().calculator.0.total();
        match ended {
            OK => assert_eq!(total, 1),
            NEVER_DISCONNECTED => assert_eq!(total, 0, "after {left} bytes"),
            UNKNOWN_DISCONNECTED => {}
            status => panic!("ended with {status} after {left} bytes"),
        }
        let place = [OK, NEVER_DISCONNECTED, UNKNOWN_DISCONNECTED];
        ends[place
            .iter()
            .position(|&end| end == ended)
            .expect("one of them")] += 1;
        // It comes back.
        wire.left = u64::MAX;
        assert_eq!(addition(&mut wire, &mut client), (OK, 5));
    }
    assert!(ends.iter().all(|&count| count > 5), "{ends:?}");
}

impl Device for Hostility<'_> {
    fn take(&mut self, byte: Option<u8>) -> Vec<u8> {
        byte.map_or_else(Vec::new, |byte| self.take(byte))
    }
}

#[test]
fn with_a_device_that_answers_anything_every_call_ends_in_time() {
    let mut met = 0;
    for seed in 0..300 {
        let mut random = SplitMix64::new(seed);
        let mut wire = Wire::to(Hostility::new(&mut random));
        let mut client = client(seed as u32);
        let started = wire.now;
        met |= call(&mut client, &mut wire, |caller| unsafe {
            typed_statuses(caller)
        });
        // Six calls, a feed of up to 30, a subscription with events, and a stream of up to 200 items.
        let took = wire.now.wrapping_sub(started);
        assert!(took < 250 * TIMEOUT, "{took} ms");
    }
    // Values and bad replies among them.
    assert_eq!(met & 0b10_0001, 0b10_0001, "{met:#b}");
    assert!(met.count_ones() >= 6, "{met:#b}");
}

/// A device with events, or noise, without end.
struct Flood<'e>(Server160<'e>, Vec<u8>);

impl Device for Flood<'_> {
    fn take(&mut self, byte: Option<u8>) -> Vec<u8> {
        let mut said = self.0.take(byte);
        // Its answers never come whole.
        said.clear();
        said.extend(&self.1);
        said
    }
}

#[test]
fn a_device_that_never_stops_talking_does_not_keep_a_call_from_its_deadline() {
    let event = tests::wire::Message::new(rpc_proto::wire::message::Kind::Event, 3, &20_u16);
    for said in [event.frame_in(1), vec![0x55; 40], vec![0x55, 0], vec![0]] {
        let events = DemonstrationEvents::new();
        let mut wire = Wire::to(Flood(server(&events), said));
        let started = wire.now;
        let ended = accumulation(&mut wire, &mut client(0), 1).0;
        assert_eq!(ended, NEVER_TIMEOUT);
        let took = wire.now.wrapping_sub(started);
        assert!((TIMEOUT..TIMEOUT + 100).contains(&took), "{took} ms");
    }
}
