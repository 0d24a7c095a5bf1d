//! Tests devices with a faulty description: each is refused with an error, and the device stays
//! usable for callers that need no description.

use rpc_proto::describe::fingerprint;
use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply};
use rpc_proto::wire::message::Fault;
use serial_rpc::Connection;
use serial_rpc::connection::DescriptionError;
use serial_rpc_simulator::SimulatedDevice;

/// A device whose description is arbitrary bytes.
struct Describing<D>(std::marker::PhantomData<D>);

/// The bytes, and their fingerprint.
trait Bytes: Send + 'static {
    const BYTES: &'static [u8];
    const FINGERPRINT: u32 = fingerprint(&[Self::BYTES]);
}

impl<D: Bytes> Interface for Describing<D> {
    fn description(&self, offset: u32) -> &[u8] {
        D::BYTES.get(offset as usize..).unwrap_or_default()
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
    let connection = Connection::to(device);
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
