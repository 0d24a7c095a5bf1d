//! Events: messages that a device pushes without a request (PROTOCOL.md, "Events").
//!
//! A procedure, another task or an interrupt puts an event into an [`EventQueue`], and the server takes
//! it out when the line is free. Nobody waits: an event without a subscription is dropped at once, and
//! if the queue is full, the event is dropped and counted.

mod queue;
mod ring;

pub use queue::EventQueue;
pub(crate) use queue::Next;

use crate::service::Event;
use core::ops::Deref;

/// A destination for events. Code that emits events takes one of these, and does not know who listens.
#[diagnostic::on_unimplemented(
    message = "events cannot go to `{Self}`",
    label = "neither an `EventQueue`, nor a pointer to one, nor `NoEvents`"
)]
pub trait Emit {
    /// Emits an event without waiting. Does nothing if there is no subscription to it.
    fn emit<E: Event>(&self, event: &E);

    /// Returns true if there is a subscription to it. Use it before gathering data that is costly.
    fn is_wanted<E: Event>(&self) -> bool;
}

/// No events: a server with these sends none, and emitting does nothing.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "model-check", derive(Hash))]
pub struct NoEvents;

impl Emit for NoEvents {
    fn emit<E: Event>(&self, _: &E) {}

    fn is_wanted<E: Event>(&self) -> bool {
        false
    }
}

/// A queue may be shared by reference, or by a counted pointer.
#[diagnostic::do_not_recommend]
impl<P: Deref<Target: Emit>> Emit for P {
    fn emit<E: Event>(&self, event: &E) {
        (**self).emit(event);
    }

    fn is_wanted<E: Event>(&self) -> bool {
        (**self).is_wanted::<E>()
    }
}
