//! The parts that all simulated boards have: a server, its queue of events, and a power switch.

use rpc_proto::events::EventQueue;
use rpc_proto::server::Server;
use rpc_proto::service::Interface;
use serial_rpc::link::Link;
use std::sync::Arc;

/// A board that can be reached, and switched off and on.
pub(crate) trait Board<I>: Link {
    /// Switches it off, and on again with that interface.
    fn power_cycle(&self, interface: I);
}

/// The queue from which a simulated device sends events.
pub type SimulatedEvents = EventQueue<4096, 16>;

/// The server of a simulated device.
pub(crate) type SimulatedServer<I, const FRAME: usize, const WINDOW: usize> =
    Server<I, FRAME, WINDOW, Arc<SimulatedEvents>>;

pub(crate) fn server<I: Interface, const FRAME: usize, const WINDOW: usize>(
    interface: I,
    events: &Arc<SimulatedEvents>,
    buffer: u16,
) -> SimulatedServer<I, FRAME, WINDOW> {
    Server::with_events(interface, Arc::clone(events)).with_buffer(buffer)
}
