//! Tests that the link can be cut or the device reset after every single byte of a conversation, in
//! either direction: the outcomes of the caller's calls must be true, and the next call works.

use rpc_proto::client::{CallError, Cause, Ran};
use rpc_proto::service::{Never, Procedure};
use rpc_proto::time::Duration;
use tests::counter::{CounterAccumulate, CounterDouble};
use tests::line::Line;
use tests::simulation::{Setup, Simulation};

type Link = Simulation<4, 4>;
type Outcome = Result<i64, CallError>;

/// An event after a certain byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// The device is reset.
    Reset,
    /// Nothing passes for so many milliseconds, without notice to either end.
    Cut(u32),
    /// The caller's adapter is pulled out and put back.
    Unplug,
}

const CUT_WITHIN_THE_DEADLINE: Event = Event::Cut(300);
const CUT_BEYOND_THE_DEADLINE: Event = Event::Cut(2_500);

/// The direction whose bytes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    ToDevice,
    ToCaller,
}

/// The state of the two ends when the call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    PoweredUp,
    Connected,
}

/// The outcome of a call that was disturbed after `position` bytes.
#[derive(Clone, Copy, Debug)]
struct Case {
    direction: Direction,
    position: u64,
    outcome: Outcome,
    runs: u8,
}

/// Disturbs one call after each byte in each direction, and checks that its outcome is true.
fn every_case<P>(event: Event, begin: Begin) -> Vec<Case>
where
    P: for<'a> Procedure<Arguments<'a> = (i64,), Value<'a> = i64, Error = Never>,
{
    let mut cases = Vec::new();
    for direction in [Direction::ToDevice, Direction::ToCaller] {
        let of_direction = (0..).map_while(|position| {
            let (outcomes, link) = disturb::<P, 1>(event, begin, direction, position)?;
            Some(Case {
                direction,
                position,
                outcome: outcomes[0],
                runs: link.journal.runs_of(AMOUNTS[0]),
            })
        });
        cases.extend(of_direction);
    }
    // A call is 9 bytes and a reply 7.
    assert!(16 <= cases.len(), "{cases:?}");
    cases
}

/// The amounts of the calls that are disturbed.
const AMOUNTS: [i64; 4] = [10, 11, 12, 13];

/// Makes `COUNT` calls at once, lets the event happen after `position` bytes, waits for the calls
/// to end, makes another, and checks the outcomes of all. Returns None if there are not so many
/// bytes.
fn disturb<P, const COUNT: usize>(
    event: Event,
    begin: Begin,
    direction: Direction,
    position: u64,
) -> Option<([Outcome; COUNT], Link)>
where
    P: for<'a> Procedure<Arguments<'a> = (i64,), Value<'a> = i64, Error = Never>,
{
    let mut link = Link::new(Setup::new(1));
    if begin == Begin::Connected {
        assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
    }
    let line = |link: &Link| match direction {
        Direction::ToDevice => link.to_device.received(),
        Direction::ToCaller => link.to_caller.received(),
    };
    let last_byte = line(&link) + position;
    let calls: [_; COUNT] =
        std::array::from_fn(|index| link.start::<P>(AMOUNTS[index]).expect("there is room"));
    let has_ended = |link: &Link| calls.iter().all(|&call| link.is_ended(call));
    link.run_until(|link| last_byte <= line(link) || has_ended(link));
    if line(&link) < last_byte {
        return None;
    }
    happen(event, &mut link);
    link.run_until(|link| has_ended(link));
    let outcomes = calls.map(|call| link.take::<P>(call).expect("it has ended"));

    let next = link.call::<CounterAccumulate>(20);
    link.run_until_idle();
    let place = format!("{event:?} after byte {position} {direction:?}, {outcomes:?}");
    assert_eq!(next, Ok(link.journal.value_of(20)), "{place}");
    assert_eq!(link.journal.runs_of(20), 1, "{place}");
    for (amount, outcome) in AMOUNTS.into_iter().zip(outcomes) {
        let runs = link.journal.runs_of(amount);
        let value = link.journal.value_of(amount);
        let is_true = match outcome.map_err(|error| error.ran()) {
            Ok(returned) => returned == value && (runs == 1 || P::IDEMPOTENT && runs > 1),
            Err(Ran::Never) => runs == 0,
            Err(Ran::Unknown) => runs <= 1 || P::IDEMPOTENT,
            Err(Ran::Once) => false,
        };
        assert!(is_true, "{place}: ran {runs} times");
    }
    Some((outcomes, link))
}

fn happen(event: Event, link: &mut Link) {
    let both = |link: &mut Link, act: fn(&mut Line)| {
        act(&mut link.to_device);
        act(&mut link.to_caller);
    };
    match event {
        Event::Reset => link.reset_device(),
        Event::Cut(millis) => {
            both(link, Line::cut);
            link.run_for(Duration::from_millis(millis));
            both(link, Line::mend);
        }
        Event::Unplug => {
            both(link, Line::cut);
            link.client().link_lost();
            link.run_for(Duration::from_millis(50));
            both(link, Line::mend);
        }
    }
}

