//! Tests streams and feeds.

use rpc_proto::client::{CallError, FeedError, Ran};
use rpc_proto::service;
use rpc_proto::service::Items;
use rpc_proto::time::Duration;
use tests::line::{Faults, Pace};
use tests::virtual_link::{Mishap, VirtualCaller, VirtualLink};

const FRAME: usize = 48;
const WINDOW: usize = 4;

/// The number of items of a stream or feed.
const ITEMS: u32 = 300;

/// The number of seeds for each bad link.
const SEEDS: u64 = 20;

/// Gives and takes numbers.
#[service]
trait Numbers {
    /// The numbers below `count`, each with its square.
    fn squares(&mut self, count: u32) -> impl Iterator<Item = (u32, u64)>;
    /// Takes numbers.
    fn take(&mut self, numbers: Items<'_, u32>) -> u32;
    /// Takes numbers below 1000.
    fn take_small(&mut self, numbers: Items<'_, u32>) -> Result<u32, u32>;
}

/// The items that were taken since the device was first on.
#[derive(Default)]
struct Journal(Vec<u32>);

impl Numbers for Journal {
    fn squares(&mut self, count: u32) -> impl Iterator<Item = (u32, u64)> {
        (0..count).map(|number| (number, u64::from(number).pow(2)))
    }
    fn take(&mut self, numbers: Items<'_, u32>) -> u32 {
        self.0.extend(numbers);
        self.0.len() as u32
    }
    fn take_small(&mut self, numbers: Items<'_, u32>) -> Result<u32, u32> {
        for number in numbers {
            if number >= 1_000 {
                return Err(number);
            }
            self.0.push(number);
        }
        Ok(self.0.len() as u32)
    }
}

type Caller = VirtualCaller<NumbersService<Journal>, FRAME, WINDOW>;

fn start(before: Option<&mut NumbersService<Journal>>) -> NumbersService<Journal> {
    let journal = before.map(|before| std::mem::take(&mut before.0));
    NumbersService(journal.unwrap_or_default())
}

fn caller(faults: Faults, seed: u64) -> Caller {
    let mut caller = VirtualLink::caller(Pace::uart(115_200), faults, seed, start);
    caller.client().set_patience(Duration::from_secs(5), 0);
    caller
}

fn squares() -> Vec<(u32, u64)> {
    (0..ITEMS)
        .map(|number| (number, u64::from(number).pow(2)))
        .collect()
}

#[test]
fn a_stream_arrives_complete_and_once_over_a_bad_link() {
    for rate in [1e-4, 1e-3, 5e-3] {
        for seed in 0..SEEDS {
            let mut caller = caller(Faults::mixed(rate), seed);
            let items: Result<Vec<_>, _> = NumbersClient::new(&mut caller).squares(ITEMS).collect();
            assert!(items == Ok(squares()), "{rate} {seed}");
        }
    }
}

#[test]
fn a_stream_goes_on_after_a_reset_at_any_byte() {
    for at in 0..500 {
        let mut caller = caller(Faults::NONE, at);
        caller.link().after(at, Mishap::Reset);
        let items: Result<Vec<_>, _> = NumbersClient::new(&mut caller).squares(ITEMS).collect();
        assert!(items == Ok(squares()), "{at}");
    }
}

#[test]
fn a_stream_over_a_line_that_is_cut_ends_in_an_error_after_items_that_are_right() {
    let all = squares();
    let mut cut_short = 0;
    for at in 1..500 {
        let mut caller = caller(Faults::NONE, 1);
        caller.link().after(at, Mishap::Cut);
        let mut numbers = NumbersClient::new(&mut caller);
        let mut stream = numbers.squares(ITEMS);
        let items: Vec<_> = stream.by_ref().map_while(Result::ok).collect();
        assert!(all.starts_with(&items), "{at}");
        // It has ended for good.
        assert!(stream.next().is_none());
        cut_short += u32::from(items.len() < all.len());
    }
    assert!(cut_short > 100, "{cut_short}");
}

#[test]
fn a_stream_that_is_cut_says_so() {
    let mut caller = caller(Faults::NONE, 1);
    caller.link().after(100, Mishap::Cut);
    let last = NumbersClient::new(&mut caller).squares(ITEMS).last();
    // It was asked for again before the caller gave up, and not answered then either.
    assert_eq!(last, Some(Err(CallError::Timeout)));
}

#[test]
fn fed_items_are_taken_once_and_in_order_over_a_bad_link() {
    for rate in [1e-4, 1e-3, 5e-3] {
        for seed in 0..SEEDS {
            let mut caller = caller(Faults::mixed(rate), seed);
            let mut numbers = NumbersClient::new(&mut caller);
            assert_eq!(numbers.take(0..ITEMS), Ok(ITEMS), "{rate} {seed}");
            assert_eq!(numbers.take_small(0..ITEMS), Ok(2 * ITEMS), "{rate} {seed}");
            let twice: Vec<u32> = (0..ITEMS).chain(0..ITEMS).collect();
            assert!(caller.link().interface().0.0 == twice, "{rate} {seed}");
        }
    }
}

#[test]
fn after_a_reset_no_item_is_taken_twice_and_those_said_to_be_taken_are() {
    let mut failed = 0;
    for at in 0..700 {
        let mut caller = caller(Faults::NONE, at);
        caller.link().after(at, Mishap::Reset);
        let end = NumbersClient::new(&mut caller).take_small(0..ITEMS);
        let taken = &caller.link().interface().0.0;
        let expected: Vec<u32> = (0..taken.len() as u32).collect();
        // One call at a time: the items that were taken have no gap.
        assert_eq!(*taken, expected, "{at}");
        match end {
            Ok(count) => assert_eq!(count, ITEMS),
            Err(FeedError {
                taken: certain,
                error,
            }) => {
                failed += 1;
                assert_eq!(error.ran(), Ran::Unknown);
                let most = certain as usize + FRAME;
                assert!(
                    (certain as usize..=most).contains(&taken.len()),
                    "{at}: {certain}"
                );
            }
        }
    }
    assert!(failed > 0);
}

#[test]
fn several_calls_under_way_take_no_item_twice_either() {
    for at in 0..700 {
        let mut caller = caller(Faults::NONE, at);
        caller.link().after(at, Mishap::Reset);
        let end = NumbersClient::new(&mut caller).take(0..ITEMS);
        let taken = &caller.link().interface().0.0;
        assert!(taken.is_sorted_by(|one, other| one < other), "{at}");
        let certain = end.map_or_else(|failed| failed.taken, |_| ITEMS);
        let expected: Vec<u32> = (0..certain).collect();
        assert!(taken.starts_with(&expected), "{at}: {certain}");
    }
}

#[test]
fn nothing_is_taken_behind_an_error_of_the_procedures_own() {
    let mut caller = caller(Faults::NONE, 1);
    let numbers = (0..100).chain([5_000]).chain(0..100);
    let failed = NumbersClient::new(&mut caller)
        .take_small(numbers)
        .unwrap_err();
    assert_eq!(failed.error, CallError::Error(5_000));
    assert_eq!(caller.link().interface().0.0.len(), 100);
}
