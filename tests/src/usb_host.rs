//! The host of a USB serial port in virtual time, as an operating system is one: it enumerates the
//! device, opens and closes the port for programs, and moves packets while one has it open.

use crate::line::{Faults, Line, Pace};
use crate::usb_chip::{Answer, UsbChip};
use crate::virtual_time::VirtualTime;
use embassy_usb::driver::{Direction, EndpointAddress, Event};
use embedded_io::ErrorType;
use rpc_proto::time::Duration;
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// The bytes in a full packet.
const PACKET: usize = 64;

/// The bytes that the system asks the device for at once. It sees none of them before all have come or
/// a packet was not full.
const TRANSFER: usize = 2 * PACKET;

/// The time that a packet takes on the bus.
const SLOT: Duration = Duration::from_micros(50);

/// The time that a reset of the bus takes.
const RESET: Duration = Duration::from_millis(10);

/// The bits of a device's control lines: DTR and RTS.
const LINES_UP: u16 = 3;

const STANDARD_OUT: u8 = 0x00;
const STANDARD_IN: u8 = 0x80;
const INTERFACE_OUT: u8 = 0x21;
const SET_ADDRESS: u8 = 5;
const GET_DESCRIPTOR: u8 = 6;
const SET_CONFIGURATION: u8 = 9;
const SET_LINE_CODING: u8 = 0x20;
const SET_CONTROL_LINE_STATE: u8 = 0x22;
const DEVICE_DESCRIPTOR: u16 = 0x100;
const CONFIGURATION_DESCRIPTOR: u16 = 0x200;
const STRING_DESCRIPTOR: u16 = 0x300;
const US_ENGLISH: u16 = 0x409;

/// A request that the device has refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stalled;

/// The host's side of the bus; clones are the same host.
#[derive(Clone, Debug)]
pub struct UsbHost {
    chip: UsbChip,
    system: Rc<RefCell<System>>,
}

/// The state of the operating system.
#[derive(Debug)]
struct System {
    /// The bulk endpoints to the device and to the host, once it is enumerated.
    endpoints: Option<[EndpointAddress; 2]>,
    is_suspended: bool,
    is_open: bool,
    /// True if the program with the port has stopped reading, and the system's memory is full.
    is_stuck: bool,
    /// From the program to the bus, and from the bus to the program.
    lines: [Line; 2],
    transfer: Vec<u8>,
    packets: u64,
}

impl UsbHost {
    /// Returns a host for a device. What a program writes and reads passes a line with `faults`, each
    /// way.
    #[must_use]
    pub fn new(chip: &UsbChip, faults: Faults, seed: u64) -> Self {
        let system = System {
            endpoints: None,
            is_suspended: false,
            is_open: false,
            is_stuck: false,
            lines: Line::pair(Pace::uart(4_000_000), [faults; 2], seed),
            transfer: Vec::new(),
            packets: 0,
        };
        Self {
            chip: chip.clone(),
            system: Rc::new(RefCell::new(system)),
        }
    }

    fn time(&self) -> &VirtualTime {
        self.chip.time()
    }

    fn change<T>(&self, change: impl FnOnce(&mut System) -> T) -> T {
        self.time().note();
        change(&mut self.system.borrow_mut())
    }

    /// Makes a control request and returns what the device answers.
    async fn request(
        &self,
        kind: u8,
        request: u8,
        value: u16,
        index: u16,
        data: &[u8],
        wanted: u16,
    ) -> Result<Vec<u8>, Stalled> {
        let len = if data.is_empty() {
            wanted
        } else {
            data.len() as u16
        };
        let [value, index, len] = [value, index, len].map(u16::to_le_bytes);
        let setup = [
            kind, request, value[0], value[1], index[0], index[1], len[0], len[1],
        ];
        self.chip.change(|controller| {
            controller.setup = Some(setup);
            controller
                .control_out
                .extend(data.chunks(PACKET).map(<[u8]>::to_vec));
            controller.control_in.clear();
            controller.answer = None;
        });
        let answer = self.chip.wait(|controller| controller.answer.take());
        match answer.await {
            Answer::Accepted => Ok(self
                .chip
                .change(|controller| std::mem::take(&mut controller.control_in))),
            Answer::Stalled => Err(Stalled),
        }
    }

