//! Tests when frames are sent again, and that they are not sent again without need.

use rpc_proto::client::{Target, Timing};
use rpc_proto::time::Duration;
use tests::counter::CounterAccumulate;
use tests::line::{Faults, Line, Pace};
use tests::simulation::{Setup, Simulation};
use tests::workload;

/// The number of calls with each setup.
const CALLS: i64 = 300;

#[test]
fn a_perfect_line_carries_every_frame_once() {
    for pace in [
        Pace::INSTANT,
        Pace::uart(9_600),
        Pace::uart(115_200),
        Pace::adapter(115_200, Duration::from_millis(1)),
        Pace::adapter(115_200, Duration::from_millis(16)),
        Pace::adapter(9_600, Duration::from_millis(16)),
    ] {
        for run_time in [0, 1_000, 20_000] {
            let setup = Setup {
                pace,
                run_time: Duration::from_micros(run_time),
                ..Setup::new(1)
            };
            assert_nothing_is_resent::<1, 1>(setup);
            assert_nothing_is_resent::<4, 4>(setup);
            assert_nothing_is_resent::<15, 15>(setup);
        }
    }
}

fn assert_nothing_is_resent<const ROOM: usize, const WINDOW: usize>(setup: Setup) {
    let mut simulation = Simulation::<ROOM, WINDOW>::new(setup);
    workload::accumulate(&mut simulation, CALLS, |_, _| {});
    let caller = simulation.counters().caller;
    assert_eq!(caller.resent, 0);
    assert_eq!(i64::from(caller.sent), CALLS + 1, "and a Connect");
}

#[test]
fn calls_sent_ahead_never_overrun_the_receive_buffer() {
    for buffer in [0, 9, 16, 32, 64, 150, 400] {
        for run_time in [0, 500, 3_000, 30_000] {
            let setup = Setup {
                buffer,
                run_time: Duration::from_micros(run_time),
                ..Setup::new(1)
            };
            assert_nothing_is_overrun::<4, 4>(setup);
            assert_nothing_is_overrun::<15, 15>(setup);
        }
    }
}

fn assert_nothing_is_overrun<const ROOM: usize, const WINDOW: usize>(setup: Setup) {
    let mut simulation = Simulation::<ROOM, WINDOW>::new(setup);
    let tally = workload::accumulate(&mut simulation, CALLS, |_, _| {});
    let counters = simulation.counters();
    assert_eq!(tally.right, CALLS as u64);
    assert_eq!(counters.overruns, 0);
    assert_eq!(counters.caller.resent, 0);
}

#[test]
fn a_call_gets_through_soon_after_a_dead_line_is_alive_again() {
    for dead_for in [20, 200, 700, 1_200, 1_900] {
        let mut link = Simulation::<1, 1>::new(Setup {
            timeout: Duration::from_secs(5),
            ..Setup::new(1)
        });
        assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
        link.to_device.cut();
        let call = link.start::<CounterAccumulate>(2).expect("there is room");
        link.run_for(Duration::from_millis(dead_for));
        link.to_device.mend();
        let alive = link.now();
        link.run_until_ended(call);
        let took = link.now().since(alive);
        // An eighth of the time that the call had left.
        let bound = Duration::from_millis((5_000 - dead_for).max(2_000) / 8 + 10);
        assert!(took < bound, "{dead_for} ms: {took:?}");
    }
}

#[test]
fn a_procedure_slower_than_any_resend_time_costs_a_few_frames_and_nothing_else() {
    let mut link = Simulation::<1, 1>::new(Setup {
        run_time: Duration::from_secs(1),
        ..Setup::new(1)
    });
    for amount in 1..=20 {
        assert!(link.call::<CounterAccumulate>(amount).is_ok());
    }
    let counters = link.counters();
    assert_eq!(link.journal.runs(), 20);
    assert!(counters.caller.resent <= 20 * 8, "{counters:?}");
    assert!(
        counters.time < Duration::from_millis(20_100),
        "{counters:?}"
    );
}

#[test]
fn a_procedure_that_takes_seconds_costs_few_frames_if_its_call_has_much_time() {
    let mut link = Simulation::<1, 1>::new(Setup {
        run_time: Duration::from_secs(10),
        timeout: Duration::from_secs(60),
        patience: Duration::from_secs(100),
        ..Setup::new(1)
    });
    for amount in 1..=5 {
        assert!(link.call::<CounterAccumulate>(amount).is_ok());
    }
    let counters = link.counters();
    assert_eq!(link.journal.runs(), 5);
    // Every 250 ms, it would be 200.
    assert!(counters.caller.resent <= 5 * 7, "{counters:?}");
}

