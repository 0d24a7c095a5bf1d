//! Makes a socket a serial port.
//!
//! Programs open serial ports by their path, whereas an emulated UART, or a simulated device, is
//! one end of a socket. Two threads carry the bytes between the socket and a PTY.

use crate::line::{Faults, Line, Pace};
use rpc_proto::time::Instant;
use serialport::{SerialPort, TTYPort};
use std::io::{self, ErrorKind, Read, Write};
use std::iter;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{self, Duration};

/// The longest time in which the threads notice that they must stop; bytes do not wait for it.
const STOP_CHECK: Duration = Duration::from_millis(20);

/// A serial port whose other end is a socket, until this is dropped.
///
/// As with a cable, bytes from the socket wait for a program to open the port, and the port may be
/// closed and opened again.
pub struct Pty {
    path: String,
    socket: UnixStream,
    stop: Arc<AtomicBool>,
    pumps: Vec<JoinHandle<()>>,
    /// Kept open: the master cannot be read unless a program has the port open.
    _slave: TTYPort,
}

impl Pty {
    /// Connects a new PTY with `socket`, which is shut down when this is dropped.
    ///
    /// # Errors
    /// Fails if the system has no PTY or no file descriptor left.
    pub fn bridge(socket: &UnixStream) -> io::Result<Self> {
        let perfect = Line::pair(Pace::INSTANT, [Faults::NONE; 2], 0);
        Self::bridge_over(socket, perfect)
    }

    /// Does the same as [`bridge`](Self::bridge), over lines that damage and delay bytes, in real
    /// time: the first from the port to the socket, the second back.
    ///
    /// # Errors
    /// Fails if the system has no PTY or no file descriptor left.
    pub fn bridge_over(socket: &UnixStream, [out, back]: [Line; 2]) -> io::Result<Self> {
        let (master, slave) = TTYPort::pair()?;
        let path = slave
            .name()
            .ok_or_else(|| io::Error::other("the PTY has no name"))?;
        let stop = Arc::new(AtomicBool::new(false));
        let pumps = vec![
            spawn_pump(socket.try_clone()?, back, master.try_clone_native()?, &stop),
            spawn_pump(master, out, socket.try_clone()?, &stop),
        ];
        Ok(Self {
            path,
            socket: socket.try_clone()?,
            stop,
            pumps,
            _slave: slave,
        })
    }

    /// Returns the path to open, such as `/dev/pts/3`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that reads the socket. Fails only if the peer is gone, which does too.
        let _ = self.socket.shutdown(Shutdown::Both);
        for pump in self.pumps.drain(..) {
            // It cannot panic, and if it did its bytes would be missed elsewhere.
            let _ = pump.join();
        }
    }
}

/// A source of bytes with a time limit for reading.
trait Source: Read {
    fn wait_at_most(&mut self, timeout: Duration) -> io::Result<()>;
}

impl Source for UnixStream {
    fn wait_at_most(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))
    }
}

impl Source for TTYPort {
    fn wait_at_most(&mut self, timeout: Duration) -> io::Result<()> {
        Ok(self.set_timeout(timeout)?)
    }
}

fn spawn_pump<R, W>(
    mut from: R,
    mut line: Line,
    mut to: W,
    stop: &Arc<AtomicBool>,
) -> JoinHandle<()>
where
    R: Source + Send + 'static,
    W: Write + Send + 'static,
{
    let stop = Arc::clone(stop);
    // An error means that one end is gone: nothing is left to carry, and users of the other end see
    // it there.
    thread::spawn(move || drop(pump(&mut from, &mut line, &mut to, &stop)))
}

/// Carries bytes over a line until `from` ends or `stop` is set.
fn pump(
    from: &mut impl Source,
    line: &mut Line,
    to: &mut impl Write,
    stop: &AtomicBool,
) -> io::Result<()> {
    let started = time::Instant::now();
    let now = || Instant::from_micros(started.elapsed().as_micros() as u64);
    let mut buffer = [0; 4096];
    while !stop.load(Ordering::Relaxed) {
        let until_arrival = line.next_arrival().map_or(STOP_CHECK, |arrival| {
            Duration::from_micros(arrival.since(now()).as_micros().max(1))
        });
        from.wait_at_most(until_arrival.min(STOP_CHECK))?;
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                for &byte in &buffer[..count] {
                    line.send(now(), byte);
                }
            }
            Err(error) if is_time_out(&error) => {}
            Err(error) => return Err(error),
        }
        let arrived: Vec<u8> = iter::from_fn(|| line.receive(now())).collect();
        write_unless_stopped(to, &arrived, stop)?;
    }
    Ok(())
}

fn write_unless_stopped(
    to: &mut impl Write,
    mut bytes: &[u8],
    stop: &AtomicBool,
) -> io::Result<()> {
    while !bytes.is_empty() && !stop.load(Ordering::Relaxed) {
        match to.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if is_time_out(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_time_out(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(pty: &Pty) -> Box<dyn SerialPort> {
        serialport::new(pty.path(), 115_200)
            .timeout(Duration::from_secs(10))
            .open()
            .expect("the PTY can be opened")
    }

    /// Returns every byte value, in an order that does not repeat soon.
    fn bytes(count: u32) -> Vec<u8> {
        (0..count)
            .map(|i| (i.wrapping_mul(0x9e37_79b1) >> 24) as u8)
            .collect()
    }

    #[test]
    fn more_bytes_than_the_system_buffers_pass_both_ways_at_once() {
        let (mut device, socket) = UnixStream::pair().unwrap();
        let pty = Pty::bridge(&socket).unwrap();
        let mut port = open(&pty);
        let echo = thread::spawn(move || {
            let mut echoed = device.try_clone().unwrap();
            io::copy(&mut device, &mut echoed)
        });
        let mut writer = port.try_clone().unwrap();
        let write = thread::spawn(move || writer.write_all(&bytes(300_000)));
        let mut received = vec![0; 300_000];
        port.read_exact(&mut received).unwrap();
        assert!(received == bytes(300_000));
        write.join().unwrap().unwrap();
        drop(pty);
        assert_eq!(echo.join().unwrap().unwrap(), 300_000);
    }

    #[test]
    fn a_port_can_be_closed_and_opened_again() {
        let (mut device, socket) = UnixStream::pair().unwrap();
        let pty = Pty::bridge(&socket).unwrap();
        for byte in 0..3 {
            let mut port = open(&pty);
            port.write_all(&[byte]).unwrap();
            let mut received = [0xff];
            device.read_exact(&mut received).unwrap();
            assert_eq!(received, [byte]);
        }
    }

    #[test]
    fn bytes_wait_for_the_port_to_be_opened() {
        let (mut device, socket) = UnixStream::pair().unwrap();
        let pty = Pty::bridge(&socket).unwrap();
        device.write_all(b"early").unwrap();
        let mut received = [0; 5];
        open(&pty).read_exact(&mut received).unwrap();
        assert_eq!(&received, b"early");
    }

    #[test]
    fn dropping_the_pty_ends_the_socket_even_when_nobody_reads_the_port() {
        let (mut device, socket) = UnixStream::pair().unwrap();
        let pty = Pty::bridge(&socket).unwrap();
        device.write_all(&bytes(50_000)).unwrap();
        drop(pty);
        assert_eq!(device.read(&mut [0]).unwrap(), 0);
    }
}