    async fn descriptor(&self, which: u16, language: u16, len: u16) -> Result<Vec<u8>, Stalled> {
        let request = self.request(STANDARD_IN, GET_DESCRIPTOR, which, language, &[], len);
        request.await
    }

    /// Resets the bus, in the middle of whatever was going on. Programs lose the port, and the device has
    /// to be enumerated.
    pub async fn reset(&self) {
        self.change(System::close);
        self.change(|system| {
            system.endpoints = None;
            system.is_suspended = false;
        });
        self.chip
            .change(|controller| controller.events.push_back(Event::Reset));
        self.time().sleep(RESET).await;
    }

    /// Enumerates the device, as after a reset, and returns its serial number.
    ///
    /// # Errors
    /// Fails if the device refuses a request.
    ///
    /// # Panics
    /// Panics if the device has no bulk endpoints or no serial number.
    pub async fn enumerate(&self) -> Result<String, Stalled> {
        let device = self.descriptor(DEVICE_DESCRIPTOR, 0, 18).await?;
        self.request(STANDARD_OUT, SET_ADDRESS, 5, 0, &[], 0)
            .await?;
        let head = self.descriptor(CONFIGURATION_DESCRIPTOR, 0, 9).await?;
        let len = u16::from_le_bytes([head[2], head[3]]);
        let configuration = self.descriptor(CONFIGURATION_DESCRIPTOR, 0, len).await?;
        let serial_number = STRING_DESCRIPTOR + u16::from(device[16]);
        let text = self.descriptor(serial_number, US_ENGLISH, 255).await?;
        self.request(STANDARD_OUT, SET_CONFIGURATION, 1, 0, &[], 0)
            .await?;
        let endpoints = [Direction::Out, Direction::In].map(|direction| {
            let mut bulk = bulk_endpoints(&configuration);
            let found = bulk.find(|address| address.direction() == direction);
            found.expect("a serial port has a bulk endpoint each way")
        });
        self.change(|system| system.endpoints = Some(endpoints));
        let units = text[2..]
            .chunks_exact(2)
            .map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        Ok(String::from_utf16(&units.collect::<Vec<_>>()).expect("a serial number is text"))
    }

    /// Opens the port for a program, as soon as the device is enumerated.
    ///
    /// # Errors
    /// Fails if the device refuses a request.
    pub async fn open(&self) -> Result<UsbPort, Stalled> {
        let baud_8n1 = [0, 0xC2, 1, 0, 0, 0, 8];
        self.request(INTERFACE_OUT, SET_CONTROL_LINE_STATE, LINES_UP, 0, &[], 0)
            .await?;
        self.request(INTERFACE_OUT, SET_LINE_CODING, 0, 0, &baud_8n1, 0)
            .await?;
        self.change(|system| system.is_open = true);
        Ok(UsbPort(self.clone()))
    }

    /// Closes the port, as the system does when its program is gone: what is under way in it is lost.
    ///
    /// # Errors
    /// Fails if the device refuses a request.
    pub async fn close(&self) -> Result<(), Stalled> {
        self.change(System::close);
        self.request(INTERFACE_OUT, SET_CONTROL_LINE_STATE, 0, 0, &[], 0)
            .await?;
        Ok(())
    }

    /// Suspends the bus: nothing moves on it.
    pub fn suspend(&self) {
        self.change(|system| system.is_suspended = true);
        self.chip
            .change(|controller| controller.events.push_back(Event::Suspend));
    }

    /// Ends that.
    pub fn resume(&self) {
        self.chip
            .change(|controller| controller.events.push_back(Event::Resume));
        self.change(|system| system.is_suspended = false);
    }

    /// Lets the program with the port stop reading, or go on.
    pub fn stop_reading(&self, is_stuck: bool) {
        self.change(|system| system.is_stuck = is_stuck);
    }

