//! The time to the restart of the board: a moment if a caller asks for it, so that the reply can be sent
//! first; or that of a trial, so that an image with which nobody can talk does not stay. `TIMER0` interrupts
//! when it is up.

use core::sync::atomic::{AtomicBool, Ordering};
use cortex_m::peripheral::NVIC;
use nrf51_hal::pac::{Interrupt, Peripherals, TIMER0};
use nrf51_hal::timer::Timer;

/// The time for a reply, in microseconds.
const REPLY: u32 = 100_000;

/// The time in which an image on trial must be confirmed, in microseconds.
const TRIAL: u32 = 1_000_000
    * match option_env!("TRIAL_SECONDS") {
        None => 300,
        Some(seconds) => match u32::from_str_radix(seconds, 10) {
            Ok(seconds) => seconds,
            Err(_) => panic!("TRIAL_SECONDS is no number"),
        },
    };

/// True if a caller has asked for a restart.
static IS_ASKED_FOR: AtomicBool = AtomicBool::new(false);

/// Starts the time of a trial.
pub fn after_trial(timer: TIMER0) {
    start(timer, TRIAL);
}

/// Starts the time for a reply, and then the board is to restart.
pub fn soon() {
    IS_ASKED_FOR.store(true, Ordering::Relaxed);
    // SAFETY: what this timer did before does not matter any more.
    start(unsafe { Peripherals::steal() }.TIMER0, REPLY);
}

fn start(timer: TIMER0, microseconds: u32) {
    let mut timer = Timer::one_shot(timer);
    timer.enable_interrupt();
    timer.start(microseconds);
    // SAFETY: no critical section relies on this interrupt being masked.
    unsafe { NVIC::unmask(Interrupt::TIMER0) };
}

/// Returns true if a caller has asked for a restart. Called when the time is up.
pub fn is_asked_for() -> bool {
    // SAFETY: nothing else uses the timer now.
    Timer::one_shot(unsafe { Peripherals::steal() }.TIMER0).reset_event();
    IS_ASKED_FOR.load(Ordering::Relaxed)
}
