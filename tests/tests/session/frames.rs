//! The effect of each received frame, and the answer.

use crate::end::Server;
use rpc_proto::service::StaticInterface;
use rpc_proto::wire::message::{Accept, Connect, Fault, Kind, NakReason, VERSION};
use tests::tally::{ADD, FAIL, FILL, Ledger, NO_PROCEDURE, Ran, TallyService};
use tests::wire::{Message, SESSION, answer, drain, hand};

type Device<const WINDOW: usize> = Server<TallyService<Ledger>, 64, WINDOW>;

fn device<const WINDOW: usize>() -> Device<WINDOW> {
    Server::new(TallyService(Ledger::default()))
}

fn connected<const WINDOW: usize>() -> Device<WINDOW> {
    let mut device = device();
    let said = say(&mut device, &Message::connect(1));
    assert_eq!(said, [accept::<WINDOW>(1)]);
    device
}

fn say<const WINDOW: usize>(device: &mut Device<WINDOW>, message: &Message) -> Vec<Message> {
    hand(device, &message.frame())
}

fn ran<const WINDOW: usize>(device: &mut Device<WINDOW>) -> &[Ran] {
    &device.interface().0.ran
}

fn accept<const WINDOW: usize>(nonce: u32) -> Message {
    let accept = Accept {
        version: VERSION,
        nonce,
        window: WINDOW as u8,
        max_frame: 64,
        buffer: 0,
        fingerprint: <TallyService<Ledger> as StaticInterface>::FINGERPRINT,
    };
    Message::new(Kind::Accept, 0, &accept)
}

pub fn add(seq: u8, amount: u32) -> Message {
    Message::call(seq, ADD, (amount,))
}

/// Returns the answer to [`add`].
fn total(seq: u8, total: u32) -> Message {
    Message::value(seq, total)
}

/// Returns a frame whose checksum is wrong.
fn corrupt() -> Vec<u8> {
    let mut frame = add(0, 1).frame();
    frame[2] ^= 4;
    frame
}

/// Returns a frame that is longer than the device's longest.
pub fn too_long() -> Vec<u8> {
    [vec![0x55; 64], vec![0]].concat()
}

#[test]
fn without_a_session_a_call_is_refused_by_its_number_and_does_not_run() {
    let mut device = device::<2>();
    drain(&mut device);
    for (seq, session) in [(0, 1), (7, 1), (31, 2)] {
        let call = add(seq, 1);
        let refusal = Message::refusal(&call, session);
        assert_eq!(answer(&mut device, &call.frame_in(session)), refusal);
    }
    assert_eq!(ran(&mut device), []);
}

#[test]
fn a_refusal_proves_which_call_was_refused() {
    let mut device = device::<2>();
    drain(&mut device);
    let refused = answer(&mut device, &add(0, 1).frame());
    for (call, session) in [(add(0, 2), SESSION), (add(1, 1), SESSION), (add(0, 1), 2)] {
        assert_ne!(refused, Message::refusal(&call, session));
    }
}

#[test]
fn a_device_begins_with_a_delimiter() {
    let mut device = device::<2>();
    assert_eq!(drain(&mut device), [0]);
    assert!(drain(&mut device).is_empty());
}

#[test]
fn without_a_session_broken_frames_meet_silence() {
    let mut device = device::<2>();
    assert_eq!(hand(&mut device, b"noise\0"), []);
    assert_eq!(hand(&mut device, &too_long()), []);
    assert_eq!(device.statistics().corrupt, 1);
    assert_eq!(device.statistics().too_long, 1);
}

#[test]
fn a_connect_is_answered_with_its_nonce_and_what_the_device_can_take() {
    let mut device = device::<3>().with_buffer(512);
    let nonce = 0xDEAD_BEEF;
    let said = hand(&mut device, &Message::connect(nonce).frame());
    let [answer] = &said[..] else {
        panic!("one Accept, not {said:?}")
    };
    assert_eq!((answer.kind, answer.seq), (Kind::Accept, 0));
    let accept: Accept = postcard::from_bytes(&answer.body).expect("an Accept");
    assert_eq!(accept.nonce, nonce);
    assert_eq!(accept.version, VERSION);
    assert_eq!(accept.window, 3);
    assert_eq!(accept.max_frame, 64);
    assert_eq!(accept.buffer, 512);
    let fingerprint = <TallyService<Ledger> as StaticInterface>::FINGERPRINT;
    assert_eq!(accept.fingerprint, fingerprint);
}

