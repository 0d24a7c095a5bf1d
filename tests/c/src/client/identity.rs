//! Equality of clients in C: two are equal if they behave the same from here on. It leaves out what that of
//! `rpc_proto` does, for the same reasons.

use super::{Client, EventMemory, sys};
use std::hash::{Hash, Hasher};

impl<const FRAME: usize, const ROOM: usize, const NUMBERS: usize, E: EventMemory> Hash
    for Client<FRAME, ROOM, NUMBERS, E>
{
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let memory = self.memory.borrow();
        let state = &memory.state;
        let used = usize::from(state.used);
        let oldest = usize::from(state.next_slot) + ROOM - used;
        let places: Vec<usize> = (oldest..oldest + used).map(|slot| slot % ROOM).collect();
        let calls = || places.iter().map(|&place| (place, &memory.calls[place]));
        let in_flight = || calls().filter(|(_, call)| call.state == sys::IN_FLIGHT);
        // Orders are only compared with each other, so nothing but their order matters.
        let order = |order: u32| {
            let orders = in_flight().flat_map(|(_, call)| [call.first_order, call.last_order]);
            orders.filter(|&other| is_before(other, order)).count()
        };
        // The number of free slots before the oldest call follows from the positions of the others.
        for (place, call) in calls().skip_while(|(_, call)| call.state == sys::FREE) {
            call.state.hash(hasher);
            if call.state != sys::FREE {
                (call.ticket, call.target, call.patience).hash(hasher);
                (call.may_have_run, call.is_abandoned).hash(hasher);
                memory.bytes.calls[place][..usize::from(call.length)].hash(hasher);
            }
            if call.state == sys::IN_FLIGHT {
                (call.seq, call.sent_at, call.is_due, call.number).hash(hasher);
                (order(call.first_order), order(call.last_order)).hash(hasher);
            }
            if call.state == sys::ENDED {
                call.status.hash(hasher);
            }
        }
        (state.phase, state.nonce, state.strange, state.too_long).hash(hasher);
        if state.phase == sys::PHASE_OPEN {
            (state.next_seq, state.device).hash(hasher);
        }
        (state.numbers_of, &memory.numbers).hash(hasher);
        let unsent = usize::from(state.outgoing_sent)..usize::from(state.outgoing_length);
        (state.flush, &memory.bytes.outgoing[unsent.clone()]).hash(hasher);
        if !unsent.is_empty() {
            state
                .outgoing_has_call
                .then_some(state.outgoing_seq)
                .hash(hasher);
        }
        // Where the bounds of the resend time are all the same, estimate and doublings have no effect.
        state.is_armed.then_some(state.due).hash(hasher);
        state.has_heard.then_some(state.heard_at).hash(hasher);
        let received = usize::from(state.received);
        (received == FRAME).hash(hasher);
        if received < FRAME {
            memory.bytes.received[..received].hash(hasher);
        }
    }
}

/// Returns true if one frame was sent before another.
const fn is_before(left: u32, right: u32) -> bool {
    left != right && right.wrapping_sub(left) < u32::MAX / 2
}
