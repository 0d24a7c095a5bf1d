//! Runs a firmware image in its board's emulator, the UART being a Unix socket.
//!
//! It is a socket rather than QEMU's own PTY, because the board does not boot before the socket is
//! connected, so that no byte is lost, and because QEMU polls its PTY only once a second.
//! [`Pty`](crate::pty::Pty) makes a serial port of the socket.
//!
//! Emulators ignore the baud rate, and never give a UART more bytes than it has room for: noise,
//! pacing and loss must be simulated at the other end of the socket.

use crate::board::{Board, IMAGE};
use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No board runs longer: a test that hangs must fail, and leave nothing behind.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// The time limit for QEMU to open its socket, on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A board that runs in its emulator until this is dropped, but for no longer than two minutes.
pub struct Emulator {
    uart: UnixStream,
    /// The input of QEMU's monitor, if the board needs one.
    stdin: ChildStdin,
    /// `None` only while being dropped; nothing is ever sent.
    running: Option<Sender<Infallible>>,
    guard: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Builds the board's image if necessary and boots it.
    ///
    /// # Errors
    /// Fails if the image cannot be built or QEMU does not start; the error has their output.
    pub fn start(board: &Board) -> io::Result<Self> {
        Self::start_binary(board, IMAGE)
    }

    /// Does the same with another binary of the board's package.
    ///
    /// # Errors
    /// Fails as [`start`](Self::start) does.
    pub fn start_binary(board: &Board, binary: &str) -> io::Result<Self> {
        let image = board.images().image(binary).map_err(io::Error::other)?;
        Self::start_image(board, &image)
    }

    /// Loads any image into the board and boots it.
    ///
    /// # Errors
    /// Fails if QEMU does not start; the error has its output.
    pub fn start_image(board: &Board, image: &Path) -> io::Result<Self> {
        let folder = TempDir::with_prefix("serial-rpc-")?;
        let emulator = Self::run(board, image, folder.path(), &[])?;
        if board.is_deaf_at_first() {
            emulator.uart.set_read_timeout(Some(START_LIMIT))?;
            (&emulator.uart).read_exact(&mut [0])?;
            emulator.uart.set_read_timeout(None)?;
            emulator.monitor("")?;
        }
        Ok(emulator)
    }

    /// Types a line to QEMU's monitor, which only a board that is deaf at first has.
    ///
    /// # Errors
    /// Fails if QEMU has ended.
    pub fn monitor(&self, command: &str) -> io::Result<()> {
        writeln!(&self.stdin, "{command}")
    }

    /// Loads any image into the board and halts before its first instruction; the socket is that of
    /// a stub that speaks GDB's remote protocol.
    ///
    /// # Errors
    /// Fails if QEMU does not start; the error has its output.
    pub fn halted(board: &Board, image: &Path) -> io::Result<(Self, UnixStream)> {
        let folder = TempDir::with_prefix("serial-rpc-")?;
        let socket = folder.path().join("gdb.sock");
        let chardev = format!("socket,id=gdb,path={},server=on,wait=off", socket.display());
        let options = ["-S", "-chardev", &chardev, "-gdb", "chardev:gdb"];
        let emulator = Self::run(board, image, folder.path(), &options)?;
        // QEMU opened it before the UART, which is connected.
        Ok((emulator, UnixStream::connect(socket)?))
    }

    /// Starts QEMU with further options, its sockets in that folder.
    fn run(board: &Board, image: &Path, folder: &Path, options: &[&str]) -> io::Result<Self> {
        let socket = folder.join("uart.sock");
        let mut qemu = board
            .command(image, &socket, options)?
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdin = qemu.stdin.take();
        let uart = connect(&socket, &mut qemu);
        // From here on the guard ends QEMU, also if it did not start well.
        let (running, stopped) = mpsc::channel();
        let guard = thread::spawn(move || {
            if stopped.recv_timeout(TIME_LIMIT) == Err(RecvTimeoutError::Timeout) {
                eprintln!("The board has run for {TIME_LIMIT:?}: switching it off.");
            }
            // Both fail only if it has ended already.
            let _ = qemu.kill();
            let _ = qemu.wait();
        });
        let missing = || io::Error::other("the emulator has no standard input");
        Ok(Self {
            uart: uart?,
            stdin: stdin.ok_or_else(missing)?,
            running: Some(running),
            guard: Some(guard),
        })
    }

    /// Returns the other end of the board's UART.
    ///
    /// `&UnixStream` reads and writes; a clone of it refers to the same UART.
    #[must_use]
    pub fn uart(&self) -> &UnixStream {
        &self.uart
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Hanging up tells the guard to end QEMU.
        self.running = None;
        if let Some(guard) = self.guard.take() {
            // It panics only if printing does.
            let _ = guard.join();
        }
    }
}

/// Connects to the socket as soon as QEMU has opened it.
fn connect(socket: &Path, qemu: &mut Child) -> io::Result<UnixStream> {
    let start = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(uart) => return Ok(uart),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::NotFound | ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => return Err(error),
        }
        if let Some(status) = qemu.try_wait()? {
            let mut printed = String::new();
            if let Some(mut stderr) = qemu.stderr.take() {
                stderr.read_to_string(&mut printed)?;
            }
            return Err(io::Error::other(format!("QEMU ended, {status}: {printed}")));
        }
        if start.elapsed() > START_LIMIT {
            return Err(io::Error::other(format!(
                "QEMU did not open its UART within {START_LIMIT:?}"
            )));
        }
        thread::sleep(Duration::from_millis(2));
    }
}
