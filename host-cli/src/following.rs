//! Follows an event for as long as the user likes, over losses, resets, and a port that disappears
//! and comes back. A message reports each of these.

use crate::failure::{Class, Failure};
use crate::interrupt;
use crate::output::counted;
use rpc_proto::client::{CallError, Cause};
use rpc_proto::device::SubscribeError;
use serial_rpc::Connection;
use serial_rpc::connection::{EncodedEvent, EncodedSubscription};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The shortest time between two messages about the same: a flood is summed up.
const TELL_AFTER: Duration = Duration::from_secs(1);

/// The result of waiting.
#[derive(Debug)]
pub enum Turn<T> {
    /// The value that was waited for.
    Value(T),
    /// A message for the user.
    Notice(String),
    /// Nothing yet.
    Nothing,
}

/// An event that is followed.
pub struct Following<'d> {
    device: &'d Connection,
    subscription: EncodedSubscription,
    interruptions: Interruptions,
    /// The number of losses after the last event that were reported to the user.
    losses_told: u32,
    lost: Tally,
    unreadable: Tally,
    /// Results that must be returned before anything else.
    waiting: VecDeque<Turn<EncodedEvent>>,
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
            waiting: VecDeque::new(),
        })
    }

    /// Waits for the event for about that long; a device that does not answer takes longer. Fails
    /// if Ctrl-C is pressed, or if further waiting is useless.
    pub fn next(&mut self, timeout: Duration) -> Result<Turn<EncodedEvent>, Failure> {
        if let Some(turn) = self.waiting.pop_front() {
            return Ok(turn);
        }
        if let Some(notice) = self.lost.due().or_else(|| self.unreadable.due()) {
            return Ok(Turn::Notice(notice));
        }
        let next = self.subscription.next_within(timeout);
        interrupt::check()?;
        let event = match next {
            Ok(event) => event,
            Err(error) => {
                let notice = match error.own() {
                    Ok(refusal) => return Err(refused(refusal)),
                    Err(error) => self.interruptions.failed(self.device, error)?,
                };
                return Ok(notice.map_or(Turn::Nothing, Turn::Notice));
            }
        };
        if let Some(notice) = self.interruptions.answered(self.device, event.is_some()) {
            self.waiting.push_back(Turn::Notice(notice));
        }
        let lost = match &event {
            Some(event) => event.lost,
            None => self.subscription.lost_since(),
        };
        self.lost.add(lost.saturating_sub(self.losses_told));
        self.waiting.extend(self.lost.due().map(Turn::Notice));
        self.losses_told = match event {
            Some(_) => 0,
            None => lost.max(self.losses_told),
        };
        self.waiting.extend(event.map(Turn::Value));
        Ok(self.waiting.pop_front().unwrap_or(Turn::Nothing))
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

    /// Notes that a call failed. Returns a message, if the user was not informed yet; fails if the
    /// device will not do better the next time.
    pub fn failed(
        &mut self,
        device: &Connection,
        error: CallError,
    ) -> Result<Option<String>, Failure> {
        let port = device.name();
        let what = match error {
            CallError::Disconnected | CallError::OutcomeUnknown(Cause::Disconnected) => {
                format!("the link to {port} was lost")
            }
            CallError::OtherDevice | CallError::OutcomeUnknown(Cause::OtherDevice) => {
                return Ok(Some(format!(
                    "another device is on {port} now, or one with another interface"
                )));
            }
            CallError::Timeout | CallError::OutcomeUnknown(_) => {
                format!("the device on {port} does not answer")
            }
            error => return Err(Failure::call(device, true, error)),
        };
        let was_away = std::mem::replace(&mut self.is_away, true);
        Ok((!was_away).then(|| what + "; waiting for it (Ctrl-C to stop)"))
    }

    /// Notes that nothing has failed; `has_come` is true if something was received. Returns a
    /// message, if the device was away.
    pub fn answered(&mut self, device: &Connection, has_come: bool) -> Option<String> {
        let sessions = device.counters().sessions;
        let before = std::mem::replace(&mut self.sessions, sessions);
        if sessions == before {
            self.is_away &= !has_come;
            return None;
        }
        Some(if std::mem::take(&mut self.is_away) {
            "the device is back; what happened meanwhile is not known".to_owned()
        } else {
            "the device was reset or unplugged; what happened meanwhile is not known".to_owned()
        })
    }
}

/// Returns the failure for an event that cannot be followed.
pub fn cannot_follow(device: &Connection, error: CallError<SubscribeError>) -> Failure {
    match error.own() {
        Ok(refusal) => refused(refusal),
        Err(CallError::NoSuchProcedure) => {
            Failure::new(Class::Protocol, "the device sends no events")
                .hint("its firmware must create the server `with_events`")
        }
        Err(error) => Failure::call(device, true, error),
    }
}

fn refused(refusal: SubscribeError) -> Failure {
    match refusal {
        SubscribeError::NoSuchEvent => Failure::new(
            Class::Protocol,
            "the device does not have this event any more",
        )
        .hint("its firmware is another now; `serial-rpc list` shows what there is"),
        SubscribeError::TooMany => Failure::new(
            Class::Protocol,
            "the device has no room for another subscription",
        )
        .hint("its firmware says how many there may be, as TOPICS of its event queue"),
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
