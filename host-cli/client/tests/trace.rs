//! Traces of conversations with a simulated device.

use firmware::calculator::CalculatorTotalChanged;
use proptest::collection::vec;
use proptest::prelude::*;
use rpc_proto::service::Member;
use rpc_proto::wire::frame::Encoder;
use rpc_proto::wire::message::{EVENT_COUNT, Header, Kind, Seq};
use rpc_proto::wire::seal::Seal;
use serde_json::json;
use serial_rpc::Connection;
use serial_rpc::link::Link;
use serial_rpc::trace::{Decoder, Direction};
use serial_rpc_simulator::SimulatedDevice;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Returns the trace of calls to the simulated device, without the reading of its description.
fn trace_of(calls: impl FnOnce(&Connection)) -> Vec<String> {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let tapped = Arc::clone(&bytes);
    let device = Connection::to(SimulatedDevice::new()).tapped_by(Arc::new(
        move |direction, passed: &[u8]| {
            tapped.lock().unwrap().push((direction, passed.to_vec()));
        },
    ));
    calls(&device);
    drop(device);
    let mut decoder = Decoder::default();
    let passed = bytes.lock().unwrap();
    let events = passed
        .iter()
        .flat_map(|(direction, bytes)| decoder.take(*direction, bytes))
        .map(|event| event.to_string());
    events
        .filter(|line| !line.contains("device.describe"))
        .collect()
}

/// Feeds these bytes to the device, and returns the decoder's trace of them and of the answer.
fn exchange(decoder: &mut Decoder, device: &SimulatedDevice, bytes: &[u8]) -> Vec<String> {
    let mut events = decoder.take(Direction::ToDevice, bytes);
    device.write(bytes, Duration::ZERO).unwrap();
    let mut buffer = [0; 1024];
    let count = device.read(&mut buffer, Duration::ZERO).unwrap();
    events.extend(decoder.take(Direction::FromDevice, &buffer[..count]));
    events.iter().map(ToString::to_string).collect()
}

const SESSION: u32 = 0x1234_5678;
const CONNECT: &[u8] = b"\x01\x0d\x01\xf8\xac\xd1\x91\x01\xa0\x01\x7b\x87\x47\x7a\x00";
const ADD_2_3: &[u8] = b"\x09\x40\x08\x04\x06\x2c\x61\x51\xc7\x00";

#[test]
fn calls_and_answers_are_shown_by_the_description_that_was_read_before() {
    let lines = trace_of(|device| {
        device.call("calculator.add", &json!([2, 3])).unwrap();
        device.call("calculator.div", &json!([1, 0])).unwrap_err();
        device.call("calculator.clear", &json!([])).unwrap();
    });
    let [connect, accept, calls @ ..] = lines.as_slice() else {
        panic!("a session begins with two frames");
    };
    assert!(connect.starts_with("> Connect  0  version 1, session 0x"));
    assert!(accept.contains("window 8, frames of up to 256 bytes, buffer of 1024, interface 0x"));
    let calls: Vec<_> = calls.iter().map(|line| (&line[..9], &line[14..])).collect();
    assert_eq!(
        calls,
        [
            ("> Call   ", "calculator.add(x: 2, y: 3)"),
            ("< Return ", "calculator.add: 5"),
            ("> Call   ", "calculator.div(x: 1, y: 0)"),
            (
                "< Error  ",
                "calculator.div: divide by zero (MathError::DivideByZero)"
            ),
            ("> Call   ", "calculator.clear()"),
            ("< Return ", "calculator.clear: done"),
        ]
    );
}

