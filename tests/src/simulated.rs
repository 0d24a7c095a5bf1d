//! The simulated device as users get it: a process that offers a port.

use crate::program::program;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// `serial-rpc simulate`, until this is dropped.
pub struct Simulated {
    process: Child,
    port: String,
}

impl Simulated {
    /// Runs `serial-rpc simulate WORDS…`, and waits until it offers its port.
    ///
    /// # Panics
    /// Panics if it does not start.
    #[must_use]
    pub fn start(words: &[&str]) -> Self {
        let mut process = Command::new(program())
            .arg("simulate")
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut port = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut port)
            .expect("a port is text");
        Self {
            process,
            port: port.trim_end().to_owned(),
        }
    }

    /// Returns the port to open, which it printed.
    #[must_use]
    pub fn port(&self) -> &str {
        &self.port
    }

    /// Presses Ctrl-C, and returns the exit code.
    ///
    /// # Panics
    /// Panics if there is no program `kill`.
    pub fn interrupt(mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        let kill = Command::new("kill").args(["-INT", &pid]).status();
        assert!(kill.expect("the signal is sent").success());
        self.process.wait().expect("it ends").code()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // Either fails only if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
