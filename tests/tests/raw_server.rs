//! Tests a server whose calls are carried out elsewhere, frame by frame: the calls that it hands
//! out, and the frames that it sends once there are answers.

use rpc_proto::device::{
    DeviceDescribe, DeviceEventsSubscribe, DevicePing, DeviceResolve, Statistics, SubscribeError,
    Subscribed,
};
use rpc_proto::events::EventQueue;
use rpc_proto::server::{EventSource, RawCall, RawReply, RawServer, Server, Token};
use rpc_proto::service::{FIRST_NUMBER, Interface, Member};
use rpc_proto::wire::message::{Accept, Fault, Kind};
use tests::line::SplitMix64;
use tests::tally::{ADD, FAIL, FILL, Ledger, TallyService};
use tests::wire::{Message, SESSION, hand};

/// An interface that is known at run time only.
struct Borrowed {
    description: Vec<u8>,
    keys: Vec<u32>,
}

impl Interface for Borrowed {
    fn description(&self, offset: u32) -> &[u8] {
        self.description.get(offset as usize..).unwrap_or_default()
    }

    fn fingerprint(&self) -> u32 {
        77
    }

    fn resolve(&self, key: u32) -> Option<u16> {
        let index = self.keys.iter().position(|&candidate| candidate == key)?;
        Some(index as u16)
    }
}

fn borrowed() -> Borrowed {
    Borrowed {
        description: (0..200).collect(),
        keys: vec![5, 6],
    }
}

type Device<const WINDOW: usize> = RawServer<Borrowed, 64, WINDOW>;

/// A call that was handed out: its name, the position of its procedure, and its arguments.
type Call = (Token, u16, Vec<u8>);

fn device<const WINDOW: usize>() -> Device<WINDOW> {
    let mut device = RawServer::new(borrowed());
    let (calls, said) = say(&mut device, &Message::connect(1));
    assert_eq!((calls.len(), said.len()), (0, 1));
    assert_eq!(said[0].kind, Kind::Accept);
    device
}

/// Passes a message to the device. Returns the calls that it hands out, and its answers.
fn say<I: Interface, const WINDOW: usize, Q: EventSource>(
    device: &mut RawServer<I, 64, WINDOW, Q>,
    message: &Message,
) -> (Vec<Call>, Vec<Message>) {
    let (mut calls, mut said) = (Vec::new(), drain(device));
    for byte in message.frame() {
        let call = device.receive(byte);
        calls.extend(call.map(|call| (call.token, call.index, call.arguments.to_vec())));
        said.extend(drain(device));
    }
    (calls, Message::all_in(&said))
}

/// Passes a call, which the device hands out, and checks that it does not answer yet.
fn open<const WINDOW: usize>(device: &mut Device<WINDOW>, seq: u8) -> Token {
    let (calls, said) = say(device, &Message::call(seq, FIRST_NUMBER + 1, (seq,)));
    assert_eq!(said, []);
    let [(token, index, arguments)] = &calls[..] else {
        panic!("one call, not {calls:?}")
    };
    assert_eq!((*index, &arguments[..]), (1, &[seq][..]));
    *token
}

/// Answers a call, and returns the frames that the device then sends.
fn answer<I: Interface, const WINDOW: usize>(
    device: &mut RawServer<I, 64, WINDOW>,
    token: Token,
    reply: RawReply<'_>,
) -> Vec<Message> {
    device.answer(token, reply);
    Message::all_in(&drain(device))
}

/// Sends all waiting bytes of a device.
fn drain<I: Interface, const WINDOW: usize, Q: EventSource>(
    device: &mut RawServer<I, 64, WINDOW, Q>,
) -> Vec<u8> {
    let mut said = Vec::new();
    while let Some(&byte) = device.outgoing().first() {
        said.push(byte);
        device.sent(1);
    }
    said
}

