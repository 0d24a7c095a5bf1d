//! Runs futures in virtual time: whenever nothing is left to do, the clock jumps to the next event.
//!
//! Every future is polled whenever anything has happened, so nothing needs to be woken, and every
//! run is the same as the one before.

use crate::clock::VirtualClock;
use embassy_futures::select::{Either, select};
use embedded_hal_async::delay::DelayNs;
use rpc_proto::time::{Duration, Instant};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// A future that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// Virtual time for futures; clones are the same time.
#[derive(Clone, Debug, Default)]
pub struct VirtualTime {
    clock: VirtualClock,
    /// The times at which waiting futures want to be polled again.
    alarms: Rc<RefCell<Vec<Instant>>>,
    /// True if something has happened that others may wait for.
    happened: Rc<Cell<bool>>,
}

impl VirtualTime {
    /// Returns the clock, which shows this time.
    #[must_use]
    pub fn clock(&self) -> VirtualClock {
        self.clock.clone()
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.time()
    }

    /// Notes that something has happened that another future may wait for.
    pub fn note(&self) {
        self.happened.set(true);
    }

    /// Schedules the current future to be polled again at `then`.
    pub fn wake_at(&self, then: Instant) {
        self.alarms.borrow_mut().push(then);
    }

    /// Waits for that long.
    pub async fn sleep(&self, duration: Duration) {
        let then = self.now() + duration;
        poll_fn(|_| {
            if self.now() >= then {
                return Poll::Ready(());
            }
            self.wake_at(then);
            Poll::Pending
        })
        .await;
    }

    /// Runs a future to its end.
    ///
    /// # Panics
    /// Panics if it waits for nothing, or for ever.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let end = self.poll(pin!(future), u32::MAX);
        end.expect("it does not end")
    }

    /// Runs a future to its end while the `world` around it goes on.
    ///
    /// # Panics
    /// Panics if `world` ends first, or if both wait for nothing, or for ever.
    pub fn run_in<F: Future>(&self, world: impl Future, future: F) -> F::Output {
        match self.run(select(world, future)) {
            Either::First(_) => panic!("the world has ended"),
            Either::Second(output) => output,
        }
    }

    /// Runs a future until it ends, or has been polled that often.
    ///
    /// # Panics
    /// Panics if it waits for nothing, or for ever.
    pub fn poll<F: Future>(&self, mut future: Pin<&mut F>, times: u32) -> Option<F::Output> {
        let limit = self.now() + PATIENCE;
        for _ in 0..times {
            if let Some(output) = self.look(future.as_mut()) {
                return Some(output);
            }
            if !self.happened.get() {
                let next = self.alarms.borrow().iter().min().copied();
                self.clock
                    .advance_to(next.expect("nothing is left to happen"));
                assert!(self.now() < limit, "it hangs");
            }
        }
        None
    }

    /// Polls a future once, and lets no time pass.
    pub fn look<F: Future>(&self, future: Pin<&mut F>) -> Option<F::Output> {
        self.alarms.borrow_mut().clear();
        self.happened.set(false);
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }
}

impl DelayNs for VirtualTime {
    async fn delay_ns(&mut self, nanos: u32) {
        let micros = Duration::from_micros(u64::from(nanos.div_ceil(1000)));
        self.sleep(micros).await;
    }

    async fn delay_us(&mut self, micros: u32) {
        self.sleep(Duration::from_micros(micros.into())).await;
    }

    async fn delay_ms(&mut self, millis: u32) {
        self.sleep(Duration::from_millis(millis)).await;
    }
}