#[test]
fn events_and_subscriptions_are_shown_by_name() {
    let lines = trace_of(|device| {
        device.description().unwrap();
        let mut changes = device.subscribe::<CalculatorTotalChanged>().unwrap();
        device.call("calculator.accumulate", &json!([5])).unwrap();
        let change = changes.next_within(Duration::from_secs(100)).unwrap();
        assert_eq!(change.map(|change| change.data.total), Some(5));
    });
    let [_connect, _accept, rest @ ..] = lines.as_slice() else {
        panic!("a session begins with two frames");
    };
    let key = CalculatorTotalChanged::KEY;
    let number = CalculatorTotalChanged::NUMBER_IF_SOLE;
    let lines: Vec<_> = rest.iter().map(|line| (&line[..9], &line[14..])).collect();
    let subscribe = format!("device.subscribe(key: {key})");
    let subscribed = format!(r#"device.subscribe: {{"topic":{number},"count":0}}"#);
    let unsubscribe = format!("device.unsubscribe(key: {key})");
    assert_eq!(
        lines,
        [
            ("> Call   ", subscribe.as_str()),
            ("< Return ", subscribed.as_str()),
            ("> Call   ", "calculator.accumulate(amount: 5)"),
            ("< Return ", "calculator.accumulate: 5"),
            ("< Event  ", "calculator.total_changed(total: 5)"),
            ("> Call   ", unsubscribe.as_str()),
        ]
    );
}

#[test]
fn the_count_of_events_is_shown_in_words() {
    for (count, words) in [
        (1_u32, "< Event    1  1 event so far"),
        (64, "< Event    0  64 events so far"),
    ] {
        let mut buffer = [0; 32];
        let (kind, seq) = (Kind::Event, Seq::new(count as u8));
        let seal = Seal::of_session(SESSION);
        let mut encoder = Encoder::new(&mut buffer, Header { kind, seq }, seal);
        encoder.value(&(EVENT_COUNT, count));
        let length = encoder.finish().unwrap();
        let mut decoder = Decoder::default();
        decoder.take(Direction::ToDevice, CONNECT);
        let events = decoder.take(Direction::FromDevice, &buffer[..length]);
        assert_eq!(events[0].to_string(), words);
    }
}

#[test]
fn without_a_description_the_bytes_are_shown() {
    let mut decoder = Decoder::default();
    let device = SimulatedDevice::new();
    exchange(&mut decoder, &device, CONNECT);
    assert_eq!(
        exchange(&mut decoder, &device, ADD_2_3),
        [
            "> Call     0  procedure 8, arguments 0x0406",
            "< Return   0  procedure 8: 0x0a",
        ]
    );
}

#[test]
fn frames_of_an_unknown_session_are_shown_as_such() {
    let mut decoder = Decoder::default();
    let events = decoder.take(Direction::ToDevice, ADD_2_3);
    assert_eq!(
        events[0].to_string(),
        "> Call     0  0x080406, not checked: its session is unknown"
    );
}

#[test]
fn frames_that_come_a_second_time_are_marked() {
    let mut decoder = Decoder::default();
    let device = SimulatedDevice::new();
    exchange(&mut decoder, &device, CONNECT);
    exchange(&mut decoder, &device, ADD_2_3);
    assert_eq!(
        exchange(&mut decoder, &device, ADD_2_3),
        [
            "> Call     0  procedure 8, arguments 0x0406  (again)",
            "< Return   0  procedure 8: 0x0a  (again)",
        ]
    );
    let [connect, _] = &exchange(&mut decoder, &device, CONNECT)[..] else {
        panic!("a device accepts a second time");
    };
    assert!(connect.ends_with("(again)"));
}

#[test]
fn the_same_call_under_a_number_that_has_come_round_is_a_new_one() {
    let lines = trace_of(|device| {
        for _ in 0..100 {
            device.call("calculator.add", &json!([2, 3])).unwrap();
        }
    });
    assert!(lines.iter().all(|line| !line.contains("again")));
}

#[test]
fn naks_and_faults_are_said_in_words() {
    let mut decoder = Decoder::default();
    let device = SimulatedDevice::new();
    decoder.take(Direction::ToDevice, CONNECT);
    assert_eq!(
        exchange(&mut decoder, &device, ADD_2_3)[1],
        "< Nak      0  call 0 came without a session: the device was reset"
    );
    exchange(&mut decoder, &device, CONNECT);
    assert_eq!(
        exchange(&mut decoder, &device, b"\x02noise\x00"),
        [
            "> broken      6 bytes: 0x026e6f697365",
            "< Nak      0  a frame arrived damaged; call 0 is next",
        ]
    );
    let unreachable = b"\xa3\x04";
    let mut buffer = [0; 16];
    let seal = Seal::of_session(SESSION);
    let mut encoder = Encoder::new(&mut buffer, Header::from_byte(unreachable[0]), seal);
    encoder.push(unreachable[1]);
    let length = encoder.finish().unwrap();
    let fault = decoder.take(Direction::FromDevice, &buffer[..length]);
    assert_eq!(
        fault[0].to_string(),
        "< Fault    3  the call could not be passed on to its device, so it never ran"
    );
}

#[test]
fn text_cannot_upset_a_terminal() {
    let mut decoder = Decoder::default();
    let events = decoder.take(Direction::FromDevice, b"\x1b[31mhot\r\n");
    assert_eq!(events[0].to_string(), r"< text        \u{1b}[31mhot");
}

#[test]
fn no_bytes_make_a_decoder_panic() {
    let mut decoder = Decoder::default();
    decoder.take(Direction::ToDevice, CONNECT);
    // Every header with every first byte of body, in valid frames.
    for (header, body) in (0..=255).flat_map(|header| (0..=255).map(move |body| (header, body))) {
        let mut buffer = [0; 16];
        let header = Header::from_byte(header);
        let seal = match header.kind {
            Kind::Connect | Kind::Accept => Seal::NONE,
            _ => Seal::of_session(SESSION),
        };
        let mut encoder = Encoder::new(&mut buffer, header, seal);
        encoder.push(body);
        let len = encoder.finish().unwrap();
        for direction in [Direction::ToDevice, Direction::FromDevice] {
            let events = decoder.take(direction, &buffer[..len]);
            assert_eq!(events.len(), 1);
        }
    }
}

proptest! {
    #[test]
    fn whatever_passes_is_shown_on_lines_without_control_characters(
        passed in vec((any::<bool>(), vec(prop_oneof![Just(0), Just(b'\n'), any::<u8>()], 0..40)), 0..20)
    ) {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        for (out, bytes) in passed {
            let direction = if out { Direction::ToDevice } else { Direction::FromDevice };
            events.extend(decoder.take(direction, &bytes));
        }
        events.extend(decoder.finish());
        for event in events {
            prop_assert!(!event.to_string().contains(char::is_control));
        }
    }
}
