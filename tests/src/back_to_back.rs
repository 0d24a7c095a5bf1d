//! Two boards LM3S6965 in QEMU, with firmware in Rust or in C, whose UARTs are wired to each other: one calls, the
//! other is called.
//!
//! The wire is a Unix socket between the two emulators; nothing of this process is on it.

use crate::board::{Board, IMAGE, LM3S6965};
use std::convert::Infallible;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No board runs longer: a test that hangs must fail, and leave nothing behind.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// The interval at which the guard checks if a board has switched itself off.
const LOOK: Duration = Duration::from_millis(10);

/// The wire between the two boards.
pub struct Wire {
    folder: TempDir,
}

/// A board that runs until it switches itself off or this is dropped.
pub struct Machine {
    printed: BufReader<ChildStdout>,
    /// `None` only when it is being switched off; nothing is ever sent.
    running: Option<Sender<Infallible>>,
    guard: Option<JoinHandle<io::Result<ExitStatus>>>,
}

impl Wire {
    /// Creates a wire with nothing at its ends.
    ///
    /// # Errors
    /// Fails if there is no room for temporary files.
    pub fn new() -> io::Result<Self> {
        let folder = TempDir::with_prefix("serial-rpc-")?;
        Ok(Self { folder })
    }

    /// Switches on the board that is called. It boots when the other end is connected.
    ///
    /// # Errors
    /// Fails if the image cannot be built or QEMU does not start.
    pub fn start_device(&self, board: &Board) -> io::Result<Machine> {
        Machine::start(board, IMAGE, &self.end("server=on,wait=on"))
    }

    /// Switches on the board that calls. Bytes that it sends before the other end is connected are
    /// lost; QEMU checks for a connection once a second.
    ///
    /// # Errors
    /// Fails if the image cannot be built or QEMU does not start.
    pub fn start_caller(&self, board: &Board) -> io::Result<Machine> {
        Machine::start(board, "caller", &self.end("server=off,reconnect=1"))
    }

    fn end(&self, options: &str) -> String {
        let socket: PathBuf = self.folder.path().join("wire.sock");
        format!("socket,id=uart,path={},{options}", socket.display())
    }
}

impl Machine {
    fn start(board: &Board, binary: &str, uart: &str) -> io::Result<Self> {
        let image = board.images().image(binary).map_err(io::Error::other)?;
        let mut qemu = qemu(&image, uart).spawn()?;
        let printed = qemu.stdout.take();
        let printed = printed.ok_or_else(|| io::Error::other("the output is not piped"))?;
        let (running, stopped) = mpsc::channel();
        let guard = thread::spawn(move || {
            let start = Instant::now();
            loop {
                if let Some(status) = qemu.try_wait()? {
                    return Ok(status);
                }
                let look = stopped.recv_timeout(LOOK);
                if look != Err(RecvTimeoutError::Timeout) || start.elapsed() > TIME_LIMIT {
                    return switch_off(&mut qemu);
                }
            }
        });
        Ok(Self {
            printed: BufReader::new(printed),
            running: Some(running),
            guard: Some(guard),
        })
    }

    /// Returns the next line that the board prints through semihosting; empty if it is switched
    /// off.
    ///
    /// # Errors
    /// Fails if it prints something other than text.
    pub fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.printed.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// Returns the lines that it prints from now on until it switches itself off, and true if it
    /// does so with success.
    ///
    /// # Errors
    /// Fails if it prints something other than text.
    pub fn run_to_end(mut self) -> io::Result<(Vec<String>, bool)> {
        let lines = self.printed.by_ref().lines().collect::<io::Result<_>>()?;
        let guard = self.guard.take().map(JoinHandle::join);
        let status = guard.ok_or_else(|| io::Error::other("it was switched off before"))?;
        let status = status.map_err(|_| io::Error::other("its guard panicked"))??;
        Ok((lines, status.success()))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Hanging up tells the guard to end QEMU.
        self.running = None;
        if let Some(guard) = self.guard.take() {
            // It panics only if the system has no clock.
            let _ = guard.join();
        }
    }
}

fn qemu(image: &Path, uart: &str) -> Command {
    let mut qemu = Command::new(LM3S6965.emulator());
    qemu.args(["-machine", "lm3s6965evb", "-kernel"])
        .arg(image)
        .args(["-nic", "none", "-display", "none", "-monitor", "none"])
        .args(["-chardev", uart, "-serial", "chardev:uart"])
        .args(["-chardev", "stdio,id=console"])
        .arg("-semihosting-config")
        .arg("enable=on,target=native,chardev=console")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    qemu
}

fn switch_off(qemu: &mut Child) -> io::Result<ExitStatus> {
    qemu.kill()?;
    qemu.wait()
}
