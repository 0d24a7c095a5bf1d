//! The demonstration device in C: generated code, procedures and library, without any Rust.
#![allow(unsafe_code, reason = "the C library is called here")]

use crate::events::EventQueue;
use crate::sys;
use std::ptr;
use std::slice;
use tests::device_end::DeviceEnd;

/// The memory for its events, as [`firmware::DemonstrationEvents`] has it.
type Events = EventQueue<512>;

/// A device that serves the demonstration with frames of up to `FRAME` bytes and a window of `WINDOW`.
pub struct DemonstrationInC<const FRAME: usize, const WINDOW: usize> {
    session: sys::Session,
    frames: Vec<u8>,
    /// Points into `_event_frame` and `_queue`; the device's state points to it.
    events: Box<sys::Events>,
    _event_frame: Vec<u8>,
    _queue: Box<Events>,
    /// The state of the device, whose type is its own business.
    state: Vec<u128>,
}

impl<const FRAME: usize, const WINDOW: usize> DemonstrationInC<FRAME, WINDOW> {
    /// Creates the device, just switched on.
    #[must_use]
    pub fn new() -> Self {
        let queue = Box::new(Events::new());
        let mut event_frame = vec![0; FRAME];
        let events = Box::new(queue.shared().descriptor(&mut event_frame));
        let mut state = vec![0_u128; sys::size_of_demonstration().div_ceil(size_of::<u128>())];
        // SAFETY: there is room for the state, and it and the events stay where they are as long as this device.
        unsafe { sys::demonstration_init(state.as_mut_ptr().cast(), &raw const *events) };
        Self {
            session: sys::Session::default(),
            frames: vec![0; FRAME * (WINDOW + 1)],
            events,
            _event_frame: event_frame,
            _queue: queue,
            state,
        }
    }

    fn with<T>(&mut self, action: impl FnOnce(*const sys::Server) -> T) -> T {
        let server = sys::Server {
            interface: &raw const sys::calculator_interface,
            context: self.state.as_mut_ptr().cast(),
            session: &raw mut self.session,
            frames: self.frames.as_mut_ptr(),
            events: &raw const *self.events,
            frame: FRAME as u16,
            buffer: 0,
            window: WINDOW as u8,
        };
        action(&raw const server)
    }
}

impl<const FRAME: usize, const WINDOW: usize> Default for DemonstrationInC<FRAME, WINDOW> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const FRAME: usize, const WINDOW: usize> DeviceEnd for DemonstrationInC<FRAME, WINDOW> {
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
