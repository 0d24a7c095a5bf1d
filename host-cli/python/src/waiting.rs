//! Waits for a connection as Python does: other threads run meanwhile, and Ctrl-C ends the wait.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serial_rpc::Connection;
use std::time::Duration;

/// The interval at which a wait looks for signals. Nobody notices it after Ctrl-C.
pub const LOOK_FOR_SIGNALS: Duration = Duration::from_millis(20);

/// Waits for a future of the connection.
///
/// # Errors
/// Fails if a signal's handler raises, such as `KeyboardInterrupt`.
pub fn wait<T: Send>(
    py: Python<'_>,
    connection: &Connection,
    future: impl Future<Output = T> + Send,
) -> PyResult<T> {
    py.detach(|| {
        connection.drive(future, LOOK_FOR_SIGNALS, || {
            #[allow(
                clippy::redundant_closure_for_method_calls,
                reason = "the method alone is of one lifetime"
            )]
            Python::attach(|py| py.check_signals())
        })
    })
}

/// Returns a time limit in seconds as a duration.
///
/// # Errors
/// Raises `ValueError` if it is negative, not a number, or more than the clock can hold.
pub fn duration(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| PyValueError::new_err(format!("{seconds} is no time limit in seconds")))
}
