//! The caller's end of a link to a server, over two lines and in virtual time, for the drivers and
//! typed clients that read and write a link; [`simulation`](crate::simulation) does the same for
//! bare calls.

use crate::clock::{StillClock, VirtualClock};
use crate::line::{Faults, Line, Pace};
use embedded_io::{ErrorType, Read, ReadReady, Write};
use rpc_proto::client::{Client, Timing};
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::server::Server;
use rpc_proto::service::Dispatch;
use rpc_proto::time::{Duration, Instant};
use std::collections::VecDeque;
use std::convert::Infallible;

/// A caller on such a link.
pub type VirtualCaller<I, const FRAME: usize, const WINDOW: usize> =
    BlockingCaller<VirtualLink<I, FRAME, WINDOW>, StillClock, Client<FRAME, WINDOW>>;

/// The time that the caller waits when nothing is in transit.
const IDLE: Duration = Duration::from_millis(1);

/// A fault of a device or its cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The device is reset.
    Reset,
    /// The device's bytes are lost, until the line is mended.
    Cut,
}

/// A direction of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the device.
    In,
    /// From the device.
    Out,
}

/// Creates the interface of a device that is switched on, from that of the device before.
pub type Start<I> = fn(Option<&mut I>) -> I;

/// What comes of a device by what it has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes on after that time, in which it receives and does nothing else.
    Busy(Duration),
    /// It restarts when it has sent its replies.
    Restarts,
    /// It has lost its power, and gets it back at once.
    Dies,
}

