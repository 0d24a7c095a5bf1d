//! Tests calls through a bridge: exactly once from end to end, with true outcomes whatever happens
//! between.

use rpc_proto::time::{Duration, Instant};
use tests::bridged::BridgedSimulation;
use tests::line::Faults;
use tests::simulation::Setup;

/// Returns a setup in which no deadline passes because of losses alone.
fn patient(seed: u64) -> Setup {
    Setup {
        timeout: Duration::from_secs(40),
        patience: Duration::from_secs(600),
        ..Setup::new(seed)
    }
}

#[test]
fn a_call_through_a_bridge_runs_once_and_returns_what_the_device_returned() {
    let mut simulation = BridgedSimulation::<4>::new(patient(1));
    let tally = simulation.accumulate(100, |_, _| {});
    assert_eq!((tally.right, tally.runs), (100, 100));
}

#[test]
fn every_call_runs_exactly_once_with_faults_on_both_links() {
    for (rate, calls) in [(1e-3, 3_000), (1e-2, 2_000)] {
        for seed in 0..3 {
            let setup = patient(seed).with_faults(Faults::mixed(rate));
            let mut simulation = BridgedSimulation::<4>::new(setup);
            let tally = simulation.accumulate(calls, |_, _| {});
            assert_eq!(tally.wrong, 0, "rate {rate}, seed {seed}: {tally:?}");
            assert_eq!(
                tally.right, calls as u64,
                "rate {rate}, seed {seed}: {tally:?}"
            );
            assert_eq!(
                tally.runs, calls as u64,
                "rate {rate}, seed {seed}: {tally:?}"
            );
        }
    }
}

#[test]
fn outcomes_are_true_when_device_and_bridge_are_reset_in_mid_call() {
    for rate in [0.0, 1e-3, 1e-2] {
        for seed in 0..3 {
            let setup = patient(seed).with_faults(Faults::mixed(rate));
            let mut simulation = BridgedSimulation::<4>::new(setup);
            let tally = simulation.accumulate(2_000, |simulation, ended| match ended % 100 {
                30 => simulation.reset_device(),
                80 => simulation.reset_bridge(),
                _ => {}
            });
            assert_eq!(tally.wrong, 0, "rate {rate}, seed {seed}: {tally:?}");
            assert!(tally.right > 1_500, "rate {rate}, seed {seed}: {tally:?}");
            assert!(tally.unknown > 0, "rate {rate}, seed {seed}: {tally:?}");
            assert_eq!(simulation.bridges, 1 + 20);
        }
    }
}

#[test]
fn a_call_that_the_bridge_could_not_pass_on_never_ran() {
    let mut simulation = BridgedSimulation::<4>::new(Setup::new(1));
    simulation.set_far_cut(true);
    let tally = simulation.accumulate(40, |simulation, ended| {
        if ended == 20 {
            simulation.set_far_cut(false);
        }
    });
    assert_eq!(tally.wrong, 0, "{tally:?}");
    assert!(tally.never_ran >= 20, "{tally:?}");
    assert!(tally.right >= 16, "{tally:?}");
    assert_eq!(tally.timed_out, 0, "the bridge answers before the deadline");
}

#[test]
fn calls_in_flight_when_the_far_link_is_lost_are_of_unknown_outcome() {
    let mut simulation = BridgedSimulation::<4>::new(Setup::new(1));
    let tally = simulation.accumulate(40, |simulation, ended| {
        if ended == 20 {
            simulation.set_far_cut(true);
        }
    });
    assert_eq!(tally.wrong, 0, "{tally:?}");
    assert!(tally.right >= 20, "{tally:?}");
    assert!(tally.unknown >= 1, "{tally:?}");
    assert!(tally.never_ran >= 1, "{tally:?}");
    assert_eq!(tally.timed_out, 0, "the bridge answers before the deadline");
}

#[test]
fn calls_of_a_caller_that_is_gone_do_not_run_later() {
    let mut simulation = BridgedSimulation::<4>::new(patient(1));
    simulation.set_far_cut(true);
    for amount in 1..=4 {
        simulation.start(amount);
    }
    let passed_on = Instant::from_micros(100_000);
    while simulation.now() < passed_on {
        simulation.step();
    }
    simulation.replace_caller();
    simulation.set_far_cut(false);
    let call = simulation.start(5);
    assert_eq!(simulation.finish(call), Ok(5));
    assert_eq!(simulation.journal.runs(), 1);
}

#[test]
fn a_bridge_keeps_the_window_of_the_far_link_full() {
    fn time<const WINDOW: usize>() -> u64 {
        let mut setup = patient(1);
        setup.run_time = Duration::from_millis(0);
        setup.pace.latency = Duration::from_millis(10);
        let mut simulation = BridgedSimulation::<WINDOW>::new(setup);
        let tally = simulation.accumulate(400, |_, _| {});
        assert_eq!(tally.right, 400);
        simulation.now().as_micros()
    }
    let (one, four) = (time::<1>(), time::<4>());
    assert!(
        one > 3 * four,
        "{one} µs with one call, {four} µs with four"
    );
}
