//! A link that passes a copy of every byte to a tap, for traces.

use super::Link;
use crate::trace::Direction;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Receives the bytes that pass a link, in order.
pub type Tap = Arc<dyn Fn(Direction, &[u8]) + Send + Sync>;

/// A link with a tap.
pub struct Tapped {
    link: Arc<dyn Link>,
    tap: Tap,
}

impl Tapped {
    /// Puts a tap on a link.
    pub fn over(link: Arc<dyn Link>, tap: Tap) -> Arc<dyn Link> {
        Arc::new(Self { link, tap })
    }
}

impl Link for Tapped {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let count = self.link.read(buffer, timeout)?;
        if let Some(bytes @ [_, ..]) = buffer.get(..count) {
            (self.tap)(Direction::FromDevice, bytes);
        }
        Ok(count)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        let count = self.link.write(bytes, timeout)?;
        if let Some(bytes @ [_, ..]) = bytes.get(..count) {
            (self.tap)(Direction::ToDevice, bytes);
        }
        Ok(count)
    }
}
