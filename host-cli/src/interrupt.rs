//! Ctrl-C: what is under way ends early and the program winds up, so that the port is closed
//! properly. (A terminal that was opened exclusively and left by a killed process can stay busy.)

use crate::failure::{Class, Failure};
use serial_rpc::Connection;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

struct State {
    happened: bool,
    /// Whose calls end with it.
    connection: Weak<Connection>,
}

static STATE: Mutex<State> = Mutex::new(State {
    happened: false,
    connection: Weak::new(),
});
static HAPPENED: Condvar = Condvar::new();

/// From here on, Ctrl-C is up to this module. A second one ends the program on the spot.
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

/// Ctrl-C ends the calls of this connection.
pub fn cancels(connection: &Arc<Connection>) {
    state().connection = Arc::downgrade(connection);
}

/// Whether Ctrl-C was pressed.
pub fn happened() -> bool {
    state().happened
}

/// Lets Ctrl-C be pressed anew, for a program that goes on after it.
pub fn forget() {
    state().happened = false;
}

/// What it means that Ctrl-C was pressed.
pub fn interrupted() -> Failure {
    Failure::new(Class::Interrupted, "interrupted")
}

/// A failure if Ctrl-C was pressed.
pub fn check() -> Result<(), Failure> {
    if happened() {
        return Err(interrupted());
    }
    Ok(())
}

/// Ends the calls of the connection as Ctrl-C would, for a program that has seen enough.
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
