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
            nak: _,
            sending: _,
            buffer,
            fingerprint,
            statistics: _,
        } = self;
        connected.hash(hasher);
        // Without a session, a Connect is all that counts, and it sets all of these.
        if *connected {
            (next, gap_reported).hash(hasher);
            let (young, old) = replies.split_at(*next_slot);
            for reply in old.iter().chain(young).rev().take(*kept) {
                reply.bytes.get(..reply.len).hash(hasher);
            }
        }
        self.outgoing().hash(hasher);
        (buffer, fingerprint).hash(hasher);
    }
}
