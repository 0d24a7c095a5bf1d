//! The calls that a caller still keeps: waiting to be sent, in flight, or ended with the result not yet
//! taken. They form a ring in the order in which they were made, which is the order in which they are
//! sent and run.

use super::answer::Answer;
use super::call_error::{CallError, Cause};
use super::patience::Patience;
use super::target::{Number, Target, head_len};
use crate::time::{Duration, Instant};
use crate::wire::frame::max_encoded_len;
use crate::wire::message::Seq;

/// The name of a call until its result has been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ticket(u32);

/// The state of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is no call in this slot.
    Free,
    /// The call waits to be sent.
    Waiting,
    InFlight(Flight),
    Returned,
    Erred,
    Failed(CallError),
}

/// A call that was sent in this session and is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) seq: Seq,
    /// The positions of its first and its last copy among all frames sent.
    pub(super) first_order: u32,
    pub(super) last_order: u32,
    /// When the last byte of the last copy was sent.
    pub(super) sent_at: Instant,
    /// True if it is to be sent again.
    pub(super) due: bool,
    /// True if what is in flight is not the call, but the question for its number.
    pub(super) is_question: bool,
    /// The procedure number in the frame.
    pub(super) number: u16,
    /// The frame's length, or a byte or two more if it is long.
    pub(super) frame_len: usize,
}

impl Flight {
    /// Returns true if there is only one copy.
    pub(super) const fn sent_once(&self) -> bool {
        self.first_order == self.last_order
    }
}

#[derive(Clone, Debug)]
pub(super) struct Call<const FRAME: usize> {
    pub(super) ticket: Ticket,
    pub(super) state: State,
    pub(super) target: Target,
    pub(super) patience: Patience,
    /// True if it may have run in an earlier session.
    pub(super) may_have_run: bool,
    /// True if nobody will take the result.
    pub(super) abandoned: bool,
    /// True if the client made it for itself.
    pub(super) is_own: bool,
    /// The encoded arguments, or the encoded value or error once answered.
    bytes: [u8; FRAME],
    len: usize,
}

impl<const FRAME: usize> Call<FRAME> {
    const FREE: Self = Self {
        ticket: Ticket(0),
        state: State::Free,
        target: Target::fixed(0, false),
        patience: Patience {
            deadline: Instant::from_micros(0),
            retries: 0,
            timeout: Duration::from_micros(0),
        },
        may_have_run: false,
        abandoned: false,
        is_own: false,
        bytes: [0; FRAME],
        len: 0,
    };

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Returns the length of the call's frame with that number, or a byte or two more if it is long.
    pub(super) const fn frame_len(&self, number: u16) -> usize {
        max_encoded_len(head_len(number) + self.len)
    }

    /// Returns the result of a call that ended in this state.
    fn result(&self, state: State) -> Result<Answer<'_>, CallError> {
        match state {
            State::Failed(error) => Err(error),
            State::Erred => Ok(Answer::Error(self.bytes())),
            _ => Ok(Answer::Return(self.bytes())),
        }
    }

    /// Extends the deadline if the call may be tried again.
    pub(super) fn try_again(&mut self) -> bool {
        let has_begun = match self.state {
            State::InFlight(flight) => !flight.is_question,
            _ => false,
        };
        let harmless = self.target.idempotent || !(has_begun || self.may_have_run);
        let Some(retries) = self.patience.retries.checked_sub(1) else {
            return false;
        };
        if harmless && !self.abandoned {
            self.patience.retries = retries;
            self.patience.deadline = self.patience.deadline + self.patience.timeout;
        }
        harmless && !self.abandoned
    }

    /// Ends the call.
    pub(super) fn end(&mut self, state: State) {
        self.state = if self.abandoned { State::Free } else { state };
    }

    /// Ends the call with the answer in `body`. A body that does not fit was never a reply to this
    /// caller.
    pub(super) fn answer(&mut self, state: State, body: &[u8]) {
        match self.bytes.get_mut(..body.len()) {
            Some(bytes) => {
                bytes.copy_from_slice(body);
                self.len = body.len();
                self.end(state);
            }
            None => self.end(State::Failed(CallError::BadReply)),
        }
    }

    /// Notes that neither the call nor the question for its number is in flight. The call is sent
    /// later, unless nobody waits for it.
    pub(super) fn wait_again(&mut self) {
        self.end(State::Waiting);
    }

    /// Ends a call whose answer is lost for the reason `cause`.
    pub(super) fn lose(&mut self, cause: Cause) {
        self.end(State::Failed(CallError::OutcomeUnknown(cause)));
    }

    /// Ends a call that is not in flight. Unless it may have run in an earlier session, it never ran.
    pub(super) fn give_up(&mut self, error: CallError, cause: Cause) {
        if self.may_have_run {
            self.lose(cause);
        } else {
            self.end(State::Failed(error));
        }
    }

    pub(super) fn flight(&self) -> Option<&Flight> {
        match &self.state {
            State::InFlight(flight) => Some(flight),
            _ => None,
        }
    }

    pub(super) fn flight_mut(&mut self) -> Option<&mut Flight> {
        match &mut self.state {
            State::InFlight(flight) => Some(flight),
            _ => None,
        }
    }

    /// Returns true if the call has yet to be answered.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::InFlight(_))
    }

    /// Returns true if the call has ended and nobody has taken the result.
    pub(super) const fn is_ended(&self) -> bool {
        matches!(
            self.state,
            State::Returned | State::Erred | State::Failed(_)
        )
    }
}

