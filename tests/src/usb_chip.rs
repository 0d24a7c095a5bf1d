//! A chip's USB controller in virtual time, with the driver that `embassy-usb` asks for: endpoints that
//! hold a packet each, as a [`UsbHost`](crate::usb_host::UsbHost) finds them.

use crate::virtual_time::VirtualTime;
use embassy_usb::driver::{
    Bus, ControlPipe, Direction, Driver, Endpoint, EndpointAddress, EndpointAllocError,
    EndpointError, EndpointIn, EndpointInfo, EndpointOut, EndpointType, Event, Unsupported,
};
use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

/// The ways in which drivers treat endpoints that a reset of the bus has disabled. Both exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driving {
    /// Who waits is told, and packets are lost at once, as with `embassy-nrf`.
    Telling,
    /// Who waits waits on, and a packet stays until the endpoint is enabled, as with `embassy-rp`.
    Silent,
}

/// One direction of an endpoint, other than that for control.
#[derive(Debug, Default)]
pub(crate) struct Channel {
    pub is_enabled: bool,
    /// The packet that the other side has not taken yet.
    pub packet: Option<Vec<u8>>,
}

/// The answer of a device to a control request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted,
    Stalled,
}

/// The state of a controller.
#[derive(Debug)]
pub(crate) struct Controller {
    driving: Driving,
    pub events: VecDeque<Event>,
    pub setup: Option<[u8; 8]>,
    pub control_out: VecDeque<Vec<u8>>,
    pub control_in: Vec<u8>,
    pub answer: Option<Answer>,
    /// By the number of the endpoint, minus one.
    pub to_host: Vec<Channel>,
    pub to_device: Vec<Channel>,
}

/// The USB controller of a device; clones are the same one.
#[derive(Clone, Debug)]
pub struct UsbChip {
    time: VirtualTime,
    controller: Rc<RefCell<Controller>>,
}

impl UsbChip {
    /// Returns a chip that is plugged in.
    #[must_use]
    pub fn new(time: &VirtualTime, driving: Driving) -> Self {
        let controller = Controller {
            driving,
            events: VecDeque::from([Event::PowerDetected]),
            setup: None,
            control_out: VecDeque::new(),
            control_in: Vec::new(),
            answer: None,
            to_host: Vec::new(),
            to_device: Vec::new(),
        };
        Self {
            time: time.clone(),
            controller: Rc::new(RefCell::new(controller)),
        }
    }

    /// Returns the time that it lives in.
    #[must_use]
    pub const fn time(&self) -> &VirtualTime {
        &self.time
    }

    /// Waits until `look` finds something in the controller, and lets everybody else know of it.
    pub(crate) async fn wait<T>(&self, mut look: impl FnMut(&mut Controller) -> Option<T>) -> T {
        poll_fn(|_| match look(&mut self.controller.borrow_mut()) {
            Some(found) => {
                self.time.note();
                Poll::Ready(found)
            }
            None => Poll::Pending,
        })
        .await
    }

    /// Changes the controller, and lets everybody else know of it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Controller) -> T) -> T {
        self.time.note();
        change(&mut self.controller.borrow_mut())
    }

    pub(crate) fn controller(&self) -> RefMut<'_, Controller> {
        self.controller.borrow_mut()
    }

    fn allocate(
        &self,
        direction: Direction,
        ep_type: EndpointType,
        max_packet_size: u16,
        interval_ms: u8,
    ) -> ChipEndpoint {
        let info = EndpointInfo {
            addr: self.change(|controller| controller.allocate(direction)),
            ep_type,
            max_packet_size,
            interval_ms,
        };
        let chip = self.clone();
        ChipEndpoint { chip, info }
    }
}

impl Controller {
    pub(crate) fn channel(&mut self, address: EndpointAddress) -> &mut Channel {
        let channels = match address.direction() {
            Direction::In => &mut self.to_host,
            Direction::Out => &mut self.to_device,
        };
        &mut channels[address.index() - 1]
    }

    fn allocate(&mut self, direction: Direction) -> EndpointAddress {
        let channels = match direction {
            Direction::In => &mut self.to_host,
            Direction::Out => &mut self.to_device,
        };
        channels.push(Channel::default());
        EndpointAddress::from_parts(channels.len(), direction)
    }

    /// Disables all endpoints but that for control.
    fn reset(&mut self) {
        let forgets = self.driving == Driving::Telling;
        for channel in self.to_host.iter_mut().chain(&mut self.to_device) {
            channel.is_enabled = false;
            if forgets {
                channel.packet = None;
            }
        }
        self.setup = None;
        self.control_out.clear();
    }
}

