//! The device's end of a link, whoever implements it.

use rpc_proto::server::{EventSource, Server};
use rpc_proto::service::Dispatch;

/// Takes received bytes, and has bytes to send.
pub trait DeviceEnd {
    /// Takes one received byte.
    fn receive(&mut self, byte: u8);

    /// Returns the bytes to send, empty if there are none.
    fn outgoing(&mut self) -> &[u8];

    /// Notes that the first `count` of them were sent.
    fn sent(&mut self, count: usize);
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize, E: EventSource> DeviceEnd
    for Server<I, FRAME, WINDOW, E>
{
    fn receive(&mut self, byte: u8) {
        self.receive(byte);
    }

    fn outgoing(&mut self) -> &[u8] {
        self.outgoing()
    }

    fn sent(&mut self, count: usize) {
        self.sent(count);
    }
}
