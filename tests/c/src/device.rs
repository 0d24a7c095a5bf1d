//! Devices in C without any Rust: generated code, procedures and library.
#![allow(unsafe_code, reason = "the C library is called here")]

use crate::events::EventQueue;
use crate::sys;
use std::ptr;
use std::slice;
use tests::device_end::DeviceEnd;

/// A device with frames of up to `FRAME` bytes and a window of `WINDOW`.
pub struct DeviceInC<const FRAME: usize, const WINDOW: usize> {
    interface: *const sys::Interface,
    session: sys::Session,
    frames: Vec<u8>,
    events: Option<Events>,
    /// The context of the procedures, whose type is their own business.
    state: Vec<u128>,
}

/// The events of a device, as [`firmware::DemonstrationEvents`] has them.
struct Events {
    /// Points to the others; the device's state points to it.
    descriptor: Box<sys::Events>,
    _frame: Vec<u8>,
    _queue: Box<EventQueue<512>>,
}

impl Events {
    fn new(frame: usize) -> Self {
        let queue = Box::new(EventQueue::new());
        let mut frame = vec![0; frame];
        let descriptor = Box::new(queue.shared().descriptor(&mut frame));
        Self {
            descriptor,
            _frame: frame,
            _queue: queue,
        }
    }
}

impl<const FRAME: usize, const WINDOW: usize> DeviceInC<FRAME, WINDOW> {
    /// Creates a device that serves a constant interface without a state.
    fn of(interface: *const sys::Interface) -> Self {
        Self {
            interface,
            session: sys::Session::default(),
            frames: vec![0; FRAME * (WINDOW + 1)],
            events: None,
            state: Vec::new(),
        }
    }

    /// Creates a device that offers the counter of PROTOCOL.md's vectors.
    #[must_use]
    pub fn counter() -> Self {
        Self::of(&raw const sys::sequences_counter)
    }

    /// Creates a device that offers their ring.
    #[must_use]
    pub fn ring() -> Self {
        Self::of(&raw const sys::sequences_ring)
    }

    /// Creates the demonstration, just switched on.
    #[must_use]
    pub fn demonstration() -> Self {
        let mut device = Self::of(&raw const sys::calculator_interface);
        let events = Events::new(FRAME);
        device.state = vec![0; sys::size_of_demonstration().div_ceil(size_of::<u128>())];
        let state = device.state.as_mut_ptr().cast();
        // SAFETY: there is room for the state, and it and the events stay where they are as long as the device.
        unsafe { sys::demonstration_init(state, &raw const *events.descriptor) };
        device.events = Some(events);
        device
    }

    fn with<T>(&mut self, action: impl FnOnce(*const sys::Server) -> T) -> T {
        let events = self.events.as_ref();
        let events = events.map_or(ptr::null(), |events| &raw const *events.descriptor);
        let server = sys::Server {
            interface: self.interface,
            context: self.state.as_mut_ptr().cast(),
            session: &raw mut self.session,
            frames: self.frames.as_mut_ptr(),
            events,
            frame: FRAME as u16,
            buffer: 0,
            window: WINDOW as u8,
        };
        action(&raw const server)
    }
}

impl<const FRAME: usize, const WINDOW: usize> DeviceEnd for DeviceInC<FRAME, WINDOW> {
    fn receive(&mut self, byte: u8) {
        // SAFETY: all that the server points to lives as long as the call.
        self.with(|server| unsafe { sys::srpc_server_receive(server, byte) });
    }

    fn outgoing(&mut self) -> &[u8] {
        let mut bytes = ptr::null();
        // SAFETY: as above.
        let count =
            self.with(|server| unsafe { sys::srpc_server_outgoing(server, &raw mut bytes) });
        match count {
            0 => &[],
            // SAFETY: they are in memory that is borrowed with this device.
            _ => unsafe { slice::from_raw_parts(bytes, count.into()) },
        }
    }

    fn sent(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        // SAFETY: as above.
        self.with(|server| unsafe { sys::srpc_server_sent(server, count) });
    }
}
