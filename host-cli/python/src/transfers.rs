//! Transfers blocks on a thread of their own, while this one tells the program's function how far it
//! is, and looks for signals.

use crate::errors;
use crate::waiting::LOOK_FOR_SIGNALS;
use pyo3::prelude::*;
use rpc_proto::services::blocks::TransferError;
use serial_rpc::Connection;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

/// Runs a transfer, and calls `progress` with the bytes done and their total.
///
/// # Errors
/// Fails if the transfer does, or if `progress` or a signal's handler raises. That ends all calls of
/// the connection that are in flight.
pub fn transfer<T: Send>(
    py: Python<'_>,
    device: &Connection,
    progress: Option<Py<PyAny>>,
    run: impl FnOnce(&mut dyn FnMut(u32, u32)) -> Result<T, TransferError> + Send,
) -> PyResult<T> {
    let (tell, told) = mpsc::channel();
    let ended = py.detach(|| {
        thread::scope(|scope| {
            let running = scope.spawn(move || {
                run(&mut |done, total| {
                    // Nobody listens any more once something was raised.
                    let _ = tell.send((done, total));
                })
            });
            let mut raised = None;
            loop {
                let step = match told.recv_timeout(LOOK_FOR_SIGNALS) {
                    Ok(step) => Some(step),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                let called = Python::attach(|py| {
                    if let (Some(progress), Some(step)) = (&progress, step) {
                        progress.call1(py, step)?;
                    }
                    py.check_signals()
                });
                if let Err(error) = called {
                    raised = Some(error);
                    device.cancel();
                    break;
                }
            }
            drop(told);
            (running.join(), raised)
        })
    });
    match ended {
        (_, Some(raised)) => Err(raised),
        (Ok(ended), None) => ended.map_err(|error| errors::transfer(py, error)),
        (Err(panic), None) => std::panic::resume_unwind(panic),
    }
}