    /// Returns the number of packets that were moved, empty ones included.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.system.borrow().packets
    }

    /// Moves packets for ever, one in each slot.
    pub async fn run(&self) -> Infallible {
        loop {
            poll_fn(|_| {
                if self.move_packet() {
                    return Poll::Ready(());
                }
                if let Some(arrival) = self.system.borrow().lines[0].next_arrival() {
                    self.time().wake_at(arrival.max(self.time().now() + SLOT));
                }
                Poll::Pending
            })
            .await;
            self.time().note();
            self.time().sleep(SLOT).await;
        }
    }

    /// Moves a packet, if there is one that can be moved.
    fn move_packet(&self) -> bool {
        let system = &mut *self.system.borrow_mut();
        let Some([to_device, to_host]) = system.endpoints else {
            return false;
        };
        if system.is_suspended || !system.is_open {
            return false;
        }
        let now = self.time().now();
        let controller = &mut *self.chip.controller();
        let channel = controller.channel(to_host);
        if channel.is_enabled
            && !system.is_stuck
            && let Some(packet) = channel.packet.take()
        {
            system.packets += 1;
            system.transfer.extend(&packet);
            if packet.len() < PACKET || system.transfer.len() == TRANSFER {
                for byte in system.transfer.drain(..) {
                    system.lines[1].send(now, byte);
                }
            }
            return true;
        }
        let channel = controller.channel(to_device);
        if !channel.is_enabled || channel.packet.is_some() {
            return false;
        }
        let written = std::iter::from_fn(|| system.lines[0].receive(now));
        let packet: Vec<u8> = written.take(PACKET).collect();
        if packet.is_empty() {
            return false;
        }
        system.packets += 1;
        channel.packet = Some(packet);
        true
    }
}

impl System {
    fn close(&mut self) {
        self.is_open = false;
        self.is_stuck = false;
        self.transfer.clear();
        for line in &mut self.lines {
            line.cut();
            line.mend();
        }
    }
}

/// Returns the addresses of the bulk endpoints in a configuration descriptor.
fn bulk_endpoints(mut descriptors: &[u8]) -> impl Iterator<Item = EndpointAddress> {
    const ENDPOINT: u8 = 5;
    const BULK: u8 = 2;
    std::iter::from_fn(move || {
        while let Some((descriptor, rest)) =
            descriptors.split_at_checked(usize::from(*descriptors.first()?))
        {
            descriptors = rest;
            if let [_, ENDPOINT, address, BULK, ..] = *descriptor {
                return Some(address.into());
            }
        }
        None
    })
}

/// The open port, as its program reads and writes it.
#[derive(Clone, Debug)]
pub struct UsbPort(UsbHost);

impl UsbPort {
    /// Returns the bytes that have come, at once.
    #[must_use]
    pub fn received(&self) -> Vec<u8> {
        let Self(host) = self;
        let now = host.time().now();
        host.change(|system| std::iter::from_fn(|| system.lines[1].receive(now)).collect())
    }
}

impl ErrorType for UsbPort {
    type Error = Infallible;
}

impl embedded_io_async::Read for UsbPort {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Self(host) = self;
        poll_fn(|_| {
            let line = &mut host.system.borrow_mut().lines[1];
            let now = host.time().now();
            let mut count = 0;
            while let Some(place) = buffer.get_mut(count)
                && let Some(byte) = line.receive(now)
            {
                *place = byte;
                count += 1;
            }
            if count > 0 || buffer.is_empty() {
                return Poll::Ready(Ok(count));
            }
            if let Some(arrival) = line.next_arrival() {
                host.time().wake_at(arrival);
            }
            Poll::Pending
        })
        .await
    }
}

impl embedded_io_async::Write for UsbPort {
    /// Gives the bytes to the system, which has room for all.
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let Self(host) = self;
        let now = host.time().now();
        host.change(|system| {
            for &byte in bytes {
                system.lines[0].send(now, byte);
            }
        });
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
