//! The compiled half of the Python package `serial_rpc`: connections, with the protocol in Rust.
//!
//! Values cross as plain Python objects: numbers, text, bytes, lists, and dicts for structs. The
//! Python half, in `python/serial_rpc`, makes dataclasses, enums and exceptions of them by the
//! device's description, and objects with a method for each procedure.
//!
//! While something waits, Python's other threads run.

mod connection;
mod errors;
mod events;
mod feeds;
mod place;
mod simulated;
mod streams;
mod traces;
mod transfers;
mod values;
mod waiting;

/// Connects to devices; `serial_rpc` is what programs import.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::connection::Connection;
    #[pymodule_export]
    use crate::events::Subscription;
    #[pymodule_export]
    use crate::feeds::Feed;
    #[pymodule_export]
    use crate::simulated::{SimulatedDevice, description_of_source};
    #[pymodule_export]
    use crate::streams::Stream;
}
