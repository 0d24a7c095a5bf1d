//! The C library's blocking caller over a link in Rust.
#![allow(
    unsafe_code,
    reason = "it calls foreign functions, and is called by them"
)]

use crate::client::sys::Client as Descriptor;
use crate::client::{Client, EventMemory};
use std::ffi::c_void;
use std::slice;

/// The link of a caller, and its clock. Only reading and writing take time, if a test wants it so.
pub trait Link {
    /// Reads some bytes, and waits for the first for at most `timeout` milliseconds. None if the link has failed.
    fn read(&mut self, bytes: &mut [u8], timeout: u32) -> Option<usize>;

    /// Writes some bytes. None if the link has failed.
    fn write(&mut self, bytes: &[u8]) -> Option<usize>;

    /// Returns the milliseconds of the clock.
    fn now(&self) -> u32;
}

/// A caller, as `serial_rpc.h` has it.
#[repr(C)]
#[derive(Debug)]
pub struct Caller {
    client: *const Descriptor,
    read: unsafe extern "C" fn(*mut c_void, *mut u8, usize, u32) -> i32,
    write: unsafe extern "C" fn(*mut c_void, *const u8, usize) -> i32,
    now: unsafe extern "C" fn(*mut c_void) -> u32,
    context: *mut c_void,
}

/// Lets C code call over a link.
pub fn call<L: Link, T, const FRAME: usize, const ROOM: usize, const NUMBERS: usize, E>(
    client: &mut Client<FRAME, ROOM, NUMBERS, E>,
    link: &mut L,
    action: impl FnOnce(*const Caller) -> T,
) -> T
where
    E: EventMemory,
{
    client.with(|client| {
        let caller = Caller {
            client,
            read: read::<L>,
            write: write::<L>,
            now: now::<L>,
            context: (&raw mut *link).cast(),
        };
        action(&raw const caller)
    })
}

unsafe extern "C" fn read<L: Link>(
    context: *mut c_void,
    bytes: *mut u8,
    size: usize,
    timeout: u32,
) -> i32 {
    // SAFETY: `call` has put the link there, and the caller has so many bytes.
    let (link, bytes) = unsafe {
        (
            &mut *context.cast::<L>(),
            slice::from_raw_parts_mut(bytes, size),
        )
    };
    link.read(bytes, timeout).map_or(-1, |count| count as i32)
}

unsafe extern "C" fn write<L: Link>(context: *mut c_void, bytes: *const u8, count: usize) -> i32 {
    // SAFETY: `call` has put the link there, and the caller has so many bytes.
    let (link, bytes) = unsafe {
        (
            &mut *context.cast::<L>(),
            slice::from_raw_parts(bytes, count),
        )
    };
    link.write(bytes).map_or(-1, |count| count as i32)
}

unsafe extern "C" fn now<L: Link>(context: *mut c_void) -> u32 {
    // SAFETY: `call` has put the link there.
    unsafe { &*context.cast::<L>() }.now()
}
