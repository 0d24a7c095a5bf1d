//! UARTs in virtual time for drivers that wait by blocking: meanwhile the rest of the world
//! continues.

use crate::virtual_time::VirtualTime;
use embedded_hal::delay::DelayNs;
use embedded_io::{ErrorType, ReadReady, WriteReady};
use rpc_proto::time::Duration;
use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::rc::Rc;

/// Something that lives in virtual time.
pub trait Timed {
    /// Returns that time.
    fn time(&self) -> &VirtualTime;
}

/// The rest of the world, and a delay that lets it continue; clones are the same world.
pub struct World<'w, W> {
    time: VirtualTime,
    future: Rc<RefCell<Pin<&'w mut W>>>,
    ended: Rc<Cell<bool>>,
}

impl<W> Clone for World<'_, W> {
    fn clone(&self) -> Self {
        Self {
            time: self.time.clone(),
            future: Rc::clone(&self.future),
            ended: Rc::clone(&self.ended),
        }
    }
}

impl<W: Future> World<'_, W> {
    /// Returns true if nothing will happen in it any more.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Lets a microsecond pass.
    pub fn go_on(&self) {
        if !self.has_ended() {
            let end = self.time.look(self.future.borrow_mut().as_mut());
            self.ended.set(end.is_some());
        }
        self.time.clock().advance(Duration::from_micros(1));
    }
}

impl<W: Future> DelayNs for World<'_, W> {
    fn delay_ns(&mut self, nanos: u32) {
        for _ in 0..nanos.div_ceil(1000) {
            self.go_on();
        }
    }
}

/// A UART that waits by blocking: whenever it is polled, the rest of the world continues for a
/// microsecond. At the end of the world, it is closed.
pub struct Blocking<'w, U, W> {
    uart: U,
    world: World<'w, W>,
}

impl<'w, U: Timed, W: Future> Blocking<'w, U, W> {
    /// Creates such a UART, with the world around it.
    pub fn new(uart: U, world: Pin<&'w mut W>) -> Self {
        let world = World {
            time: uart.time().clone(),
            future: Rc::new(RefCell::new(world)),
            ended: Rc::default(),
        };
        Self { uart, world }
    }

    /// Returns the world around it.
    pub fn world(&self) -> World<'w, W> {
        self.world.clone()
    }

    /// Waits for the result of a UART's own future; None if the world ends first.
    fn wait<T>(&mut self, mut poll: impl AsyncFnMut(&mut U) -> T) -> Option<T> {
        loop {
            let time = self.uart.time().clone();
            if let Some(output) = time.look(pin!(poll(&mut self.uart))) {
                return Some(output);
            }
            if self.world.has_ended() {
                return None;
            }
            self.world.go_on();
        }
    }
}

impl<U: ErrorType, W> ErrorType for Blocking<'_, U, W> {
    type Error = U::Error;
}

impl<U: Timed + embedded_io_async::Read, W: Future> embedded_io::Read for Blocking<'_, U, W> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, U::Error> {
        self.wait(async |uart| uart.read(buffer).await)
            .unwrap_or(Ok(0))
    }
}

impl<U: Timed + ReadReady, W: Future> ReadReady for Blocking<'_, U, W> {
    fn read_ready(&mut self) -> Result<bool, U::Error> {
        self.world.go_on();
        self.uart.read_ready()
    }
}

impl<U: Timed + embedded_io_async::Write, W: Future> embedded_io::Write for Blocking<'_, U, W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, U::Error> {
        self.wait(async |uart| uart.write(bytes).await)
            .unwrap_or(Ok(0))
    }

    fn flush(&mut self) -> Result<(), U::Error> {
        self.wait(async |uart| uart.flush().await).unwrap_or(Ok(()))
    }
}

impl<U: Timed + WriteReady, W: Future> WriteReady for Blocking<'_, U, W> {
    fn write_ready(&mut self) -> Result<bool, U::Error> {
        self.world.go_on();
        self.uart.write_ready()
    }
}
