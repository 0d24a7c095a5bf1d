//! Failures of calls in words: their class, their hint, and whether the call ran.

use serde_json::json;
use serial_rpc::connection::NamedCallError;
use serial_rpc::failure::{Class, Failure};
use serial_rpc::{CallError, Cause, Connection, Ran};
use serial_rpc_simulator::SimulatedDevice;

fn device() -> Connection {
    Connection::to(SimulatedDevice::new())
}

#[test]
fn a_call_that_others_pass_on_fails_with_a_class_and_a_hint() {
    let unknown = CallError::OutcomeUnknown;
    for (error, idempotent, class) in [
        (unknown(Cause::Relay), false, Class::OutcomeUnknown),
        (unknown(Cause::Relay), true, Class::Port),
        (unknown(Cause::OtherCaller), false, Class::OutcomeUnknown),
        (unknown(Cause::OtherCaller), true, Class::Port),
        (CallError::Unreachable, false, Class::Port),
        (CallError::Refused, false, Class::Protocol),
    ] {
        let failure = Failure::call(&device(), idempotent, error);
        assert_eq!(failure.class, class, "{error}");
        assert!(failure.hint.is_some(), "{error}");
        assert_eq!(failure.ran, error.ran(), "{error}");
    }
}

#[test]
fn a_cancelled_call_is_an_interruption_that_says_if_it_may_have_run() {
    let cancelled = CallError::OutcomeUnknown(Cause::Cancelled);
    for (error, idempotent, message) in [
        (CallError::Cancelled, false, "interrupted"),
        (cancelled, true, "interrupted"),
        (
            cancelled,
            false,
            "interrupted: the call may have run, once, or not",
        ),
    ] {
        let failure = Failure::call(&device(), idempotent, error);
        assert!(failure.is_interruption());
        assert_eq!(failure.message, message);
    }
}

#[test]
fn a_failure_says_whether_the_call_ran() {
    let device = device();
    let failed = |path: &str, arguments| {
        let error: NamedCallError = device.call(path, &arguments).unwrap_err();
        Failure::named_call(&device, error)
    };
    let error = failed("calculator.div", json!([1, 0]));
    assert_eq!((error.class, error.ran), (Class::Procedure, Ran::Once));
    assert_eq!(error.error.as_deref(), Some(&json!("DivideByZero")));
    let mistaken = failed("calculator.div", json!([1]));
    assert_eq!((mistaken.class, mistaken.ran), (Class::Usage, Ran::Never));
}
