//! Tests procedures that return a sequence of items, and those that take one, through their typed
//! clients.

use rpc_proto::client::{CallError, Caller, Client, FeedError, Timing};
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::server::Server;
use rpc_proto::service;
use rpc_proto::service::{FIRST_NUMBER, Interface, Items, Member};
use rpc_proto::time::Instant;
use rpc_proto::wire::message::{Fault, Kind};
use tests::loopback::Loopback;
use tests::wire::{Message, hand};

/// What has been seen.
#[service]
trait Recorder {
    /// The squares of the numbers below `count`.
    fn squares(&mut self, count: u32) -> impl Iterator<Item = u64>;
    /// What was recorded, from the oldest.
    fn recorded(&mut self) -> impl Iterator<Item = i32> + '_;
    /// The words of a text.
    fn lengths<'a>(&mut self, text: &'a str) -> impl Iterator<Item = u8> + 'a;
    /// Texts of that many bytes, or not.
    fn texts(
        &mut self,
        count: u32,
        length: u32,
    ) -> Result<impl Iterator<Item = heapless::String<100>>, TooLong>;
    /// Records more, and tells how much there is.
    fn record(&mut self, scale: i32, more: Items<'_, i32>) -> u32;
    /// Records until something is negative.
    fn record_positive(&mut self, more: Items<'_, i32>) -> Result<u32, Negative>;
    /// How often anything was called to be recorded.
    #[idempotent]
    fn calls(&self) -> u32;
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
struct TooLong;

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
struct Negative(i32);

#[derive(Default)]
struct Tape {
    recorded: Vec<i32>,
    calls: u32,
}

impl Recorder for Tape {
    fn squares(&mut self, count: u32) -> impl Iterator<Item = u64> {
        (0..u64::from(count)).map(|number| number * number)
    }
    fn recorded(&mut self) -> impl Iterator<Item = i32> + '_ {
        self.recorded.iter().copied()
    }
    fn lengths<'a>(&mut self, text: &'a str) -> impl Iterator<Item = u8> + 'a {
        text.split(' ').map(|word| word.len() as u8)
    }
    fn texts(
        &mut self,
        count: u32,
        length: u32,
    ) -> Result<impl Iterator<Item = heapless::String<100>>, TooLong> {
        if length > 100 {
            return Err(TooLong);
        }
        let text = move |_| (0..length).map(|_| 'x').collect();
        Ok((0..count).map(text))
    }
    fn record(&mut self, scale: i32, more: Items<'_, i32>) -> u32 {
        self.calls += 1;
        self.recorded.extend(more.map(|item| item * scale));
        self.recorded.len() as u32
    }
    fn record_positive(&mut self, more: Items<'_, i32>) -> Result<u32, Negative> {
        self.calls += 1;
        for item in more {
            if item < 0 {
                return Err(Negative(item));
            }
            self.recorded.push(item);
        }
        Ok(self.recorded.len() as u32)
    }
    fn calls(&self) -> u32 {
        self.calls
    }
}

const FRAME: usize = 64;

/// Returns a caller with room for `CALLS` calls, and a device with room for as many.
fn recorder<const CALLS: usize>() -> RecorderClient<impl Caller> {
    let link = Loopback::<_, FRAME, CALLS>::new(RecorderService(Tape::default()));
    let mut micros = 0;
    let clock = move || {
        micros += 1;
        Instant::from_micros(micros)
    };
    let caller = BlockingCaller::new(
        link,
        clock,
        Client::<FRAME, CALLS>::new(1, Timing::default()),
    );
    RecorderClient::new(caller)
}

#[test]
fn all_items_come_in_order_however_many_there_are() {
    let mut recorder = recorder::<4>();
    for count in [0, 1, 2, 10, 100, 1_000] {
        let squares: Vec<u64> = recorder.squares(count).map(Result::unwrap).collect();
        let expected: Vec<u64> = (0..u64::from(count))
            .map(|number| number * number)
            .collect();
        assert_eq!(squares, expected);
    }
}

#[test]
fn a_caller_with_room_for_one_call_gets_them_too() {
    let mut recorder = recorder::<1>();
    let squares: Vec<u64> = recorder.squares(1_000).map(Result::unwrap).collect();
    assert_eq!(squares.len(), 1_000);
    assert_eq!(squares.last(), Some(&998_001));
}

#[test]
fn arguments_are_sent_with_every_batch() {
    let mut recorder = recorder::<3>();
    let text = "to be or not to be";
    let lengths: Result<Vec<u8>, _> = recorder.lengths(text).collect();
    assert_eq!(lengths, Ok(vec![2, 2, 2, 3, 2, 2]));
}

#[test]
fn a_stream_can_end_in_the_procedures_own_error() {
    let mut recorder = recorder::<3>();
    let mut texts = recorder.texts(1, 101);
    assert_eq!(texts.next(), Some(Err(CallError::Error(TooLong))));
    assert_eq!(texts.next(), None);
}

