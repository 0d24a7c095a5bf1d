//! Equality of callers' ends of a session: two are equal if they behave the same from here on.
//!
//! A model check visits each state once, so it must recognise equal states. Counts of the past,
//! positions in the ring, and bytes of frames and finished calls affect nothing.

use super::{Session, is_before};
use crate::client::calls::{Call, Flight, State};
use crate::client::outgoing::Outgoing;
use core::hash::{Hash, Hasher};
use core::mem::discriminant;

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> Hash
    for Session<FRAME, WINDOW, NUMBERS>
{
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let Self {
            calls,
            numbers,
            phase,
            nonce,
            outgoing,
            order: _,
            timer,
            strange,
            too_long,
            counters: _,
            // Received events do not affect its behaviour.
            events: _,
        } = self;
        // The number of free slots before the oldest call follows from the positions of the others.
        for call in calls.iter().skip_while(|call| call.state == State::Free) {
            discriminant(&call.state).hash(hasher);
            if call.state != State::Free {
                (call.ticket, call.target, call.patience).hash(hasher);
                (call.may_have_run, call.abandoned).hash(hasher);
                call.bytes().hash(hasher);
            }
            match call.state {
                State::InFlight(flight) => {
                    (flight.seq, flight.sent_at, flight.due, flight.number).hash(hasher);
                    (
                        self.place(flight.first_order),
                        self.place(flight.last_order),
                    )
                        .hash(hasher);
                }
                State::Failed(error) => error.hash(hasher),
                State::Free | State::Waiting | State::Returned | State::Erred => {}
            }
        }
        (phase, nonce, outgoing, numbers, strange, too_long).hash(hasher);
        (timer.due(), timer.resend_time(), timer.heard_at()).hash(hasher);
    }
}

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize>
    Session<FRAME, WINDOW, NUMBERS>
{
    /// Returns the position of a frame among the first and last copies of the calls in flight. Orders
    /// are only compared with each other, so nothing else about them matters.
    fn place(&self, order: u32) -> usize {
        let flights = self.calls.iter().filter_map(Call::flight);
        let orders = flights.flat_map(|flight: &Flight| [flight.first_order, flight.last_order]);
        orders.filter(|&other| is_before(other, order)).count()
    }
}

impl<const FRAME: usize> Hash for Outgoing<FRAME> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let unsent = self.bytes.get(self.sent..self.len).unwrap_or_default();
        (self.flush, unsent).hash(hasher);
        if !unsent.is_empty() {
            self.call.hash(hasher);
        }
    }
}