/// The link, and the device at its other end.
#[derive(Debug)]
pub struct VirtualLink<I, const FRAME: usize, const WINDOW: usize> {
    /// From the caller to the device.
    pub to_device: Line,
    /// From the device to the caller.
    pub to_caller: Line,
    clock: VirtualClock,
    start: Start<I>,
    server: Server<I, FRAME, WINDOW>,
    /// The bytes that the device has received but not read.
    unread: VecDeque<u8>,
    /// The fault that happens when that many more bytes have gone that way.
    to_come: Option<(Way, u64, Mishap)>,
    /// Tells what comes of the device after a byte.
    fate: fn(&mut I) -> Fate,
    busy_until: Instant,
    is_restarting: bool,
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> VirtualLink<I, FRAME, WINDOW> {
    /// The number of received bytes that the device can hold.
    const BUFFER: usize = FRAME * WINDOW;

    /// Creates a caller on a link of that pace with those faults both ways, to the device that
    /// `start` creates.
    pub fn caller(
        pace: Pace,
        faults: Faults,
        seed: u64,
        start: Start<I>,
    ) -> VirtualCaller<I, FRAME, WINDOW> {
        let clock = VirtualClock::default();
        let [to_device, to_caller] = Line::pair(pace, [faults, faults], seed);
        let link = Self {
            to_device,
            to_caller,
            clock: clock.clone(),
            start,
            server: Self::server(start(None)),
            unread: VecDeque::new(),
            to_come: None,
            fate: |_| Fate::Busy(Duration::from_micros(0)),
            busy_until: Instant::from_micros(0),
            is_restarting: false,
        };
        let timing = match pace.baud {
            Some(baud) => Timing::for_line(baud, FRAME as u32),
            None => Timing::default(),
        };
        BlockingCaller::new(link, StillClock(clock), Client::new(seed as u32, timing))
    }

    fn server(interface: I) -> Server<I, FRAME, WINDOW> {
        Server::new(interface).with_buffer(Self::BUFFER as u16)
    }

    /// Returns the virtual time.
    pub fn now(&self) -> Instant {
        self.clock.time()
    }

    /// Returns the interface of the device.
    pub fn interface(&mut self) -> &mut I {
        self.server.interface()
    }

    /// Resets the device: its current work is lost, the bytes that it had sent arrive.
    pub fn reset(&mut self) {
        let interface = (self.start)(Some(self.server.interface()));
        self.server = Self::server(interface);
        self.unread.clear();
        self.is_restarting = false;
        self.busy_until = self.now();
    }

    /// Sets what comes of the device: `fate` is asked after each byte that it reads.
    pub const fn set_fate(&mut self, fate: fn(&mut I) -> Fate) {
        self.fate = fate;
    }

    /// Schedules a fault for when the device has received `bytes` more.
    pub const fn after(&mut self, bytes: u64, mishap: Mishap) {
        self.to_come = Some((Way::In, bytes, mishap));
    }

    /// Schedules a fault for when the device has sent `bytes` more.
    pub const fn after_sent(&mut self, bytes: u64, mishap: Mishap) {
        self.to_come = Some((Way::Out, bytes, mishap));
    }

    /// Returns true if a scheduled fault has not happened yet.
    pub const fn is_to_come(&self) -> bool {
        self.to_come.is_some()
    }

    /// Counts a byte, and lets the fault happen that comes with it.
    fn count(&mut self, way: Way) {
        match &mut self.to_come {
            &mut Some((of, 0 | 1, mishap)) if of == way => {
                self.to_come = None;
                match mishap {
                    Mishap::Reset => self.reset(),
                    Mishap::Cut => self.to_caller.cut(),
                }
            }
            Some((of, left, _)) if *of == way => *left -= 1,
            _ => {}
        }
    }

    /// Works until it has to wait.
    fn work(&mut self) {
        let now = self.now();
        self.serve(now);
        while let Some(byte) = self.to_device.receive(now) {
            if self.unread.len() < Self::BUFFER {
                self.unread.push_back(byte);
            }
            self.count(Way::In);
            self.serve(now);
        }
    }

    fn serve(&mut self, now: Instant) {
        while now >= self.busy_until {
            let server = &mut self.server;
            if let Some(&byte) = server.outgoing().first() {
                if now < self.to_caller.ready_at() {
                    return;
                }
                self.to_caller.send(now, byte);
                server.sent(1);
                self.count(Way::Out);
            } else if self.is_restarting {
                self.reset();
            } else {
                let Some(byte) = self.unread.pop_front() else {
                    return;
                };
                server.receive(byte);
                match (self.fate)(server.interface()) {
                    Fate::Busy(time) => self.busy_until = now + time,
                    Fate::Restarts => self.is_restarting = true,
                    Fate::Dies => self.reset(),
                }
            }
        }
    }

    /// Lets time pass until something happens, or until `then`.
    fn pass(&mut self, then: Instant) {
        let is_sending = !self.server.outgoing().is_empty();
        let next = [
            self.to_device.next_arrival(),
            self.to_caller.next_arrival(),
            is_sending.then(|| self.to_caller.ready_at()),
            Some(self.busy_until),
            Some(then),
        ];
        let now = self.now();
        let next = next.into_iter().flatten().filter(|&next| next > now);
        self.clock.advance_to(next.min().unwrap_or(then));
        self.work();
    }
}

impl<I, const FRAME: usize, const WINDOW: usize> ErrorType for VirtualLink<I, FRAME, WINDOW> {
    type Error = Infallible;
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> ReadReady
    for VirtualLink<I, FRAME, WINDOW>
{
    /// If there is nothing to read, some time passes: the caller will ask again.
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        self.work();
        let now = self.now();
        let arrival = self.to_caller.next_arrival();
        let has_arrived = arrival.is_some_and(|arrival| arrival <= now);
        if !has_arrived {
            self.pass(now + IDLE);
        }
        Ok(has_arrived)
    }
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> Read for VirtualLink<I, FRAME, WINDOW> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let now = self.now();
        match (buffer.first_mut(), self.to_caller.receive(now)) {
            (Some(place), Some(byte)) => {
                *place = byte;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

impl<I: Dispatch, const FRAME: usize, const WINDOW: usize> Write for VirtualLink<I, FRAME, WINDOW> {
    /// Takes a byte when the line is ready for it.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let Some(&byte) = bytes.first() else {
            return Ok(0);
        };
        while self.now() < self.to_device.ready_at() {
            let then = self.to_device.ready_at();
            self.pass(then);
        }
        let now = self.now();
        self.to_device.send(now, byte);
        Ok(1)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
