//! The calls that a caller has not done with: waiting to be sent, in flight, or ended and not yet
//! asked for. They stand in a ring in the order in which they were made, which is the order in
//! which they are sent and run.

use super::call_error::{CallError, Cause};
use crate::service::Procedure;
use crate::time::Instant;
use crate::wire::frame::{max_encoded_len, max_payload_len};
use crate::wire::message::{Accept, Seq};
use serde::Serialize;

/// Names a call until its end has been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ticket(u32);

/// Which procedure is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Target {
    /// The procedure's number.
    pub number: u16,
    /// The fingerprint of the interface in which it has that number; the call is not sent to a
    /// device with another. None where the number is part of the protocol.
    pub fingerprint: Option<u32>,
    /// Whether the call may be sent again when it is not known whether it ran.
    pub idempotent: bool,
}

impl Target {
    /// The target of a typed call, if its number is known without asking the device: because it
    /// is part of the protocol, or because the device offers this service alone. As long as
    /// `device` is not known, that is taken for granted; if it turns out wrong, the call is not sent
    /// and ends as [`CallError::InterfaceChanged`].
    pub fn known<P: Procedure>(device: Option<&Accept>) -> Option<Self> {
        let fingerprint = P::FINGERPRINT_IF_SOLE;
        match P::NUMBER {
            Some(number) => Some(Self {
                number,
                fingerprint: None,
                idempotent: P::IDEMPOTENT,
            }),
            None if device.is_none_or(|device| device.fingerprint == fingerprint) => {
                Some(Self::resolved::<P>(P::NUMBER_IF_SOLE, fingerprint))
            }
            None => None,
        }
    }

    /// The target of a typed call to a procedure that has that number in the interface with that
    /// fingerprint.
    pub const fn resolved<P: Procedure>(number: u16, fingerprint: u32) -> Self {
        Self {
            number,
            fingerprint: Some(fingerprint),
            idempotent: P::IDEMPOTENT,
        }
    }

    /// How many bytes of arguments are sure to fit a frame of that length.
    pub const fn room(self, frame: usize) -> usize {
        max_payload_len(frame).saturating_sub(self.head_len())
    }

    /// The length of what comes before the arguments: header and number.
    const fn head_len(self) -> usize {
        match self.number {
            0..=0x7F => 1 + 1,
            0x80..=0x3FFF => 1 + 2,
            _ => 1 + 3,
        }
    }
}

/// What a device answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer<'a> {
    /// The encoded value.
    Return(&'a [u8]),
    /// The procedure's own error, encoded.
    Error(&'a [u8]),
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is no call in this slot.
    Free,
    /// To be sent in the next place that is free.
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
    /// The place of its first and its last copy among all frames sent.
    pub(super) first_order: u32,
    pub(super) last_order: u32,
    /// When the last byte of the last copy was sent.
    pub(super) sent_at: Instant,
    /// Whether it is to be sent again.
    pub(super) due: bool,
}

impl Flight {
    /// Whether there is one copy only.
    pub(super) const fn sent_once(&self) -> bool {
        self.first_order == self.last_order
    }
}

#[derive(Clone, Debug)]
pub(super) struct Call<const FRAME: usize> {
    pub(super) ticket: Ticket,
    pub(super) state: State,
    pub(super) target: Target,
    pub(super) deadline: Instant,
    /// Whether it may have run in an earlier session.
    pub(super) may_have_run: bool,
    /// Whether nobody will ask for its end.
    pub(super) abandoned: bool,
    /// The encoded arguments; once answered, the encoded value or error.
    bytes: [u8; FRAME],
    len: usize,
}

impl<const FRAME: usize> Call<FRAME> {
    const FREE: Self = Self {
        ticket: Ticket(0),
        state: State::Free,
        target: Target {
            number: 0,
            fingerprint: None,
            idempotent: false,
        },
        deadline: Instant::from_micros(0),
        may_have_run: false,
        abandoned: false,
        bytes: [0; FRAME],
        len: 0,
    };

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The length of the call's frame, or a byte or two more if it is long.
    pub(super) const fn frame_len(&self) -> usize {
        max_encoded_len(self.target.head_len() + self.len)
    }

    /// Ends the call.
    pub(super) fn end(&mut self, state: State) {
        self.state = if self.abandoned { State::Free } else { state };
    }

    /// Ends the call with the answer in `body`. What does not fit was never a reply to this caller.
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

    /// Ends a call of which nothing is known but why its answer will not come.
    pub(super) fn lose(&mut self, cause: Cause) {
        self.end(State::Failed(CallError::OutcomeUnknown(cause)));
    }

    /// Ends a call that is not in flight: unless it may have run before, it never did.
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

    /// Whether the call is still to be answered.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, State::Waiting | State::InFlight(_))
    }

    /// Whether the call has an end that nobody has taken.
    pub(super) const fn is_ended(&self) -> bool {
        matches!(
            self.state,
            State::Returned | State::Erred | State::Failed(_)
        )
    }
}