#[test]
fn a_reply_that_is_still_arriving_is_not_asked_for_again() {
    const PING: Target = Target::fixed(3, true);
    let mut link = Simulation::<1, 1, 256>::new(Setup {
        pace: Pace::uart(9_600),
        ..Setup::new(1)
    });
    for amount in 1..=50 {
        assert!(link.call::<CounterAccumulate>(amount).is_ok());
    }
    let deadline = link.now() + Duration::from_secs(2);
    let long = [7_u8; 240];
    let ping = link.client().start(PING, deadline, &&long[..]);
    let ping = ping.expect("there is room");
    link.run_until_ended(ping);
    assert!(matches!(link.client().take(ping), Some(Ok(_))));
    link.run_until_idle();
    assert_eq!(link.counters().caller.resent, 0);
}

#[test]
fn an_accept_that_arrives_broken_is_asked_for_again_at_once() {
    let mut link = Simulation::<1, 1>::new(Setup::new(1));
    assert_a_broken_answer_is_asked_for_again_at_once(&mut link);
}

#[test]
fn a_reply_that_arrives_broken_is_asked_for_again_at_once() {
    let mut link = Simulation::<1, 1>::new(Setup {
        timing: SLOW,
        ..Setup::new(1)
    });
    assert_eq!(link.call::<CounterAccumulate>(0), Ok(0));
    assert_a_broken_answer_is_asked_for_again_at_once(&mut link);
}

/// Makes a call, loses a byte from the middle of the device's first frame, and asserts that it is
/// asked for again at once.
fn assert_a_broken_answer_is_asked_for_again_at_once(link: &mut Simulation<1, 1>) {
    let begin = link.now();
    let third = link.to_caller.received() + 3;
    let call = link.start::<CounterAccumulate>(1).expect("there is room");
    link.run_until(|link| link.to_caller.received() == third);
    link.to_caller.cut();
    link.to_caller.mend();
    link.run_until_ended(call);
    assert_eq!(link.take::<CounterAccumulate>(call), Some(Ok(1)));
    assert_eq!(link.counters().caller.broken, 1);
    let took = link.now().since(begin);
    assert!(took < Duration::from_millis(10), "{took:?}");
}

/// Resend times that no test can overlook.
const SLOW: Timing = Timing {
    initial: Duration::from_secs(1),
    min: Duration::from_secs(1),
    max: Duration::from_secs(1),
    max_patient: Duration::from_secs(1),
};

#[test]
fn a_frame_lost_from_the_middle_of_a_window_is_made_up_for_without_waiting() {
    // A call has 9 bytes and a reply 7; the second of each is lost, whole or from its middle.
    for lost in [9..18, 9..17, 12..18, 17..18] {
        assert_is_made_up_for_at_once(|link| &mut link.to_device, lost);
    }
    for lost in [7..14, 7..13, 10..14, 13..14] {
        assert_is_made_up_for_at_once(|link| &mut link.to_caller, lost);
    }
}

/// Makes four calls at once, of which a line loses those bytes, and asserts that they are sent
/// again at once.
fn assert_is_made_up_for_at_once(
    line: fn(&mut Simulation<4, 4>) -> &mut Line,
    lost: std::ops::Range<u64>,
) {
    let mut link = Simulation::<4, 4>::new(Setup {
        timing: SLOW,
        ..Setup::new(1)
    });
    assert_eq!(link.call::<CounterAccumulate>(1), Ok(1));
    let begin = link.now();
    let first = line(&mut link).sent();
    let calls = [2, 3, 4, 5].map(|amount| {
        link.start::<CounterAccumulate>(amount)
            .expect("there is room")
    });
    run_until_sent(&mut link, line, first + lost.start);
    // Bytes that were sent before have arrived, since this line has no latency.
    link.run_for(Duration::from_micros(87));
    line(&mut link).cut();
    run_until_sent(&mut link, line, first + lost.end);
    line(&mut link).mend();
    let totals = calls.map(|call| {
        link.run_until_ended(call);
        link.take::<CounterAccumulate>(call)
    });
    assert_eq!(totals, [3, 6, 10, 15].map(|total| Some(Ok(total))));
    let took = link.now().since(begin);
    assert!(took < Duration::from_millis(20), "{lost:?}: {took:?}");
}

fn run_until_sent(
    link: &mut Simulation<4, 4>,
    line: fn(&mut Simulation<4, 4>) -> &mut Line,
    bytes: u64,
) {
    while line(link).sent() < bytes {
        assert!(link.step(), "so many bytes are sent");
    }
}

#[test]
fn a_fault_does_not_echo_between_a_caller_and_a_device_that_is_read_by_polling() {
    let faults = Faults::mixed(1e-4);
    let mut link = Simulation::<1, 1>::new(Setup {
        buffer: 0,
        ..Setup::new(3).with_faults(faults)
    });
    workload::accumulate(&mut link, 5_000, |_, _| {});
    // 80,000 bytes meet eight faults or so, some of them a burst.
    let resent = link.counters().caller.resent;
    assert!(resent < 50, "{resent}");
}
