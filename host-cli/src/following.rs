//! Follows an event for as long as the user likes, over losses, resets, and a port that disappears
//! and comes back. A message reports each of these.

use crate::failure::Failure;
use crate::interrupt;
use crate::output::counted;
use rpc_proto::client::{CallError, Cause};
use rpc_proto::device::SubscribeError;
use serial_rpc::Connection;
use serial_rpc::connection::{EncodedEvent, EncodedSubscription};
use std::time::{Duration, Instant};

/// The shortest time between two messages about the same: a flood is summed up.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// Takes messages for the user.
pub type Notify<'n> = &'n mut dyn FnMut(String);

/// An event that is followed.
pub struct Following<'d> {
    device: &'d Connection,
    subscription: EncodedSubscription,
    interruptions: Interruptions,
    /// The number of losses after the last event that were reported to the user.
    losses_told: u32,
    lost: Tally,
    unreadable: Tally,
}

impl<'d> Following<'d> {
    /// Subscribes to the event with that key.
    pub fn new(device: &'d Connection, key: u32) -> Result<Self, CallError<SubscribeError>> {
        Ok(Self {
            subscription: device.subscribe_by_key(key)?,
            device,
            interruptions: Interruptions::new(device),
            losses_told: 0,
            lost: Tally::new(["event was lost", "events were lost"]),
            unreadable: Tally::new([
                "event came with data that makes no sense",
                "events came with data that makes no sense",
            ]),
        })
    }

    /// Waits for the event for about that long; a device that does not answer takes longer. Fails
    /// if Ctrl-C is pressed, or if further waiting is useless.
    pub fn next(
        &mut self,
        timeout: Duration,
        notify: Notify<'_>,
    ) -> Result<Option<EncodedEvent>, Failure> {
        self.lost.tell_if_due(notify);
        self.unreadable.tell_if_due(notify);
        let next = self.subscription.next_within(timeout);
        interrupt::check()?;
        let event = match next {
            Ok(event) => event,
            Err(error) => {
                match error.own() {
                    Ok(refusal) => {
                        let error = CallError::Error(refusal);
                        return Err(Failure::subscription(self.device, error));
                    }
                    Err(error) => self.interruptions.failed(self.device, error, notify)?,
                }
                return Ok(None);
            }
        };
        let has_come = event.is_some();
        self.interruptions.answered(self.device, has_come, notify);
        let lost = match &event {
            Some(event) => event.lost,
            None => self.subscription.lost_since(),
        };
        self.lost.add(lost.saturating_sub(self.losses_told));
        self.lost.tell_if_due(notify);
        self.losses_told = match event {
            Some(_) => 0,
            None => lost.max(self.losses_told),
        };
        Ok(event)
    }

    /// Counts an event whose data could not be read.
    pub fn unreadable(&mut self) {
        self.unreadable.add(1);
    }

    /// Returns the number of lost events.
    pub fn lost(&self) -> u32 {
        self.lost.total
    }

    /// Returns the messages that are still to come, for the end.
    pub fn untold(&mut self) -> impl Iterator<Item = String> {
        let last = [self.lost.take(), self.unreadable.take()];
        last.into_iter().flatten()
    }
}

/// Counts what may happen often.
struct Tally {
    total: u32,
    told: u32,
    told_at: Option<Instant>,
    /// Says what happened to one, and to more than one.
    words: [&'static str; 2],
}

impl Tally {
    const fn new(words: [&'static str; 2]) -> Self {
        Self {
            total: 0,
            told: 0,
            told_at: None,
            words,
        }
    }

    fn add(&mut self, more: u32) {
        self.total = self.total.wrapping_add(more);
    }

    fn tell_if_due(&mut self, notify: Notify<'_>) {
        if let Some(notice) = self.due() {
            notify(notice);
        }
    }

    /// Returns a message about all that is new, unless there was one just now.
    fn due(&mut self) -> Option<String> {
        let is_due = |told_at: Instant| told_at.elapsed() >= TELL_AFTER;
        self.told_at.is_none_or(is_due).then(|| self.take())?
    }

    /// Returns a message about all that is new.
    fn take(&mut self) -> Option<String> {
        let new = self.total.wrapping_sub(self.told);
        if new == 0 {
            return None;
        }
        self.told = self.total;
        self.told_at = Some(Instant::now());
        let [one, many] = self.words;
        Some(counted(new.into(), one, many))
    }
}

/// Knows if the device is present, as last reported to the user.
pub struct Interruptions {
    sessions: u32,
    is_away: bool,
}

impl Interruptions {
    /// Starts with a device that is present.
    pub fn new(device: &Connection) -> Self {
        Self {
            sessions: device.counters().sessions,
            is_away: false,
        }
    }

    /// Notes that a call failed, and tells it if the user was not informed yet; fails if the device will
    /// not do better the next time.
    pub fn failed(
        &mut self,
        device: &Connection,
        error: CallError,
        notify: Notify<'_>,
    ) -> Result<(), Failure> {
        let port = device.name();
        let what = match error {
            CallError::Disconnected | CallError::OutcomeUnknown(Cause::Disconnected) => {
                format!("the link to {port} was lost")
            }
            CallError::OtherDevice | CallError::OutcomeUnknown(Cause::OtherDevice) => {
                notify(format!(
                    "another device is on {port} now, or one with another interface"
                ));
                return Ok(());
            }
            CallError::Timeout | CallError::OutcomeUnknown(_) => {
                format!("the device on {port} does not answer")
            }
            error => return Err(Failure::call(device, true, error)),
        };
        if !std::mem::replace(&mut self.is_away, true) {
            notify(what + "; waiting for it (Ctrl-C to stop)");
        }
        Ok(())
    }

    /// Notes that nothing has failed, and tells it if the device was away; `has_come` is true if something
    /// was received.
    pub fn answered(&mut self, device: &Connection, has_come: bool, notify: Notify<'_>) {
        let sessions = device.counters().sessions;
        if std::mem::replace(&mut self.sessions, sessions) == sessions {
            self.is_away &= !has_come;
            return;
        }
        let what = match std::mem::take(&mut self.is_away) {
            true => "the device is back",
            false => "the device was reset or unplugged",
        };
        notify(format!("{what}; what happened meanwhile is not known"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_at_once_and_then_summed_up() {
        let mut lost = Tally::new(["event was lost", "events were lost"]);
        assert_eq!(lost.due(), None);
        lost.add(1);
        assert_eq!(lost.due().as_deref(), Some("1 event was lost"));
        for _ in 0..5_000 {
            lost.add(2);
            assert_eq!(lost.due(), None, "it was told just now");
        }
        lost.told_at = Instant::now().checked_sub(TELL_AFTER);
        assert_eq!(lost.due().as_deref(), Some("10000 events were lost"));
        lost.add(3);
        assert_eq!(lost.take().as_deref(), Some("3 events were lost"));
        assert_eq!(lost.take(), None);
        assert_eq!(lost.total, 10_004);
    }
}