/// The ring: call `n` is in slot `n % WINDOW`.
#[derive(Clone, Debug)]
pub(super) struct CallRing<const FRAME: usize, const WINDOW: usize> {
    slots: [Call<FRAME>; WINDOW],
    next_slot: usize,
    /// The number of slots before `next_slot` that were used since the oldest remaining call. Only
    /// these are searched, which saves time if there are many slots and few are used.
    used: usize,
    next_ticket: u32,
}

impl<const FRAME: usize, const WINDOW: usize> CallRing<FRAME, WINDOW> {
    pub(super) const fn new() -> Self {
        Self {
            slots: [const { Call::FREE }; WINDOW],
            next_slot: 0,
            used: 0,
            next_ticket: 0,
        }
    }

    /// Adds a call whose arguments are written by `encode`, which returns their length.
    pub(super) fn add(
        &mut self,
        target: Target,
        patience: Patience,
        is_own: bool,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<Ticket, CallError> {
        let ticket = Ticket(self.next_ticket);
        let used = self.used_since_oldest();
        let call = match self.slots.get_mut(self.next_slot) {
            Some(call) if call.state == State::Free => call,
            _ => return Err(CallError::Busy),
        };
        call.len = encode(&mut call.bytes).ok_or(CallError::ArgumentsTooLarge)?;
        // An unknown number may turn out to be a short one.
        let number = match target.number {
            Number::Fixed(number) => number,
            _ => 0,
        };
        if call.frame_len(number) > FRAME {
            return Err(CallError::ArgumentsTooLarge);
        }
        call.ticket = ticket;
        call.target = target;
        call.patience = patience;
        call.may_have_run = false;
        call.abandoned = false;
        call.is_own = is_own;
        call.state = State::Waiting;
        self.used = 1 + used;
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.next_slot = (self.next_slot + 1) % WINDOW;
        Ok(ticket)
    }

    /// Returns `used` without the slots that have become free.
    fn used_since_oldest(&self) -> usize {
        let mut calls = self.iter();
        let oldest = calls.position(|call| call.state != State::Free);
        oldest.map_or(0, |free| self.used - free)
    }

    /// Returns the calls from the oldest to the youngest.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Call<FRAME>> {
        // `min` changes nothing, and leaves the compiler no way to a panic.
        let (young, old) = self.slots.split_at(self.next_slot.min(WINDOW));
        old.iter().chain(young).skip(WINDOW - self.used)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Call<FRAME>> {
        let (young, old) = self.slots.split_at_mut(self.next_slot.min(WINDOW));
        old.iter_mut().chain(young).skip(WINDOW - self.used)
    }

    /// Returns the calls that were sent in this session and are not answered.
    pub(super) fn flights_mut(&mut self) -> impl Iterator<Item = &mut Flight> {
        self.iter_mut().filter_map(Call::flight_mut)
    }

    /// Returns true if another call can be added.
    pub(super) fn has_room(&self) -> bool {
        let next = self.slots.get(self.next_slot);
        next.is_some_and(|call| call.state == State::Free)
    }

    /// Returns the result of a call, if it has ended.
    pub(super) fn end(&self, ticket: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        let mut calls = self.iter();
        let call = calls.find(|call| call.ticket == ticket && call.is_ended())?;
        Some(call.result(call.state))
    }

    /// Takes the result of a call, if it has ended. Its bytes stay until the next call is added.
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        let call = self.by_ticket(ticket).filter(|call| call.is_ended())?;
        let state = core::mem::replace(&mut call.state, State::Free);
        Some(call.result(state))
    }

    pub(super) fn by_ticket(&mut self, ticket: Ticket) -> Option<&mut Call<FRAME>> {
        self.iter_mut()
            .find(|call| call.ticket == ticket && call.state != State::Free)
    }

    pub(super) fn in_flight(&mut self, seq: Seq) -> Option<&mut Call<FRAME>> {
        self.iter_mut()
            .find(|call| call.flight().is_some_and(|flight| flight.seq == seq))
    }
}
