//! Events: what a device tells without being asked (PROTOCOL.md, "Events").
//!
//! Whoever has something to tell puts it into an [`EventQueue`], from a procedure, another task or an
//! interrupt; the server takes it out when the line is free. Nobody waits: what no caller has subscribed to is
//! dropped at once, and what finds the queue full is dropped and counted.

mod queue;
mod ring;

pub use queue::EventQueue;
pub(crate) use queue::Next;

use crate::service::Event;
use core::ops::Deref;

/// Takes events. Code that emits events is given one of these, and does not know who listens.
#[diagnostic::on_unimplemented(
    message = "events cannot go to `{Self}`",
    label = "neither an `EventQueue`, nor a pointer to one, nor `NoEvents`"
)]
pub trait Emit {
    /// Tells of an event, without waiting. If nobody has subscribed to it, nothing happens.
    fn emit<E: Event>(&self, event: &E);

    /// Tells if anybody has subscribed to it: for data that is costly to gather.
    fn is_wanted<E: Event>(&self) -> bool;
}

/// No events: a server with these sends none, and what emits into it does nothing.
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
