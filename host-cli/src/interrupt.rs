//! Handles Ctrl-C: calls in flight end early and the program exits in order, so that the port is
//! closed properly. (A terminal that was opened exclusively can stay busy if its process is
//! killed.)

use crate::failure::{Class, Failure};
use serial_rpc::Connection;
use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// The longest wait for a message of another thread before Ctrl-C is noticed.
const LOOK_UP: Duration = Duration::from_millis(50);

struct State {
    happened: bool,
    /// True while the program waits at a prompt, which has a way of its own to end.
    is_prompting: bool,
    /// The connection whose calls end with it.
    connection: Weak<Connection>,
}

static STATE: Mutex<State> = Mutex::new(State {
    happened: false,
    is_prompting: false,
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
            if state.is_prompting {
                end_prompt();
            }
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

/// Waits at a prompt. A request to end the program ends it, as does Ctrl-C if it is not a key there.
pub fn prompt<T>(prompt: impl FnOnce() -> T) -> T {
    state().is_prompting = true;
    let end = prompt();
    state().is_prompting = false;
    end
}

/// Ends a prompt, which has put a handler of its own in the place of this one for SIGINT.
#[cfg(unix)]
fn end_prompt() {
    use rustix::process::{Signal, getpid, kill_process};
    // A process may send signals to itself.
    let _ = kill_process(getpid(), Signal::INT);
}

/// Ends the program: where there are no signals, the console closes.
#[cfg(not(unix))]
fn end_prompt() {
    process::exit(Class::Interrupted as i32);
}

/// Waits for a message of another thread, or fails as soon as Ctrl-C is pressed. None if that thread
/// has ended.
pub fn receive<T>(messages: &Receiver<T>) -> Result<Option<T>, Failure> {
    loop {
        match messages.recv_timeout(LOOK_UP) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => check()?,
        }
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
