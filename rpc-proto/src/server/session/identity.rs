//! Equality of devices' ends of a session: two are equal if they behave the same from here on.
//!
//! A model check visits each state once, so it must recognise equal states. Counts of the past, the
//! slot of a reply, and bytes that are not kept for an answer affect nothing.

use super::{Phase, Session, frame_in};
use core::hash::{Hash, Hasher};

impl<const FRAME: usize, const WINDOW: usize> Hash for Session<FRAME, WINDOW> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Self {
            state,
            replies,
            nak: _,
            statistics: _,
        } = self;
        state.phase.hash(hasher);
        // Without a session, only a Connect matters, and it sets all of these.
        if state.phase != Phase::NotConnected {
            (state.next, state.max_frame, state.seal).hash(hasher);
            let next_slot = state.calls.next_slot(Self::SLOTS);
            let (young, old) = replies.split_at(usize::from(next_slot));
            let kept = usize::from(state.calls.kept(Self::SLOTS));
            for reply in old.iter().chain(young).rev().take(kept) {
                frame_in(reply, 0).hash(hasher);
            }
        }
        self.outgoing().hash(hasher);
    }
}
