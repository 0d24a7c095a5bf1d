//! The program `serial-rpc` while it runs, to talk to it line by line.

use crate::program::program;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

/// The program, while it runs.
pub struct Running {
    program: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    /// Starts `serial-rpc --port PORT WORDS…`.
    ///
    /// # Panics
    /// Panics if it cannot be started.
    #[must_use]
    pub fn start(port: &str, words: &[&str]) -> Self {
        let mut program = Command::new(program())
            .args(["--no-cache", "--port", port])
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stdout = program.stdout.take().expect("it is piped");
        let stderr = program.stderr.take().expect("it is piped");
        Self {
            program,
            stdout: BufReader::new(stdout),
            stderr: BufReader::new(stderr),
        }
    }

    /// Types a line.
    ///
    /// # Panics
    /// Panics if it does not read.
    pub fn type_line(&mut self, text: &str) {
        let stdin = self.program.stdin.as_mut().expect("it is piped");
        writeln!(stdin, "{text}").expect("it reads");
    }

    /// Returns the next line that it prints.
    ///
    /// # Panics
    /// Panics if it prints no text.
    pub fn line(&mut self) -> String {
        line(&mut self.stdout)
    }

    /// Returns the next line on stderr.
    ///
    /// # Panics
    /// Panics if it prints no text.
    pub fn notice(&mut self) -> String {
        line(&mut self.stderr)
    }

    /// Closes its input, and returns all that it says on stderr until it ends.
    ///
    /// # Panics
    /// Panics if it says no text.
    #[must_use]
    pub fn close(mut self) -> String {
        self.program.stdin = None;
        self.rest()
    }

    /// Presses Ctrl-C, and returns all that it says on stderr until it ends.
    ///
    /// # Panics
    /// Panics if there is no program `kill`, or if it says no text.
    #[must_use]
    pub fn interrupt(mut self) -> String {
        let pid = self.program.id().to_string();
        let kill = Command::new("kill").args(["-INT", &pid]).status();
        assert!(kill.expect("the signal is sent").success());
        self.rest()
    }

    fn rest(&mut self) -> String {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("it is text");
        said
    }

    /// Returns the exit code if it has ended by itself.
    ///
    /// # Panics
    /// Panics if the system has lost it.
    pub fn ended(&mut self) -> Option<i32> {
        let status = self.program.try_wait().expect("it was started");
        status.map(|status| status.code().expect("it was not killed"))
    }

    /// Closes its input, waits for its end, and returns the exit code.
    ///
    /// # Panics
    /// Panics if the system has lost it.
    pub fn end(mut self) -> Option<i32> {
        self.program.wait().expect("it ends").code()
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("it is text");
    line.trim_end().to_owned()
}

impl Drop for Running {
    fn drop(&mut self) {
        // Either fails only if it has ended already.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