#[test]
fn a_connect_of_another_version_is_told_ours_and_begins_no_session() {
    let mut device = connected::<2>();
    let version = VERSION + 1;
    let (nonce, max_frame) = (9, 64);
    let connect = Connect {
        version,
        nonce,
        max_frame,
    };
    // A later version may have more to say.
    let connect = Message::new(Kind::Connect, 0, &(connect, 77_u32));
    assert_eq!(say(&mut device, &connect), [accept::<2>(9)]);
    let refusal = Message::refusal(&add(0, 1), SESSION);
    assert_eq!(answer(&mut device, &add(0, 1).frame()), refusal);
}

#[test]
fn a_frame_of_another_session_is_broken() {
    let mut device = connected::<2>();
    let nak = Message::nak(NakReason::Corrupt, 0);
    assert_eq!(hand(&mut device, &add(0, 1).frame_in(2)), [nak]);
    assert_eq!(ran(&mut device), []);
    assert_eq!(say(&mut device, &add(0, 5)), [total(0, 5)]);
}

#[test]
fn a_reply_that_the_caller_cannot_take_is_too_large() {
    let mut device = device::<2>();
    say(&mut device, &Message::connect_with(SESSION, 30));
    // Code, header, length, bytes, trailer and delimiter.
    let fits = 30 - 1 - 1 - 1 - 4 - 1;
    let filled = Message::value(0, vec![0x5A_u8; fits].as_slice());
    let fill = |seq, count: usize| Message::call(seq, FILL, (count as u16,));
    assert_eq!(say(&mut device, &fill(0, fits)), [filled]);
    let too_large = Message::fault(1, Fault::ReplyTooLarge);
    assert_eq!(say(&mut device, &fill(1, fits + 1)), [too_large]);
}

#[test]
fn a_fault_gets_through_to_a_caller_with_no_room() {
    let mut device = device::<2>();
    say(&mut device, &Message::connect_with(SESSION, 0));
    let too_large = Message::fault(0, Fault::ReplyTooLarge);
    assert_eq!(
        say(&mut device, &Message::call(0, FILL, (40_u16,))),
        [too_large]
    );
}

#[test]
fn a_connect_that_does_not_decode_is_ignored() {
    let mut device = connected::<2>();
    assert_eq!(say(&mut device, &Message::new(Kind::Connect, 0, &())), []);
    let without_length = Message::new(Kind::Connect, 0, &(VERSION, SESSION));
    assert_eq!(say(&mut device, &without_length), []);
    assert_eq!(say(&mut device, &add(0, 5)), [total(0, 5)]);
}

#[test]
fn calls_run_once_in_order_and_are_answered_by_their_numbers() {
    let mut device = connected::<2>();
    assert_eq!(say(&mut device, &add(0, 5)), [total(0, 5)]);
    let fail = Message::call(1, FAIL, (7_u8,));
    assert_eq!(say(&mut device, &fail), [Message::error(1, 7_u8)]);
    assert_eq!(say(&mut device, &add(2, 300)), [total(2, 305)]);
    assert_eq!(ran(&mut device), [Ran::Add(5), Ran::Fail(7), Ran::Add(300)]);
}

#[test]
fn a_call_whose_reply_is_kept_is_answered_again_and_does_not_run_again() {
    let mut device = connected::<2>();
    for seq in 0..3 {
        say(&mut device, &add(seq, 10));
    }
    for _ in 0..3 {
        assert_eq!(say(&mut device, &add(2, 10)), [total(2, 30)]);
        assert_eq!(say(&mut device, &add(1, 10)), [total(1, 20)]);
    }
    assert_eq!(ran(&mut device).len(), 3);
    assert_eq!(device.statistics().duplicates, 6);
}

#[test]
fn the_kept_reply_is_that_of_the_first_copy() {
    let mut device = connected::<1>();
    say(&mut device, &add(0, 10));
    assert_eq!(say(&mut device, &add(0, 99)), [total(0, 10)]);
}