#[test]
fn a_cut_within_the_deadline_is_made_up_for_without_running_twice() {
    for begin in [Begin::PoweredUp, Begin::Connected] {
        for case in every_case::<CounterAccumulate>(CUT_WITHIN_THE_DEADLINE, begin) {
            assert!(case.outcome.is_ok(), "{case:?}");
        }
        for case in every_case::<CounterDouble>(CUT_WITHIN_THE_DEADLINE, begin) {
            assert!(case.outcome.is_ok(), "{case:?}");
            assert_eq!(case.runs, 1, "the session goes on: {case:?}");
        }
    }
}

#[test]
fn a_cut_beyond_the_deadline_leaves_the_outcome_unknown_once_the_call_was_sent() {
    const UNKNOWN: Outcome = Err(CallError::OutcomeUnknown(Cause::Timeout));
    for case in every_case::<CounterAccumulate>(CUT_BEYOND_THE_DEADLINE, Begin::Connected) {
        assert!(case.outcome == UNKNOWN || is_complete(&case), "{case:?}");
    }
    let cases = every_case::<CounterAccumulate>(CUT_BEYOND_THE_DEADLINE, Begin::PoweredUp);
    let never = cases
        .iter()
        .filter(|case| case.outcome == Err(CallError::Timeout));
    assert!(13 < never.clone().count(), "{cases:?}");
    for case in never {
        assert_eq!(case.runs, 0, "{case:?}");
    }
}

#[test]
fn a_call_that_is_repeatable_survives_every_reset_and_every_unplugging() {
    for event in [Event::Reset, Event::Unplug] {
        for begin in [Begin::PoweredUp, Begin::Connected] {
            for case in every_case::<CounterDouble>(event, begin) {
                assert_eq!(case.outcome, Ok(2 * AMOUNTS[0]), "{event:?} {case:?}");
            }
        }
    }
}

#[test]
fn a_reset_costs_a_call_its_outcome_only_while_the_device_has_a_part_of_it() {
    const UNKNOWN: Outcome = Err(CallError::OutcomeUnknown(Cause::Reset));
    for case in every_case::<CounterAccumulate>(Event::Reset, Begin::Connected) {
        let arrives_whole = case.direction == Direction::ToDevice && case.position == 0;
        if arrives_whole || is_complete(&case) {
            assert!(case.outcome.is_ok(), "{case:?}");
        } else {
            assert_eq!(case.outcome, UNKNOWN, "{case:?}");
        }
    }
    let cases = every_case::<CounterAccumulate>(Event::Reset, Begin::PoweredUp);
    let unknown = cases.iter().filter(|case| case.outcome.is_err()).count();
    assert!(
        unknown < cases.len() / 2,
        "{unknown} of {} resets, connecting included",
        cases.len()
    );
}

/// Returns true if the whole reply had arrived.
fn is_complete(case: &Case) -> bool {
    case.outcome.is_ok() && case.runs == 1
}

#[test]
fn an_unplugged_call_is_known_not_to_have_run_until_it_is_sent() {
    const UNKNOWN: Outcome = Err(CallError::OutcomeUnknown(Cause::Disconnected));
    for begin in [Begin::PoweredUp, Begin::Connected] {
        for case in every_case::<CounterAccumulate>(Event::Unplug, begin) {
            assert!(case.outcome == UNKNOWN || is_complete(&case), "{case:?}");
        }
    }
}

#[test]
fn of_calls_in_flight_each_outcome_is_the_truth_whatever_happens() {
    let events = [
        Event::Reset,
        Event::Unplug,
        CUT_WITHIN_THE_DEADLINE,
        CUT_BEYOND_THE_DEADLINE,
    ];
    for event in events {
        for begin in [Begin::PoweredUp, Begin::Connected] {
            for direction in [Direction::ToDevice, Direction::ToCaller] {
                let disturb_all = |position| {
                    let once = disturb::<CounterAccumulate, 4>(event, begin, direction, position);
                    let again = disturb::<CounterDouble, 4>(event, begin, direction, position);
                    once.and(again)
                };
                let positions = (0..).map_while(disturb_all).count();
                assert!(32 <= positions, "{positions}");
            }
        }
    }
}

#[test]
fn of_calls_in_flight_those_that_a_reset_device_rejects_are_sent_again() {
    const UNKNOWN: Outcome = Err(CallError::OutcomeUnknown(Cause::Reset));
    let outcomes_after = |position| {
        let begin = Begin::Connected;
        let direction = Direction::ToDevice;
        let disturbed = disturb::<CounterAccumulate, 4>(Event::Reset, begin, direction, position);
        disturbed.expect("calls have so many bytes").0
    };
    let nothing_received = [Ok(10), Ok(21), Ok(33), Ok(46)];
    assert_eq!(outcomes_after(0), nothing_received);
    let half_a_call_received = [UNKNOWN, Ok(11), Ok(23), Ok(36)];
    assert_eq!(outcomes_after(5), half_a_call_received);
    // The delimiter that the device begins with ends the reply that was broken off: it does not
    // spoil the rejection of the second call.
    let reply_begun = [UNKNOWN, Ok(11), Ok(23), Ok(36)];
    assert_eq!(outcomes_after(9), reply_begun);
}
