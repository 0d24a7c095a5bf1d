//! A server at the other end of a link in memory.

use embedded_io::{ErrorType, Read, ReadReady, Write};
use rpc_proto::server::Server;
use rpc_proto::service::Dispatch;
use std::collections::VecDeque;
use std::convert::Infallible;

/// The caller's end of a perfect link to a server, which answers as soon as bytes are written to
/// it.
#[derive(Debug)]
pub struct Loopback<I, const FRAME: usize, const WINDOW: usize> {
    /// The device at the other end.
    pub server: Server<I, FRAME, WINDOW>,
    /// The bytes that were sent to the device.
    pub calls: Vec<u8>,
    /// The bytes that came back.
    pub replies: Vec<u8>,
    unread: VecDeque<u8>,
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> Loopback<I, FRAME, WINDOW> {
    /// Creates a link to a device that offers `interface`.
    pub fn new(interface: I) -> Self {
        Self {
            server: Server::new(interface),
            calls: Vec::new(),
            replies: Vec::new(),
            unread: VecDeque::new(),
        }
    }
}

impl<I, const FRAME: usize, const WINDOW: usize> ErrorType for Loopback<I, FRAME, WINDOW> {
    type Error = Infallible;
}

impl<I, const FRAME: usize, const WINDOW: usize> Read for Loopback<I, FRAME, WINDOW> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let len = buffer.len().min(self.unread.len());
        for (place, byte) in buffer.iter_mut().zip(self.unread.drain(..len)) {
            *place = byte;
        }
        Ok(len)
    }
}

impl<I, const FRAME: usize, const WINDOW: usize> ReadReady for Loopback<I, FRAME, WINDOW> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.unread.is_empty())
    }
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> Write for Loopback<I, FRAME, WINDOW> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.calls.extend(bytes);
        for &byte in bytes {
            self.server.receive(byte);
            let reply = self.server.outgoing();
            self.replies.extend(reply);
            self.unread.extend(reply);
            let len = reply.len();
            self.server.sent(len);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