#[test]
fn a_fault_is_a_reply_and_kept_like_one() {
    let mut device = connected::<2>();
    let faults = [
        (NO_PROCEDURE, vec![], Fault::UnknownProcedure),
        (u16::MAX, vec![1], Fault::UnknownProcedure),
        (4, vec![], Fault::UnknownProcedure),
        (ADD, vec![], Fault::BadArguments),
        (ADD, vec![0x80], Fault::BadArguments),
        (ADD, vec![1, 0], Fault::BadArguments),
    ];
    for (seq, (number, arguments, fault)) in faults.into_iter().enumerate() {
        let mut call = Message::call(seq as u8, number, ());
        call.body.extend(arguments);
        let first = say(&mut device, &call);
        assert_eq!(first, [Message::fault(seq as u8, fault)]);
        assert_eq!(say(&mut device, &call), first);
    }
    assert_eq!(ran(&mut device), []);
    assert_eq!(say(&mut device, &add(6, 1)), [total(6, 1)]);
}

#[test]
fn a_call_without_a_whole_number_is_a_fault() {
    let mut device = connected::<2>();
    for (seq, body) in [vec![], vec![0x80], vec![0xFF; 3]].into_iter().enumerate() {
        let (kind, seq) = (Kind::Call, seq as u8);
        let said = say(&mut device, &Message { kind, seq, body });
        assert_eq!(said, [Message::fault(seq, Fault::BadArguments)]);
    }
}

#[test]
fn a_reply_that_is_too_large_is_a_fault_and_its_call_has_run() {
    let mut device = connected::<2>();
    // Header, length, checksum, code and delimiter leave 56 of 64 bytes.
    let fits = Message::call(0, FILL, (56_u16,));
    assert_eq!(
        say(&mut device, &fits),
        [Message::value(0, [0x5A_u8; 56].as_slice())]
    );
    let too_large = Message::call(1, FILL, (57_u16,));
    let first = say(&mut device, &too_large);
    assert_eq!(first, [Message::fault(1, Fault::ReplyTooLarge)]);
    assert_eq!(say(&mut device, &too_large), first);
    assert_eq!(ran(&mut device), [Ran::Fill(56), Ran::Fill(57)]);
}

#[test]
fn a_gap_is_reported_once() {
    let mut device = connected::<4>();
    say(&mut device, &add(0, 1));
    let gap = Message::nak(NakReason::OutOfOrder, 1);
    assert_eq!(say(&mut device, &add(2, 1)), [gap]);
    assert_eq!(say(&mut device, &add(3, 1)), []);
    assert_eq!(say(&mut device, &add(4, 1)), []);
    assert_eq!(device.statistics().out_of_order, 3);
    for seq in 1..=4 {
        let value = total(seq, u32::from(seq) + 1);
        assert_eq!(say(&mut device, &add(seq, 1)), [value]);
    }
    let next_gap = Message::nak(NakReason::OutOfOrder, 5);
    assert_eq!(say(&mut device, &add(6, 1)), [next_gap]);
    assert_eq!(ran(&mut device).len(), 5);
}

#[test]
fn a_broken_frame_in_a_session_is_answered_with_the_number_expected_next() {
    let mut device = connected::<2>();
    for seq in 0..3 {
        let nak = Message::nak(NakReason::Corrupt, seq);
        assert_eq!(hand(&mut device, &corrupt()), [nak]);
        let nak = Message::nak(NakReason::TooLong, seq);
        assert_eq!(hand(&mut device, &too_long()), [nak]);
        say(&mut device, &add(seq, 1));
    }
    assert_eq!(ran(&mut device).len(), 3);
}

#[test]
fn calls_behind_a_broken_frame_wait_in_silence_for_its_resend() {
    let mut device = connected::<4>();
    let nak = Message::nak(NakReason::Corrupt, 0);
    assert_eq!(hand(&mut device, &corrupt()), [nak]);
    assert_eq!(say(&mut device, &add(1, 1)), []);
    assert_eq!(say(&mut device, &add(0, 1)), [total(0, 1)]);
}

#[test]
fn a_call_too_old_to_be_kept_does_not_run() {
    let mut device = connected::<2>();
    for seq in 0..5 {
        say(&mut device, &add(seq, 1));
    }
    let nak = Message::nak(NakReason::OutOfOrder, 5);
    assert_eq!(say(&mut device, &add(2, 1)), [nak]);
    assert_eq!(ran(&mut device).len(), 5);
}

#[test]
fn numbers_before_the_first_of_a_session_have_no_reply() {
    let mut device = connected::<15>();
    let gap = Message::nak(NakReason::OutOfOrder, 0);
    assert_eq!(say(&mut device, &add(31, 1)), [gap]);
    say(&mut device, &add(0, 1));
    let gap = Message::nak(NakReason::OutOfOrder, 1);
    assert_eq!(say(&mut device, &add(31, 1)), [gap]);
    assert_eq!(ran(&mut device).len(), 1);
}

