//! Calls that are answered later: which replies are still due, and in which order they are sent.
//!
//! A deferred call has its slot like any other. This records that the slot has no reply yet, or one
//! whose turn has not come: callers rely on replies in the order of their calls (PROTOCOL.md,
//! "Sessions").

use super::{Call, Phase, Sending, Session, settle};
use crate::service::{Replied, Reply};
use crate::wire::crc::Engine;
use crate::wire::message::{Fault, Seq};

/// The name of a call that is answered later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Token(u32);

/// The state of the reply in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    /// The reply was sent, or there is none.
    Settled,
    /// The call with that token is not answered.
    Pending { token: Token, seq: Seq },
    /// The reply is ready but was not sent.
    Answered,
}

/// The calls of a session with `WINDOW` slots that are not answered, or whose reply was not sent.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "model-check", derive(Hash))]
pub struct Outstanding<const WINDOW: usize> {
    slots: [Slot; WINDOW],
    /// The slot whose reply is sent next.
    turn: u8,
    next_token: u32,
}

impl<const WINDOW: usize> Outstanding<WINDOW> {
    /// Creates the state without calls.
    pub const fn new() -> Self {
        Self {
            slots: [Slot::Settled; WINDOW],
            turn: 0,
            next_token: 0,
        }
    }

    /// Forgets all calls, because their session has ended.
    pub fn clear(&mut self) {
        self.slots = [Slot::Settled; WINDOW];
        self.turn = 0;
    }

    /// Leaves a call open.
    pub fn defer<const FRAME: usize>(&mut self, call: &mut Call<'_, '_, FRAME>) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        let seq = call.seq;
        self.occupy(call, Slot::Pending { token, seq });
        token
    }

    /// Ends a call at once. Its reply still waits for those before it.
    pub fn end<const FRAME: usize>(
        &mut self,
        call: &mut Call<'_, '_, FRAME>,
        result: Result<Replied, Fault>,
        engine: impl Engine + Copy,
    ) {
        settle::<FRAME, _>(call.seq, call.state.seal.by(engine), call.place, result);
        self.occupy(call, Slot::Answered);
    }

    fn occupy<const FRAME: usize>(&mut self, call: &mut Call<'_, '_, FRAME>, as_what: Slot) {
        call.state.phase = Phase::Connected;
        call.state.calls = call.calls;
        if let Some(slot) = self.slots.get_mut(usize::from(call.slot)) {
            // An unanswered call is here only if the caller exceeds the window. That call loses its
            // reply, and the turn passes to the one after it.
            if *slot != Slot::Settled {
                self.turn = Self::after(call.slot);
            }
            *slot = as_what;
        }
    }

    /// Answers a call that was left open. Does nothing if it is no longer open.
    pub fn answer<const FRAME: usize>(
        &mut self,
        session: &mut Session<FRAME, WINDOW>,
        token: Token,
        engine: impl Engine + Copy,
        make: impl FnOnce(Reply<'_>) -> Result<Replied, Fault>,
    ) {
        let mut slots = self.slots.iter_mut().zip(&mut session.replies);
        let found = slots.find_map(|(slot, place)| Some((slot.seq_of(token)?, slot, place)));
        if let Some((seq, slot, place)) = found {
            let seal = session.state.seal.by(engine);
            // A reply longer than the caller accepts does not fit.
            let limit = usize::from(session.state.max_frame);
            let place = place.get_mut(..limit).unwrap_or_default();
            let result = make(Reply::new(place));
            settle::<FRAME, _>(seq, seal, place, result);
            *slot = Slot::Answered;
        }
    }

    /// Returns true if a call is open.
    pub fn is_open(&self, token: Token) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|slot| slot.seq_of(token).is_some())
    }

    /// Keeps a session from resending a reply that was never sent.
    pub fn withhold<const FRAME: usize>(&self, session: &mut Session<FRAME, WINDOW>) {
        let slot = session.state.sending.slot();
        let slot = slot.and_then(|slot| self.slots.get(slot));
        if slot.is_some_and(|slot| *slot != Slot::Settled) {
            session.sent_all();
        }
    }

    /// Sends the next reply if it is ready and nothing else is being sent.
    pub fn send_next<const FRAME: usize>(&mut self, session: &mut Session<FRAME, WINDOW>) {
        if session.is_sending() {
            return;
        }
        if let Some(slot @ Slot::Answered) = self.slots.get_mut(usize::from(self.turn)) {
            *slot = Slot::Settled;
            session.state.send(Sending::reply(self.turn));
            self.turn = Self::after(self.turn);
        }
    }

    /// Returns the next slot.
    const fn after(slot: u8) -> u8 {
        (slot + 1) % WINDOW as u8
    }
}

impl Slot {
    /// Returns the sequence number of the call with that token if it is pending here.
    fn seq_of(self, wanted: Token) -> Option<Seq> {
        match self {
            Self::Pending { token, seq } if token == wanted => Some(seq),
            _ => None,
        }
    }
}
