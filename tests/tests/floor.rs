//! Tests that the floor under the figures, which is written by hand, does the work of the bare device: whatever
//! it is sent, it says the same, byte for byte.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use rpc_proto::service::FIRST_NUMBER;
use rpc_proto::wire::message::{Kind, VERSION};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;
use tests::board::LM3S6965;
use tests::device_cost::{FLOOR, PACKAGE};
use tests::emulator::Emulator;
use tests::ignorable;
use tests::wire::{Message, SESSION};

const ADD: u16 = FIRST_NUMBER;
const SUB: u16 = ADD + 1;
const MUL: u16 = ADD + 2;
const DIV: u16 = ADD + 3;

/// No answer takes longer, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the bytes that are sent in one session after the other.
type Exchanges = fn() -> Vec<Vec<u8>>;

fn main() -> ExitCode {
    let no_device = || LM3S6965.missing_target().or(LM3S6965.missing_emulator());
    let exchanges: [(&str, Exchanges); 4] = [
        ("the_floor_calculates_as_the_bare_device_does", calculations),
        ("the_floor_keeps_sessions_as_the_bare_device_does", sessions),
        ("the_floor_refuses_calls_as_the_bare_device_does", bad_calls),
        (
            "the_floor_refuses_frames_as_the_bare_device_does",
            bad_frames,
        ),
    ];
    let trials = exchanges.map(|(name, exchanges)| {
        ignorable::trial(name, no_device, move || both_say_the_same(&exchanges()))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

/// Sends each of these to both devices, in one session after the other.
fn both_say_the_same(exchanges: &[Vec<u8>]) -> Result<(), Failed> {
    let boot = |image| -> Result<Emulator, Failed> {
        let device = Emulator::start_image(&LM3S6965, &PACKAGE.image(image)?)?;
        device.uart().set_read_timeout(Some(PATIENCE))?;
        Ok(device)
    };
    let (floor, bare) = (boot(FLOOR)?, boot("bare")?);
    for (number, bytes) in (1..).zip(exchanges) {
        let expected = said(bare.uart(), bytes, number)?;
        let said = said(floor.uart(), bytes, number)?;
        assert_eq!(said, expected, "to {bytes:02x?}");
    }
    Ok(())
}

/// Sends bytes and then the Connect of a session, and returns everything that is said up to its Accept.
fn said(mut uart: &UnixStream, bytes: &[u8], session: u32) -> io::Result<Vec<u8>> {
    uart.write_all(bytes)?;
    uart.write_all(&Message::connect(session).frame())?;
    let mut said = Vec::new();
    while said.last() != Some(&0) || !accepts(&said, session) {
        let mut byte = [0];
        uart.read_exact(&mut byte)?;
        said.extend(byte);
    }
    Ok(said)
}

/// Returns true if the last frame is the Accept of this version and that session.
fn accepts(said: &[u8], session: u32) -> bool {
    let begin = postcard::to_stdvec(&(VERSION, session)).expect("a serialisable body");
    let last = Message::found_in(said).pop();
    last.is_some_and(|last| {
        last.is_ok_and(|last| last.kind == Kind::Accept && last.body.starts_with(&begin))
    })
}

/// Returns a Connect and these frames in its session.
fn in_session(messages: impl IntoIterator<Item = Message>) -> Vec<u8> {
    let frames = messages.into_iter().map(|message| message.frame());
    let connect = Message::connect(SESSION).frame();
    [connect].into_iter().chain(frames).flatten().collect()
}

fn calculations() -> Vec<Vec<u8>> {
    const PAIRS: [(i32, i32); 9] = [
        (2, 3),
        (0, 0),
        (-1, 1),
        (63, -65),
        (8_192, 0),
        (123_456, -98_765),
        (i32::MAX, 1),
        (i32::MIN, -1),
        (i32::MIN, i32::MAX),
    ];
    let of_pair = |pair| [ADD, SUB, MUL, DIV].map(|number| (number, pair));
    // More calls than there are sequence numbers.
    let calls = (0..).zip(PAIRS.into_iter().flat_map(of_pair));
    let calls = calls.map(|(seq, (number, pair))| Message::call(seq % 32, number, pair));
    vec![in_session(calls)]
}

fn sessions() -> Vec<Vec<u8>> {
    let add = |seq, x: i32| Message::call(seq, ADD, (x, 3));
    let kept = [add(0, 2), add(0, 2), add(0, 9), add(1, 4), add(1, 4)];
    // Only the last reply is kept.
    let older = [add(0, 2), add(1, 2), add(0, 2), add(1, 2)];
    // A gap is reported once, and again after a call.
    let gaps = [add(1, 2), add(2, 2), add(0, 2), add(2, 2), add(1, 2)];
    let from_the_first = [add(31, 2), add(0, 2)];
    let other_version = |version: u8, seq| {
        let connect = Message::new(Kind::Connect, 0, &(version, 7_u32, 64_u16));
        in_session([connect, add(seq, 2)])
    };
    let short_connect = Message::new(Kind::Connect, 0, &(VERSION, 7_u8));
    let long_connect = Message::new(Kind::Connect, 0, &(VERSION, u32::MAX, 64_u16, "later"));
    vec![
        // Nobody has connected.
        add(3, 2).frame(),
        in_session(kept),
        in_session(older),
        in_session(gaps),
        in_session(from_the_first),
        other_version(VERSION, 0),
        other_version(VERSION + 1, 3),
        in_session([short_connect, add(0, 2)]),
        in_session([add(0, 2), long_connect, add(0, 2), add(1, 2)]),
        // A call of a session that is over.
        [in_session([add(0, 2)]), add(1, 2).frame_in(9)].concat(),
    ]
}

fn bad_calls() -> Vec<Vec<u8>> {
    let bodies: [&[u8]; 14] = [
        &[],
        &[7, 4, 6],
        &[12, 4, 6],
        &[0x80, 1, 4, 6],
        &[0x88, 0, 4, 6],
        &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 4, 6],
        &[0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 4, 6],
        &[8],
        &[8, 4],
        &[8, 4, 6, 8],
        &[8, 4, 0x80],
        &[8, 0x80, 0x80, 0x80, 0x80, 0x10, 6],
        &[8, 0x80, 0x80, 0x80, 0x80, 0x80, 6],
        &[8, 4, 6],
    ];
    let call = |(seq, body): (u8, &[u8])| Message {
        kind: Kind::Call,
        seq,
        body: body.to_vec(),
    };
    vec![in_session((0..).zip(bodies).map(call))]
}

fn bad_frames() -> Vec<Vec<u8>> {
    let session = in_session([]);
    let add = Message::call(0, ADD, (2, 3)).frame();
    let with = |bytes: Vec<u8>| [&session[..], &bytes, &add].concat();
    let run = |length: usize| with([vec![0xFF; length], vec![0]].concat());
    let mut exchanges = vec![
        with(vec![0, 0]),
        with(vec![1, 0]),
        with(vec![1, 1, 1, 1, 1, 0]),
    ];
    // About the longest that fits.
    exchanges.extend([61, 62, 63, 64, 65].map(run));
    exchanges.extend([62, 63, 64].map(|length| with([vec![1; length], vec![0]].concat())));
    // Every message in the wrong direction.
    let kinds = [
        Kind::Accept,
        Kind::Return,
        Kind::Error,
        Kind::Fault,
        Kind::Nak,
        Kind::Event,
    ];
    let backwards = kinds.map(|kind| Message::new(kind, 0, &5_u8).frame());
    exchanges.extend(backwards.clone().map(with));
    exchanges.extend(backwards.map(|mut frame| {
        frame[2] ^= 1;
        with(frame)
    }));
    // A call with one byte of it changed, lost or doubled.
    for at in 0..add.len() {
        let changed = |change: fn(&mut Vec<u8>, usize)| {
            let mut bytes = add.clone();
            change(&mut bytes, at);
            with(bytes)
        };
        exchanges.extend([
            changed(|bytes, at| bytes[at] ^= 1),
            changed(|bytes, at| bytes[at] ^= 0x80),
            changed(|bytes, at| bytes[at] = 0),
            changed(|bytes, at| {
                bytes.remove(at);
            }),
            changed(|bytes, at| bytes.insert(at, bytes[at])),
        ]);
    }
    exchanges
}