#[test]
fn a_call_is_handed_out_as_bytes_and_answered_with_bytes() {
    let mut device = device::<3>();
    let token = open(&mut device, 0);
    let said = answer(&mut device, token, RawReply::Return(&[1, 2]));
    assert_eq!(said, [Message::value(0, [1_u8, 2])]);
    let token = open(&mut device, 1);
    let said = answer(&mut device, token, RawReply::Error(&[3]));
    assert_eq!(said, [Message::error(1, 3_u8)]);
    for (seq, fault) in [
        (2, Fault::UnknownProcedure),
        (3, Fault::BadArguments),
        (4, Fault::ReplyTooLarge),
        (5, Fault::OutcomeUnknown),
        (6, Fault::Unreachable),
        (7, Fault::Refused),
    ] {
        let token = open(&mut device, seq);
        let said = answer(&mut device, token, RawReply::Fault(fault));
        assert_eq!(said, [Message::fault(seq, fault)]);
    }
}

#[test]
fn the_procedure_of_any_position_is_handed_out() {
    let mut device = device::<1>();
    let (calls, _) = say(&mut device, &Message::call(0, u16::MAX, ()));
    assert_eq!(calls[0].1, u16::MAX - FIRST_NUMBER);
}

#[test]
fn replies_go_out_in_the_order_of_the_calls() {
    let mut device = device::<3>();
    let [first, second, third] = [0, 1, 2].map(|seq| open(&mut device, seq));
    assert_eq!(answer(&mut device, third, RawReply::Return(&[3])), []);
    assert_eq!(answer(&mut device, second, RawReply::Error(&[2])), []);
    assert_eq!(
        answer(&mut device, first, RawReply::Return(&[1])),
        [
            Message::value(0, 1_u8),
            Message::error(1, 2_u8),
            Message::value(2, 3_u8),
        ]
    );
}

#[test]
fn an_open_call_that_comes_again_is_neither_handed_out_nor_answered() {
    let mut device = device::<3>();
    let tokens = [0, 1].map(|seq| open(&mut device, seq));
    let again = |seq| Message::call(seq, FIRST_NUMBER + 1, (seq,));
    for seq in [0, 1] {
        assert_eq!(say(&mut device, &again(seq)), (vec![], vec![]));
    }
    assert_eq!(device.statistics().duplicates, 2);
    // A call that is answered, but whose turn has not come, is not answered either.
    assert_eq!(answer(&mut device, tokens[1], RawReply::Return(&[1])), []);
    assert_eq!(say(&mut device, &again(1)), (vec![], vec![]));

    let replies = [Message::value(0, 0_u8), Message::value(1, 1_u8)];
    let said = answer(&mut device, tokens[0], RawReply::Return(&[0]));
    assert_eq!(said, replies);
    // From now on there are replies to send again.
    for (seq, reply) in (0..).zip(replies) {
        assert_eq!(say(&mut device, &again(seq)), (vec![], vec![reply]));
    }
}

#[test]
fn a_call_is_answered_once() {
    let mut device = device::<2>();
    let token = open(&mut device, 0);
    assert!(device.is_open(token));
    let said = answer(&mut device, token, RawReply::Return(&[1]));
    assert_eq!(said.len(), 1);
    assert!(!device.is_open(token));
    assert_eq!(answer(&mut device, token, RawReply::Return(&[2])), []);
}

#[test]
fn a_new_session_forgets_open_calls_and_their_late_answers() {
    let mut device = device::<2>();
    let tokens = [0, 1].map(|seq| open(&mut device, seq));
    assert_eq!(answer(&mut device, tokens[1], RawReply::Return(&[1])), []);
    let (_, said) = say(&mut device, &Message::connect(SESSION));
    assert_eq!(said.len(), 1, "{said:?}");
    for token in tokens {
        assert!(!device.is_open(token));
        assert_eq!(answer(&mut device, token, RawReply::Return(&[9])), []);
    }
    let token = open(&mut device, 0);
    assert_eq!(answer(&mut device, tokens[0], RawReply::Return(&[9])), []);
    let said = answer(&mut device, token, RawReply::Return(&[5]));
    assert_eq!(said, [Message::value(0, 5_u8)]);
}

#[test]
fn the_devices_own_service_is_answered_in_its_turn() {
    let mut device = device::<3>();
    let token = open(&mut device, 0);
    let ping = Message::call(1, DevicePing::NUMBER.unwrap(), ("ping",));
    assert_eq!(say(&mut device, &ping), (vec![], vec![]));
    let said = answer(&mut device, token, RawReply::Return(&[7]));
    let replies = [Message::value(0, 7_u8), Message::value(1, "ping")];
    assert_eq!(said, replies);
    let ping = Message::call(2, DevicePing::NUMBER.unwrap(), ("pong",));
    assert_eq!(say(&mut device, &ping).1, [Message::value(2, "pong")]);
}

