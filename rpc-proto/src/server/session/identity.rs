//! What makes two devices' ends of a session the same: what they do from here on.
//!
//! A model check looks at each state once, so it must know which states are one. Counts of the
//! past, which slot a reply is in, and bytes that are not kept for an answer decide nothing.

use super::Session;
use core::hash::{Hash, Hasher};

impl<const FRAME: usize, const WINDOW: usize> Hash for Session<FRAME, WINDOW> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Self {
            connected,
            next,
            replies,
            next_slot,
            kept,
            gap_reported,
            sending: _,
            left: _,
            buffer,
            nak: _,
            statistics: _,
        } = self;
        connected.hash(hasher);
        // Without a session, a Connect is all that counts, and it sets all of these.
        if *connected {
            (next, gap_reported).hash(hasher);
            let (young, old) = replies.split_at(usize::from(*next_slot));
            for reply in old.iter().chain(young).rev().take(usize::from(*kept)) {
                reply.bytes.get(..usize::from(reply.len)).hash(hasher);
            }
        }
        self.outgoing().hash(hasher);
        buffer.hash(hasher);
    }
}
