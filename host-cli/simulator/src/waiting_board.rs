//! A simulated board whose procedures may wait: its server runs on a thread of its own.

use crate::board::{Board, SimulatedEvents, server};
use embedded_io_async::{ErrorType, Read, Write};
use rpc_proto::service::DispatchAsync;
use serial_rpc::link::Link;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// A board with a thread.
pub(crate) struct WaitingBoard<I, const FRAME: usize, const WINDOW: usize> {
    /// The line to the current thread.
    line: Mutex<Arc<Line>>,
    events: Arc<SimulatedEvents>,
    buffer: u16,
    interface: PhantomData<fn(I)>,
}

impl<I: DispatchAsync + Send + 'static, const FRAME: usize, const WINDOW: usize>
    WaitingBoard<I, FRAME, WINDOW>
{
    pub(crate) fn new(
        interface: impl FnOnce() -> I + Send + 'static,
        events: Arc<SimulatedEvents>,
        buffer: u16,
    ) -> Self {
        Self {
            line: Mutex::new(start::<I, FRAME, WINDOW>(interface, &events, buffer)),
            events,
            buffer,
            interface: PhantomData,
        }
    }

    fn line(&self) -> MutexGuard<'_, Arc<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Switches a board on.
fn start<I: DispatchAsync + 'static, const FRAME: usize, const WINDOW: usize>(
    interface: impl FnOnce() -> I + Send + 'static,
    events: &Arc<SimulatedEvents>,
    buffer: u16,
) -> Arc<Line> {
    let line = Arc::new(Line::default());
    let (end, events) = (DeviceEnd(Arc::clone(&line)), Arc::clone(events));
    thread::spawn(move || {
        let mut server = server::<I, FRAME, WINDOW>(interface(), &events, buffer);
        let mut end = end;
        // It ends when the board is switched off.
        let _ = block_on(server.serve_async(&mut end));
    });
    line
}

impl<I, const FRAME: usize, const WINDOW: usize> Drop for WaitingBoard<I, FRAME, WINDOW> {
    fn drop(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        line.switch_off();
    }
}

impl<I: DispatchAsync + Send + 'static, const FRAME: usize, const WINDOW: usize> Board<I>
    for WaitingBoard<I, FRAME, WINDOW>
{
    fn power_cycle(&self, interface: I) {
        let mut line = self.line();
        line.switch_off();
        *line = start::<I, FRAME, WINDOW>(move || interface, &self.events, self.buffer);
    }
}

impl<I: DispatchAsync + Send + 'static, const FRAME: usize, const WINDOW: usize> Link
    for WaitingBoard<I, FRAME, WINDOW>
{
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let line = Arc::clone(&self.line());
        let (mut state, _) = line
            .sent
            .wait_timeout_while(line.state(), timeout, |state| state.to_caller.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        io::Read::read(&mut state.to_caller, buffer)
    }

    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        let line = Arc::clone(&self.line());
        let mut state = line.state();
        state.to_device.extend(bytes);
        if let Some(device) = state.device.take() {
            device.wake();
        }
        Ok(bytes.len())
    }
}

/// The bytes in transit between the board's thread and its callers.
#[derive(Default)]
struct Line {
    state: Mutex<LineState>,
    sent: Condvar,
}

#[derive(Default)]
struct LineState {
    to_device: VecDeque<u8>,
    to_caller: VecDeque<u8>,
    /// Wakes the device when a byte comes, or at the end.
    device: Option<Waker>,
    is_off: bool,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, LineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn switch_off(&self) {
        let mut state = self.state();
        state.is_off = true;
        if let Some(device) = state.device.take() {
            device.wake();
        }
    }
}

/// The board's end of the line.
struct DeviceEnd(Arc<Line>);

impl ErrorType for DeviceEnd {
    type Error = Infallible;
}

impl Read for DeviceEnd {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|context| {
            let mut state = self.0.state();
            if !state.is_off && state.to_device.is_empty() {
                state.device = Some(context.waker().clone());
                return Poll::Pending;
            }
            let count = match state.is_off {
                true => 0,
                // A queue of bytes can always be read.
                false => io::Read::read(&mut state.to_device, buffer).unwrap_or(0),
            };
            Poll::Ready(Ok(count))
        })
        .await
    }
}

impl Write for DeviceEnd {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let mut state = self.0.state();
        if state.is_off {
            return Ok(0);
        }
        state.to_caller.extend(bytes);
        self.0.sent.notify_all();
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Runs a future on this thread, which sleeps while it waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