#[test]
fn the_description_is_the_one_known_at_run_time() {
    let mut device = device::<1>();
    let mut described = Vec::new();
    let mut seq = 0;
    let mut ask = |number: Option<u16>, argument: u32| {
        let (_, said) = say(
            &mut device,
            &Message::call(seq, number.unwrap(), (argument,)),
        );
        seq += 1;
        said[0].body.clone()
    };
    loop {
        let chunk = ask(DeviceDescribe::NUMBER, described.len() as u32);
        let chunk: Vec<u8> = postcard::from_bytes(&chunk).expect("bytes");
        if chunk.is_empty() {
            break;
        }
        described.extend(chunk);
    }
    assert_eq!(described, (0..200).collect::<Vec<u8>>());
    assert_eq!(ask(DeviceResolve::NUMBER, 6), [1, 9]);
    assert_eq!(ask(DeviceResolve::NUMBER, 7), [0]);

    let (_, said) = say(&mut device, &Message::connect(SESSION));
    let accept: Accept = postcard::from_bytes(&said[0].body).expect("an Accept");
    assert_eq!(accept.fingerprint, 77);
}

#[test]
fn an_answer_that_does_not_fit_is_a_fault() {
    let mut device = device::<2>();
    let token = open(&mut device, 0);
    let said = answer(&mut device, token, RawReply::Return(&[0x5A; 60]));
    assert_eq!(said, [Message::fault(0, Fault::ReplyTooLarge)]);
}

#[test]
fn a_caller_beyond_the_window_loses_the_oldest_reply_and_no_other() {
    let mut device = device::<2>();
    let tokens = [0, 1, 2].map(|seq| open(&mut device, seq));
    assert!(!device.is_open(tokens[0]));
    assert_eq!(answer(&mut device, tokens[0], RawReply::Return(&[0])), []);
    assert_eq!(answer(&mut device, tokens[2], RawReply::Return(&[2])), []);
    let said = answer(&mut device, tokens[1], RawReply::Return(&[1]));
    let replies = [Message::value(1, 1_u8), Message::value(2, 2_u8)];
    assert_eq!(said, replies);
}

#[test]
fn events_known_at_run_time_are_sent_to_who_subscribed() {
    let queue = EventQueue::<64>::new();
    let server = Server::<_, 64, 1>::with_events(borrowed(), &queue);
    let mut device = RawServer::of(server);
    say(&mut device, &Message::connect(1));
    queue.emit_bytes(6, &[9]);
    assert!(drain(&mut device).is_empty(), "nobody has subscribed");
    let subscribe = DeviceEventsSubscribe::NUMBER.unwrap();
    let (_, said) = say(&mut device, &Message::call(0, subscribe, (7_u32,)));
    assert_eq!(said, [Message::error(0, SubscribeError::NoSuchEvent)]);
    let (_, said) = say(&mut device, &Message::call(1, subscribe, (6_u32,)));
    let subscribed = Subscribed { topic: 9, count: 0 };
    assert_eq!(said, [Message::value(1, subscribed)]);
    assert!(queue.is_subscribed(6) && !queue.is_subscribed(5));
    queue.emit_bytes(6, &[1, 0, 0xFF]);
    let said = Message::all_in(&drain(&mut device));
    assert_eq!(
        said,
        [Message::new(Kind::Event, 0, &(9_u16, 1_u8, 0_u8, 0xFF_u8))]
    );
}