/// The ring: call `n` is in slot `n % WINDOW`.
#[derive(Clone, Debug)]
pub(super) struct Calls<const FRAME: usize, const WINDOW: usize> {
    slots: [Call<FRAME>; WINDOW],
    next_slot: usize,
    /// How many slots before `next_slot` have been used since the oldest call that is there: the
    /// others need not be looked at, which counts where there are many and one is used.
    used: usize,
    next_ticket: u32,
}

impl<const FRAME: usize, const WINDOW: usize> Calls<FRAME, WINDOW> {
    pub(super) const fn new() -> Self {
        Self {
            slots: [const { Call::FREE }; WINDOW],
            next_slot: 0,
            used: 0,
            next_ticket: 0,
        }
    }

    /// Adds a call.
    pub(super) fn add<A: Serialize + ?Sized>(
        &mut self,
        target: Target,
        deadline: Instant,
        arguments: &A,
    ) -> Result<Ticket, CallError> {
        self.add_with(target, deadline, |place| {
            let encoded = postcard::to_slice(arguments, place).ok()?;
            Some(encoded.len())
        })
    }

    /// Adds a call whose arguments are written by `encode`, which tells how long they are.
    pub(super) fn add_with(
        &mut self,
        target: Target,
        deadline: Instant,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<Ticket, CallError> {
        let ticket = Ticket(self.next_ticket);
        let used = self.used_since_oldest();
        let call = match self.slots.get_mut(self.next_slot) {
            Some(call) if call.state == State::Free => call,
            _ => return Err(CallError::Busy),
        };
        let Some(len) = encode(&mut call.bytes) else {
            return Err(CallError::ArgumentsTooLarge);
        };
        call.len = len;
        call.ticket = ticket;
        call.target = target;
        call.deadline = deadline;
        call.may_have_run = false;
        call.abandoned = false;
        if call.frame_len() > FRAME {
            return Err(CallError::ArgumentsTooLarge);
        }
        call.state = State::Waiting;
        self.used = 1 + used;
        self.next_ticket = self.next_ticket.wrapping_add(1);
        self.next_slot = (self.next_slot + 1) % WINDOW;
        Ok(ticket)
    }

    /// What is left of `used` without the slots that have become free.
    fn used_since_oldest(&self) -> usize {
        let mut calls = self.iter();
        let oldest = calls.position(|call| call.state != State::Free);
        oldest.map_or(0, |free| self.used - free)
    }

    /// The calls from the oldest to the youngest.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Call<FRAME>> {
        let (young, old) = self.slots.split_at(self.next_slot);
        old.iter().chain(young).skip(WINDOW - self.used)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Call<FRAME>> {
        let (young, old) = self.slots.split_at_mut(self.next_slot);
        old.iter_mut().chain(young).skip(WINDOW - self.used)
    }

    /// Those that were sent in this session and are not answered.
    pub(super) fn flights_mut(&mut self) -> impl Iterator<Item = &mut Flight> {
        self.iter_mut().filter_map(Call::flight_mut)
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
