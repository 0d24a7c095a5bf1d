//! Simulates devices in this process: a server like that of a board, over memory.

use crate::board::{Board, SimulatedEvents};
use crate::prompt_board::PromptBoard;
use crate::waiting_board::WaitingBoard;
use firmware::Demonstration;
use rpc_proto::service::{Dispatch, DispatchAsync};
use serial_rpc::link::{Connector, Link};
use serial_rpc::port::OpenError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The default number of received bytes that a simulated device can hold while it is busy.
const BUFFER: u16 = 1024;

/// A device that answers as soon as bytes are written to it.
///
/// [`new`](SimulatedDevice::new) creates the calculator with a block of notes and a log: the same
/// code that the boards run. With an interface of your own, a test calls your firmware on the
/// desktop:
///
/// ```
/// use rpc_proto::service;
/// use serial_rpc::Connection;
/// use serial_rpc_simulator::SimulatedDevice;
///
/// #[service]
/// pub trait Lamp {
///     /// Sets the brightness in percent and returns what it was.
///     fn dim(&mut self, percent: u8) -> u8;
/// }
///
/// struct Pwm(u8);
/// impl Lamp for Pwm {
///     fn dim(&mut self, percent: u8) -> u8 {
///         std::mem::replace(&mut self.0, percent)
///     }
/// }
///
/// let simulated = SimulatedDevice::with(LampService(Pwm(0)));
/// let mut lamp = LampClient::new(Connection::to(simulated.clone()));
/// assert_eq!(lamp.dim(50), Ok(0));
/// assert_eq!(lamp.dim(80), Ok(50));
/// simulated.power_cycle(LampService(Pwm(0)));
/// assert_eq!(lamp.dim(30), Ok(0));
/// ```
///
/// `FRAME` and `WINDOW` are those of the server. Use your board's values with
/// [`sized`](Self::sized): a reply that is too long for the board is then too long here.
///
/// Clones are handles of one device. As a connector it can be opened by any number of connections,
/// which are then on one line.
pub struct SimulatedDevice<
    I = SimulatedInterface,
    const FRAME: usize = 256,
    const WINDOW: usize = 8,
> {
    board: Arc<dyn Board<I>>,
}

impl<I, const FRAME: usize, const WINDOW: usize> Clone for SimulatedDevice<I, FRAME, WINDOW> {
    fn clone(&self) -> Self {
        Self {
            board: Arc::clone(&self.board),
        }
    }
}

/// The interface of the demonstration device.
pub type SimulatedInterface = Demonstration<Arc<SimulatedEvents>>;

impl SimulatedDevice {
    /// Creates a demonstration device that was just switched on.
    pub fn new() -> Self {
        let events = Arc::new(SimulatedEvents::new());
        Self::with_events(Demonstration::new(Arc::clone(&events)), events)
    }
}

impl Default for SimulatedDevice {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: Dispatch + Send + 'static> SimulatedDevice<I> {
    /// Creates a device with that interface, just switched on.
    pub fn with(interface: I) -> Self {
        Self::with_events(interface, Arc::default())
    }

    /// Creates a device with that interface, which sends the events that are put into the queue.
    pub fn with_events(interface: I, events: Arc<SimulatedEvents>) -> Self {
        Self::sized(interface, events, BUFFER)
    }
}

impl<I: Dispatch + Send + 'static, const FRAME: usize, const WINDOW: usize>
    SimulatedDevice<I, FRAME, WINDOW>
{
    /// Creates a device with frames of up to `FRAME` bytes, `WINDOW` calls in flight, and `buffer`
    /// bytes that it can receive while it is busy.
    ///
    /// ```
    /// # use rpc_proto::service;
    /// # use serial_rpc::{CallError, Connection};
    /// # use serial_rpc_simulator::SimulatedDevice;
    /// # #[service]
    /// # pub trait Store { fn read(&mut self) -> heapless::Vec<u8, 100>; }
    /// # struct Full;
    /// # impl Store for Full {
    /// #     fn read(&mut self) -> heapless::Vec<u8, 100> { (0..100).collect() }
    /// # }
    /// # use rpc_proto::service::MayNotFit;
    /// let store = MayNotFit(StoreService(Full));
    /// let simulated = SimulatedDevice::<_, 64, 1>::sized(store, Default::default(), 0);
    /// let mut store = StoreClient::new(Connection::to(simulated));
    /// assert_eq!(store.read(), Err(CallError::ReplyTooLarge));
    /// ```
    pub fn sized(interface: I, events: Arc<SimulatedEvents>, buffer: u16) -> Self {
        Self {
            board: Arc::new(PromptBoard::<I, FRAME, WINDOW>::new(
                interface, events, buffer,
            )),
        }
    }
}

impl<I: DispatchAsync + Send + 'static, const FRAME: usize, const WINDOW: usize>
    SimulatedDevice<I, FRAME, WINDOW>
{
    /// Creates a device whose procedures may wait: it runs on a thread of its own.
    ///
    /// `interface` creates the interface on that thread, when the device is switched on.
    pub fn waiting<M>(interface: M, events: Arc<SimulatedEvents>, buffer: u16) -> Self
    where
        M: FnOnce() -> I + Send + 'static,
    {
        Self {
            board: Arc::new(WaitingBoard::<I, FRAME, WINDOW>::new(
                interface, events, buffer,
            )),
        }
    }
}

impl<I, const FRAME: usize, const WINDOW: usize> SimulatedDevice<I, FRAME, WINDOW> {
    /// Switches the device off and on again. Its state is lost, and so are the bytes in transit.
    pub fn power_cycle(&self, interface: I) {
        self.board.power_cycle(interface);
    }
}

impl<I: 'static, const FRAME: usize, const WINDOW: usize> Connector
    for SimulatedDevice<I, FRAME, WINDOW>
{
    fn open(&self, _: Duration) -> Result<Arc<dyn Link>, OpenError> {
        Ok(Arc::new(self.clone()))
    }

    fn name(&self) -> String {
        "sim".to_owned()
    }
}

impl<I, const FRAME: usize, const WINDOW: usize> Link for SimulatedDevice<I, FRAME, WINDOW> {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.board.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        self.board.write(bytes, timeout)
    }
}
