//! Handles Ctrl-C: calls in flight end early and the program exits in order, so that the port is
//! closed properly. (A terminal that was opened exclusively can stay busy if its process is
//! killed.)

use crate::failure::{Class, Failure};
use serial_rpc::Connection;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

struct State {
    happened: bool,
    /// The connection whose calls end with it.
    connection: Weak<Connection>,
}

static STATE: Mutex<State> = Mutex::new(State {
    happened: false,
    connection: Weak::new(),
});
static HAPPENED: Condvar = Condvar::new();

/// Handles Ctrl-C from now on. A second one ends the program at once.
pub fn listen() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        let connection = {
            let mut state = state();
            if state.happened {
                process::exit(Class::Interrupted as i32);
            }
            state.happened = true;
            state.connection.upgrade()
        };
        HAPPENED.notify_all();
        if let Some(connection) = connection {
            connection.cancel();
        }
    })
    .map_err(|error| Failure::new(Class::Internal, format!("cannot handle Ctrl-C: {error}")))
}

/// Makes Ctrl-C end the calls of this connection.
pub fn cancels(connection: &Arc<Connection>) {
    state().connection = Arc::downgrade(connection);
}

/// Returns true if Ctrl-C was pressed.
pub fn happened() -> bool {
    state().happened
}

/// Resets the flag, for a program that continues after Ctrl-C.
pub fn forget() {
    state().happened = false;
}

/// Returns the failure for Ctrl-C.
pub fn interrupted() -> Failure {
    Failure::new(Class::Interrupted, "interrupted")
}

/// Fails if Ctrl-C was pressed.
pub fn check() -> Result<(), Failure> {
    if happened() {
        return Err(interrupted());
    }
    Ok(())
}

/// Ends the calls of the connection as Ctrl-C would, for a program that needs no more.
pub fn cancel() {
    let connection = state().connection.upgrade();
    if let Some(connection) = connection {
        connection.cancel();
    }
}

/// Sleeps, or fails as soon as Ctrl-C is pressed.
pub fn sleep(duration: Duration) -> Result<(), Failure> {
    drop(HAPPENED.wait_timeout_while(state(), duration, |state| !state.happened));
    check()
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