impl Driver<'static> for UsbChip {
    type EndpointOut = ChipEndpoint;
    type EndpointIn = ChipEndpoint;
    type ControlPipe = Self;
    type Bus = Self;

    fn alloc_endpoint_out(
        &mut self,
        ep_type: EndpointType,
        _: Option<EndpointAddress>,
        max_packet_size: u16,
        interval_ms: u8,
    ) -> Result<ChipEndpoint, EndpointAllocError> {
        Ok(self.allocate(Direction::Out, ep_type, max_packet_size, interval_ms))
    }

    fn alloc_endpoint_in(
        &mut self,
        ep_type: EndpointType,
        _: Option<EndpointAddress>,
        max_packet_size: u16,
        interval_ms: u8,
    ) -> Result<ChipEndpoint, EndpointAllocError> {
        Ok(self.allocate(Direction::In, ep_type, max_packet_size, interval_ms))
    }

    fn start(self, _: u16) -> (Self, Self) {
        (self.clone(), self)
    }
}

impl Bus for UsbChip {
    async fn enable(&mut self) {}

    async fn disable(&mut self) {}

    async fn poll(&mut self) -> Event {
        let event = self.wait(|controller| {
            let event = controller.events.pop_front();
            if event == Some(Event::Reset) {
                controller.reset();
            }
            event
        });
        event.await
    }

    fn endpoint_set_enabled(&mut self, address: EndpointAddress, is_enabled: bool) {
        let packet = None;
        self.change(|controller| *controller.channel(address) = Channel { is_enabled, packet });
    }

    fn endpoint_set_stalled(&mut self, _: EndpointAddress, _: bool) {}

    fn endpoint_is_stalled(&mut self, _: EndpointAddress) -> bool {
        false
    }

    async fn remote_wakeup(&mut self) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
}

impl ControlPipe for UsbChip {
    fn max_packet_size(&self) -> usize {
        64
    }

    async fn setup(&mut self) -> [u8; 8] {
        self.wait(|controller| controller.setup.take()).await
    }

    async fn data_out(
        &mut self,
        buffer: &mut [u8],
        _: bool,
        _: bool,
    ) -> Result<usize, EndpointError> {
        let packet = self.wait(|controller| controller.control_out.pop_front());
        let packet = packet.await;
        buffer[..packet.len()].copy_from_slice(&packet);
        Ok(packet.len())
    }

    async fn data_in(&mut self, data: &[u8], _: bool, last: bool) -> Result<(), EndpointError> {
        self.change(|controller| {
            controller.control_in.extend(data);
            if last {
                controller.answer = Some(Answer::Accepted);
            }
        });
        Ok(())
    }

    async fn accept(&mut self) {
        self.change(|controller| controller.answer = Some(Answer::Accepted));
    }

    async fn reject(&mut self) {
        self.change(|controller| controller.answer = Some(Answer::Stalled));
    }

    async fn accept_set_address(&mut self, _: u8) {
        self.accept().await;
    }
}

/// One direction of an endpoint, the device's side.
#[derive(Debug)]
pub struct ChipEndpoint {
    chip: UsbChip,
    info: EndpointInfo,
}

impl Endpoint for ChipEndpoint {
    fn info(&self) -> &EndpointInfo {
        &self.info
    }

    async fn wait_enabled(&mut self) {
        let address = self.info.addr;
        let chip = self.chip.clone();
        chip.wait(|controller| controller.channel(address).is_enabled.then_some(()))
            .await;
    }
}

impl ChipEndpoint {
    /// Waits until `look` can do something with the channel.
    async fn wait<T>(
        &self,
        mut look: impl FnMut(&mut Channel) -> Option<T>,
    ) -> Result<T, EndpointError> {
        poll_fn(|_| {
            let mut controller = self.chip.controller();
            let tells = controller.driving == Driving::Telling;
            let channel = controller.channel(self.info.addr);
            if tells && !channel.is_enabled {
                return Poll::Ready(Err(EndpointError::Disabled));
            }
            match look(channel) {
                Some(found) => {
                    self.chip.time.note();
                    Poll::Ready(Ok(found))
                }
                None => Poll::Pending,
            }
        })
        .await
    }
}

impl EndpointOut for ChipEndpoint {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, EndpointError> {
        let packet = self.wait(|channel| channel.packet.take()).await?;
        let room = buffer.get_mut(..packet.len());
        room.ok_or(EndpointError::BufferOverflow)?
            .copy_from_slice(&packet);
        Ok(packet.len())
    }
}

impl EndpointIn for ChipEndpoint {
    async fn write(&mut self, data: &[u8]) -> Result<(), EndpointError> {
        if data.len() > usize::from(self.info.max_packet_size) {
            return Err(EndpointError::BufferOverflow);
        }
        let written = self.wait(|channel| {
            let is_free = channel.packet.is_none();
            is_free.then(|| channel.packet = Some(data.to_vec()))
        });
        written.await
    }
}
