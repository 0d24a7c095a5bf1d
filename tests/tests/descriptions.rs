//! Tests devices with a faulty description: each is refused with an error, and the device stays
//! usable for callers that need no description.

use rpc_proto::client::CallError;
use rpc_proto::describe::fingerprint;
use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply};
use rpc_proto::wire::message::{Fault, Kind};
use serial_rpc::Connection;
use serial_rpc::connection::DescriptionError;
use serial_rpc::link::Link;
use serial_rpc_simulator::SimulatedDevice;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const TIMEOUT: Duration = Duration::from_secs(1);

/// A device whose description is arbitrary bytes.
struct Describing<D>(std::marker::PhantomData<D>);

/// The bytes, and their fingerprint.
trait Bytes: Send + 'static {
    const BYTES: &'static [u8];
    const FINGERPRINT: u32 = fingerprint(&[Self::BYTES]);
    /// The most bytes that it sends at once, and how long each piece takes.
    const PIECE: usize = usize::MAX;
    const DELAY: Duration = Duration::ZERO;
}

impl<D: Bytes> Interface for Describing<D> {
    fn description(&self, offset: u32) -> &[u8] {
        thread::sleep(D::DELAY);
        let rest = D::BYTES.get(offset as usize..).unwrap_or_default();
        rest.get(..D::PIECE).unwrap_or(rest)
    }

    fn fingerprint(&self) -> u32 {
        D::FINGERPRINT
    }

    fn resolve(&self, _: u32) -> Option<u16> {
        None
    }
}

impl<D: Bytes> Dispatch for Describing<D> {
    fn dispatch(&mut self, _: u16, _: Arguments<'_>, _: Reply<'_>) -> Result<Replied, Fault> {
        Err(Fault::UnknownProcedure)
    }
}

fn refusal<D: Bytes>() -> DescriptionError {
    let device = SimulatedDevice::with(Describing::<D>(std::marker::PhantomData));
    let connection = Connection::to(device).within(TIMEOUT);
    let refusal = connection.description().expect_err("it is refused");
    assert!(connection.device().is_some(), "the session goes on");
    refusal
}

#[test]
fn a_description_that_is_cut_off_is_refused() {
    struct Cut;
    impl Bytes for Cut {
        const BYTES: &'static [u8] = b"\x04demo\x051.0";
    }
    let refusal = refusal::<Cut>();
    assert!(
        matches!(refusal, DescriptionError::Malformed(_)),
        "{refusal}"
    );
}

#[test]
fn a_description_that_makes_no_sense_is_refused() {
    struct Nonsense;
    impl Bytes for Nonsense {
        const BYTES: &'static [u8] = &[0xA5; 300];
    }
    let refusal = refusal::<Nonsense>();
    assert!(
        matches!(refusal, DescriptionError::Malformed(_)),
        "{refusal}"
    );
}

#[test]
fn a_description_without_an_end_is_refused() {
    struct Huge;
    impl Bytes for Huge {
        const BYTES: &'static [u8] = &[0; 300_000];
        // It is not read to the end, so nobody checks.
        const FINGERPRINT: u32 = 0;
    }
    let refusal = refusal::<Huge>();
    assert!(matches!(refusal, DescriptionError::TooLong), "{refusal}");
}

#[test]
fn a_description_of_another_fingerprint_is_refused() {
    struct Other;
    impl Bytes for Other {
        const BYTES: &'static [u8] = b"\x04demo\x051.0.0\x00";
        const FINGERPRINT: u32 = 1;
    }
    let refusal = refusal::<Other>();
    assert!(matches!(refusal, DescriptionError::Mismatch), "{refusal}");
}

#[test]
fn a_description_that_was_left_out_is_missed_in_words() {
    struct Nothing;
    impl Bytes for Nothing {
        const BYTES: &'static [u8] = &[];
    }
    let refusal = refusal::<Nothing>();
    assert!(matches!(refusal, DescriptionError::LeftOut), "{refusal}");
}

#[test]
fn a_description_that_trickles_is_given_up_by_the_deadline() {
    struct Slow;
    impl Bytes for Slow {
        const BYTES: &'static [u8] = &[0; 200_000];
        const PIECE: usize = 100;
        const DELAY: Duration = Duration::from_millis(200);
    }
    let begin = Instant::now();
    let refusal = refusal::<Slow>();
    let is_late = matches!(
        refusal,
        DescriptionError::TooSlow | DescriptionError::Call(CallError::OutcomeUnknown(_))
    );
    assert!(is_late, "{refusal}");
    assert!(begin.elapsed() < 3 * TIMEOUT, "{:?}", begin.elapsed());
}

#[test]
fn a_description_in_single_bytes_is_refused() {
    struct Crumbs;
    impl Bytes for Crumbs {
        const BYTES: &'static [u8] = &[0; 200_000];
        const PIECE: usize = 1;
    }
    let refusal = refusal::<Crumbs>();
    assert!(matches!(refusal, DescriptionError::TooSlow), "{refusal}");
}

/// A device that is reset by every call, and then has another interface.
struct Changing(Mutex<(SimulatedDevice<Numbered>, u32)>);

/// An interface that is nothing but a fingerprint.
struct Numbered(u32);

impl Interface for Numbered {
    fn description(&self, _: u32) -> &[u8] {
        &[]
    }

    fn fingerprint(&self) -> u32 {
        self.0
    }

    fn resolve(&self, _: u32) -> Option<u16> {
        None
    }
}

impl Dispatch for Numbered {
    fn dispatch(&mut self, _: u16, _: Arguments<'_>, _: Reply<'_>) -> Result<Replied, Fault> {
        Err(Fault::UnknownProcedure)
    }
}

impl Link for Changing {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.0.lock().unwrap().0.read(buffer, timeout)
    }

    fn write(&self, bytes: &[u8], timeout: Duration) -> io::Result<usize> {
        let (device, number) = &mut *self.0.lock().unwrap();
        // A code, and the header of a Call.
        if bytes
            .get(1)
            .is_some_and(|header| header >> 5 == Kind::Call as u8)
        {
            *number += 1;
            device.power_cycle(Numbered(*number));
        }
        device.write(bytes, timeout)
    }
}

#[test]
fn an_interface_that_changes_in_each_session_is_not_followed_without_end() {
    let device = SimulatedDevice::with(Numbered(0));
    let connection = Connection::to(Arc::new(Changing(Mutex::new((device, 0)))));
    let none = serde_json::json!([]);
    for _ in 0..3 {
        let error = connection.call("lamp.toggle", &none).unwrap_err();
        assert!(error.to_string().contains("another device"), "{error}");
    }
    let sessions = connection.counters().sessions;
    assert!(sessions < 10, "{sessions} sessions");
}