#[test]
fn an_item_that_fits_no_frame_is_an_error_and_one_that_just_fits_is_not() {
    /// Header, code, checksum, delimiter, the item's length, and the end of the batch.
    const AROUND: u32 = 1 + 1 + 4 + 1 + 1 + 1;
    let mut recorder = recorder::<3>();
    let longest = FRAME as u32 - AROUND;
    let texts: Result<Vec<_>, _> = recorder.texts(5, longest).collect();
    assert_eq!(texts.map(|texts| texts.len()), Ok(5));
    let mut texts = recorder.texts(5, longest + 1);
    assert_eq!(texts.next(), Some(Err(CallError::ReplyTooLarge)));
}

#[test]
fn a_stream_may_be_left_at_any_item() {
    let mut recorder = recorder::<4>();
    for seen in 0..100 {
        let items = recorder.squares(1_000).take(seen).count();
        assert_eq!(items, seen);
        // Calls in flight do not keep their place.
        assert_eq!(recorder.calls(), Ok(0));
    }
}

#[test]
fn a_stream_that_was_forgotten_does_not_keep_later_calls_from_being_made() {
    let mut recorder = recorder::<4>();
    let mut squares = recorder.squares(1_000);
    assert!(squares.next().is_some());
    std::mem::forget(squares);
    assert_eq!(recorder.calls(), Ok(0));
}

#[test]
fn fed_items_arrive_once_and_in_order_in_as_few_calls_as_possible() {
    let mut recorder = recorder::<4>();
    assert_eq!(recorder.record(2, 0..500), Ok(500));
    let recorded: Result<Vec<i32>, _> = recorder.recorded().collect();
    assert_eq!(recorded, Ok((0..500).map(|item| item * 2).collect()));
    // Items of one and two bytes, in frames of 64.
    let calls = recorder.calls().unwrap();
    assert!((15..=22).contains(&calls), "{calls}");
}

#[test]
fn without_items_a_feed_is_one_call() {
    let mut recorder = recorder::<4>();
    assert_eq!(recorder.record(1, []), Ok(0));
    assert_eq!(recorder.calls(), Ok(1));
}

#[test]
fn nothing_runs_after_a_feeds_own_error_and_the_items_before_it_are_counted() {
    let mut recorder = recorder::<4>();
    let mut items: Vec<i32> = (0..300).collect();
    items[100] = -1;
    let FeedError { taken, error } = recorder.record_positive(items).unwrap_err();
    assert_eq!(error, CallError::Error(Negative(-1)));
    assert!((50..=100).contains(&taken), "{taken}");
    let recorded: Result<Vec<i32>, _> = recorder.recorded().collect();
    assert_eq!(recorded, Ok((0..100).collect()));
}

#[test]
fn a_sequence_that_does_not_decode_is_bad_arguments_and_never_runs() {
    let mut server = Server::<_, FRAME, 1>::new(RecorderService(Tape::default()));
    let index = RecorderService(Tape::default())
        .resolve(RecorderRecord::KEY)
        .unwrap();
    // A third item is missing, one is left over, one is no i32.
    for bad in [
        &b"\x02\x03\x02\x04"[..],
        b"\x02\x01\x02\x04",
        b"\x02\x02\x04\xff\xff\xff\xff\xff\x01",
    ] {
        hand(&mut server, &Message::connect(1).frame());
        let mut call = Message::call(0, FIRST_NUMBER + index, ());
        call.body.extend(bad);
        let said = hand(&mut server, &call.frame());
        assert_eq!(said, [Message::fault(0, Fault::BadArguments)]);
        assert_eq!(server.interface().0.calls, 0);
    }
}

#[test]
fn a_batch_is_items_their_number_and_whether_more_follow() {
    let mut server = Server::<_, FRAME, 1>::new(RecorderService(Tape::default()));
    let index = RecorderService(Tape::default())
        .resolve(RecorderSquares::KEY)
        .unwrap();
    for (position, limit, batch) in [
        (0, 2, &[0, 1, 0x02][..]),
        (2, 1, &[4, 0x01]),
        (2, 2, &[4, 9, 0x82]),
        (2, 127, &[4, 9, 0x82]),
        (4, 127, &[0x80]),
        // Beyond the end.
        (5, 127, &[0x00]),
    ] {
        hand(&mut server, &Message::connect(1).frame());
        let asked: (u32, u8, u32) = (position, limit, 4);
        let call = Message::call(0, FIRST_NUMBER + index, asked);
        let said = hand(&mut server, &call.frame());
        let (kind, body) = (Kind::Return, batch.to_vec());
        assert_eq!(said, [Message { kind, seq: 0, body }]);
    }
}