#[test]
fn a_subscription_that_is_passed_on_is_answered_when_the_device_behind_has_confirmed_it() {
    let queue = EventQueue::<64>::new();
    let server = Server::<_, 64, 2>::with_events(borrowed(), &queue);
    let mut device = RawServer::of(server).with_subscriptions_passed_on();
    say(&mut device, &Message::connect(1));
    let subscribe = DeviceEventsSubscribe::NUMBER.unwrap();
    let (calls, said) = say(&mut device, &Message::call(0, subscribe, (6_u32,)));
    let [(refused, RawCall::SUBSCRIPTION, _)] = calls[..] else {
        panic!("it is passed on: {calls:?}")
    };
    assert_eq!(said, []);
    device.answer_subscription(refused, 6, Err(SubscribeError::TooMany));
    let said = Message::all_in(&drain(&mut device));
    assert_eq!(said, [Message::error(0, SubscribeError::TooMany)]);
    assert!(!queue.is_subscribed(6));

    let (calls, _) = say(&mut device, &Message::call(1, subscribe, (6_u32,)));
    device.answer_subscription(calls[0].0, 6, Ok(()));
    let subscribed = Subscribed { topic: 9, count: 0 };
    let said = Message::all_in(&drain(&mut device));
    assert_eq!(said, [Message::value(1, subscribed)]);

    // Those that were lost before they came here count as well.
    queue.note_lost(3);
    queue.emit_bytes(6, &[1]);
    let said = Message::all_in(&drain(&mut device));
    assert_eq!(said, [Message::new(Kind::Event, 3, &(9_u16, 1_u8))]);

    let (calls, _) = say(&mut device, &Message::call(2, subscribe, (5_u32,)));
    say(&mut device, &Message::connect(2));
    device.answer_subscription(calls[0].0, 5, Ok(()));
    assert!(!queue.is_subscribed(5), "its session has ended");
}

#[test]
fn callers_are_told_of_the_limit_of_the_device_behind() {
    for (limit, told) in [(40, 40), (200, 64), (0, 64)] {
        let mut device = RawServer::<_, 64, 4>::new(borrowed()).with_max_frame(limit);
        let (_, said) = say(&mut device, &Message::connect(0x1234_5678));
        let accept: Accept = postcard::from_bytes(&said[0].body).unwrap();
        assert_eq!((accept.nonce, accept.max_frame), (0x1234_5678, told));
        assert_eq!((accept.window, accept.fingerprint), (4, 77));
    }
}

/// Carries out a call of the tally as its server does.
fn carry_out(server: &mut Server<TallyService<Ledger>, 256, 1>, call: &Call) -> Message {
    let (_, index, arguments) = call;
    hand(server, &Message::connect(1).frame());
    let mut message = Message::call(0, FIRST_NUMBER + index, ());
    message.body.extend(arguments);
    hand(server, &message.frame()).remove(0)
}

#[test]
fn answered_at_once_it_says_what_a_server_says() {
    let mut server = Server::<_, 64, 3>::new(TallyService(Ledger::default()));
    let mut raw = RawServer::<_, 64, 3>::new(TallyService(Ledger::default()));
    let mut elsewhere = Server::new(TallyService(Ledger::default()));
    let mut random = SplitMix64::new(1);
    let mut answered = 0;
    let connect = Message::connect(SESSION);
    assert_eq!(
        say(&mut raw, &connect).1,
        hand(&mut server, &connect.frame())
    );
    for _ in 0..20_000 {
        let seq = random.byte() % 8;
        let amount = u32::from(random.byte());
        let message = match random.byte() % 16 {
            0 => connect.clone(),
            1 => Message::call(seq, FAIL, (seq,)),
            2 => Message::call(seq, FILL, (amount,)),
            3 => Message::call(seq, DevicePing::NUMBER.unwrap(), (amount,)),
            4 => Message::call(seq, 100, ()),
            5 => Message::call(seq, ADD, ()),
            _ => Message::call(seq, ADD, (amount,)),
        };
        let expected = hand(&mut server, &message.frame());
        let (calls, mut said) = say(&mut raw, &message);
        for call in calls {
            let reply = carry_out(&mut elsewhere, &call);
            let reply = match (reply.kind, &reply.body[..]) {
                (Kind::Return, value) => RawReply::Return(value),
                (Kind::Error, error) => RawReply::Error(error),
                (_, fault) => RawReply::Fault(Fault::from_code(fault[0]).expect("a fault")),
            };
            said.extend(answer(&mut raw, call.0, reply));
            answered += 1;
        }
        assert_eq!(said, expected, "{message:?}");
    }
    assert!(answered > 1_000, "{answered}");
    let counted: [&Statistics; 2] = [raw.statistics(), server.statistics()];
    assert_eq!(counted[0], counted[1]);
}
