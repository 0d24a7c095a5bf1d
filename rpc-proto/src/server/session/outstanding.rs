//! Calls that are answered later: which replies a session still owes, and in which order they go out.
//!
//! A call that is deferred has its slot like any other. What is noted here is that the slot has no
//! reply yet, or one whose turn has not come: callers rely on getting replies in the order of their
//! calls (PROTOCOL.md, "Sessions").

use super::{Call, Phase, Sending, Session, settle};
use crate::service::{Replied, Reply};
use crate::wire::message::{Fault, Seq};

/// Names a call that is answered later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Token(u32);

/// The state of the reply in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    /// It was sent, or there is none.
    Settled,
    /// The call with that token is not answered.
    Pending { token: Token, seq: Seq },
    /// It is there, and was not sent.
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
    /// No call yet.
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
    pub fn defer(&mut self, call: &mut Call<'_, '_>) -> Token {
        let token = Token(self.next_token);
        self.next_token = self.next_token.wrapping_add(1);
        let seq = call.seq;
        self.occupy(call, Slot::Pending { token, seq });
        token
    }

    /// Ends a call at once. Its reply still waits for those before.
    pub fn end(&mut self, call: &mut Call<'_, '_>, result: Result<Replied, Fault>) {
        settle(call.seq, call.state.seal, call.place, result);
        self.occupy(call, Slot::Answered);
    }

    fn occupy(&mut self, call: &mut Call<'_, '_>, as_what: Slot) {
        call.state.phase = Phase::Connected;
        call.state.calls = call.calls;
        if let Some(slot) = self.slots.get_mut(usize::from(call.slot)) {
            // Only a caller that does not keep to the window gets here with a call unanswered. That
            // call loses its reply, and it is the turn of the one after it.
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
        make: impl FnOnce(Reply<'_>) -> Result<Replied, Fault>,
    ) {
        let mut slots = self.slots.iter_mut().zip(&mut session.replies);
        let found = slots.find_map(|(slot, place)| Some((slot.seq_of(token)?, slot, place)));
        if let Some((seq, slot, place)) = found {
            let seal = session.state.seal;
            // Longer replies than the caller takes do not fit their place.
            let limit = usize::from(session.state.max_frame);
            let place = place.get_mut(..limit).unwrap_or_default();
            let result = make(Reply::new(seq, seal, place));
            settle(seq, seal, place, result);
            *slot = Slot::Answered;
        }
    }

    /// Tells if a call is open.
    pub fn is_open(&self, token: Token) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|slot| slot.seq_of(token).is_some())
    }

    /// Keeps a session from sending a reply again that was not sent for the first time.
    pub fn withhold<const FRAME: usize>(&self, session: &mut Session<FRAME, WINDOW>) {
        let slot = session.state.sending.slot();
        let slot = slot.and_then(|slot| self.slots.get(slot));
        if slot.is_some_and(|slot| *slot != Slot::Settled) {
            session.sent_all();
        }
    }

    /// Sends the next reply, if it is there and nothing else is being sent.
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

    /// The slot after that one.
    const fn after(slot: u8) -> u8 {
        (slot + 1) % WINDOW as u8
    }
}

impl Slot {
    /// The sequence number of the call with that token, if it is pending here.
    fn seq_of(self, wanted: Token) -> Option<Seq> {
        match self {
            Self::Pending { token, seq } if token == wanted => Some(seq),
            _ => None,
        }
    }
}
