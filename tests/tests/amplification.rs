//! Tests that a few bytes from a device do not become gigabytes and minutes here.

use heapless::Vec;
use rpc_proto::service;
use serde_json::json;
use serial_rpc::Connection;
use serial_rpc::connection::NamedCallError;
use serial_rpc_simulator::SimulatedDevice;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Takes three bytes on the line.
type Nothings = Vec<(), 262_143>;

/// What it has is nothing, but much of it.
#[service]
pub trait Void {
    /// Nothings.
    #[idempotent]
    fn nothings(&self) -> Nothings;

    /// Many of these.
    fn many(&self) -> impl Iterator<Item = Nothings>;
}

struct Empty;

fn nothings() -> Nothings {
    std::iter::repeat_n((), 262_143).collect()
}

impl Void for Empty {
    fn nothings(&self) -> Nothings {
        nothings()
    }

    fn many(&self) -> impl Iterator<Item = Nothings> {
        std::iter::repeat_with(nothings).take(127)
    }
}

#[test]
fn a_value_of_many_parts_without_bytes_is_refused_at_once() {
    let void = SimulatedDevice::<_, 512, 1>::sized(VoidService(Empty), Arc::default(), 0);
    let device = Connection::to(void);
    for path in ["void.nothings", "void.many"] {
        let started = Instant::now();
        let error = device.call(path, &json!([])).unwrap_err();
        assert!(matches!(error, NamedCallError::Reply { .. }), "{error}");
        assert!(
            error
                .to_string()
                .ends_with("too many parts that take no bytes"),
            "{error}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{:?}",
            started.elapsed()
        );
    }
}