#[test]
fn a_connect_forgets_replies_and_counts_from_zero() {
    let mut device = connected::<4>();
    for seq in 0..3 {
        say(&mut device, &add(seq, 1));
    }
    assert_eq!(say(&mut device, &Message::connect(2)), [accept::<4>(2)]);
    let gap = Message::nak(NakReason::OutOfOrder, 0);
    assert_eq!(answer(&mut device, &add(2, 1).frame_in(2)), gap.frame_in(2));
    let said = answer(&mut device, &add(0, 1).frame_in(2));
    assert_eq!(said, total(0, 4).frame_in(2));
    assert_eq!(ran(&mut device).len(), 4);
}

/// Tests windows that divide 32 and windows that do not: each call comes again at once, and again
/// when it is the oldest whose reply is kept.
fn calls_run_once_across_the_wrap<const WINDOW: usize>() {
    // Miri takes its time.
    let calls = if cfg!(miri) { 40 } else { 100 };
    let mut device = connected::<WINDOW>();
    for number in 0..calls {
        let call = |number: u32| add((number % 32) as u8, number);
        let value = |number: u32| total((number % 32) as u8, number * (number + 1) / 2);
        for _ in 0..2 {
            assert_eq!(say(&mut device, &call(number)), [value(number)]);
        }
        let kept = (WINDOW as u32 - 1).min(number);
        for earlier in number - kept..=number {
            assert_eq!(say(&mut device, &call(earlier)), [value(earlier)]);
        }
    }
    let all: Vec<Ran> = (0..calls).map(Ran::Add).collect();
    assert_eq!(ran(&mut device), all);
}

#[test]
fn calls_run_once_across_the_wrap_of_their_numbers() {
    calls_run_once_across_the_wrap::<1>();
    calls_run_once_across_the_wrap::<2>();
    calls_run_once_across_the_wrap::<3>();
    calls_run_once_across_the_wrap::<5>();
    calls_run_once_across_the_wrap::<15>();
}

#[test]
fn a_frame_that_completes_while_a_reply_is_partly_sent_is_dropped() {
    let mut device = connected::<2>();
    let [first, second] = [add(0, 1), add(1, 1)].map(|call| call.frame());
    for &byte in &first {
        device.receive(byte);
    }
    let whole = device.outgoing().to_vec();
    device.sent(3);
    for &byte in &second {
        device.receive(byte);
    }
    assert_eq!(ran(&mut device).len(), 1);
    assert_eq!(device.outgoing(), &whole[3..], "the reply goes on");
    drain(&mut device);
    assert_eq!(hand(&mut device, &second), [total(1, 2)]);
}

#[test]
fn a_frame_may_arrive_in_part_while_a_reply_is_sent() {
    let mut device = connected::<2>();
    let [first, second] = [add(0, 1), add(1, 1)].map(|call| call.frame());
    let (begun, rest) = second.split_at(4);
    for &byte in first.iter().chain(begun) {
        device.receive(byte);
    }
    assert_eq!(Message::all_in(&drain(&mut device)), [total(0, 1)]);
    assert_eq!(hand(&mut device, rest), [total(1, 2)]);
}

#[test]
fn a_reply_is_sent_whole_however_little_the_line_takes() {
    let mut device = connected::<1>();
    let call = Message::call(0, FILL, (40_u16,));
    for byte in call.frame() {
        device.receive(byte);
    }
    let mut said = Vec::new();
    for count in (1..=3).cycle() {
        let outgoing = device.outgoing();
        if outgoing.is_empty() {
            break;
        }
        let count = count.min(outgoing.len());
        said.extend_from_slice(&outgoing[..count]);
        device.sent(count);
    }
    assert_eq!(
        Message::all_in(&said),
        [Message::value(0, [0x5A_u8; 40].as_slice())]
    );
}

#[test]
fn frames_that_only_devices_send_are_ignored() {
    let mut device = connected::<2>();
    for kind in [
        Kind::Accept,
        Kind::Return,
        Kind::Error,
        Kind::Fault,
        Kind::Nak,
        Kind::Event,
    ] {
        assert_eq!(say(&mut device, &Message::new(kind, 0, &(1, 2))), []);
    }
    assert_eq!(say(&mut device, &add(0, 1)), [total(0, 1)]);
}
