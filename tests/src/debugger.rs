//! Speaks the GDB remote protocol, as far as single steps and flashing need it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

/// The number of bytes that one packet writes: the stub takes packets of 4 KiB.
const PIECE: usize = 1024;

/// A halted processor.
pub struct Debugger {
    stub: UnixStream,
}

/// The registers of an ARM processor, as the stub prints them: hexadecimal, in memory order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registers(String);

impl Debugger {
    /// Creates a debugger on the connection to a stub.
    #[must_use]
    pub const fn new(stub: UnixStream) -> Self {
        Self { stub }
    }

    /// Runs one instruction and returns the registers after it.
    ///
    /// # Errors
    /// Fails if the stub is gone or does not answer as it must.
    pub fn step(&mut self) -> io::Result<Registers> {
        let stopped = self.ask("s")?;
        if !stopped.starts_with('T') {
            return Err(unexpected(&stopped));
        }
        self.registers()
    }

    /// Returns the registers.
    ///
    /// # Errors
    /// Fails as [`step`](Self::step) does.
    pub fn registers(&mut self) -> io::Result<Registers> {
        let printed = self.ask("g")?;
        let registers = Registers(printed);
        match registers.get(Registers::PC) {
            Some(_) => Ok(registers),
            None => Err(unexpected(&registers.0)),
        }
    }

    /// Writes memory, be it flash or RAM.
    ///
    /// # Errors
    /// Fails as [`step`](Self::step) does, or if there is no memory at that address.
    pub fn write(&mut self, address: u32, bytes: &[u8]) -> io::Result<()> {
        for (address, piece) in (address..).step_by(PIECE).zip(bytes.chunks(PIECE)) {
            let digits: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
            let answer = self.ask(&format!("M{address:x},{:x}:{digits}", piece.len()))?;
            if answer != "OK" {
                return Err(unexpected(&answer));
            }
        }
        Ok(())
    }

    /// Sends a packet and reads the answer: `$`, the content, `#`, and two digits of checksum,
    /// which is not needed on a socket. QEMU takes the next packet for the acknowledgement.
    fn ask(&mut self, packet: &str) -> io::Result<String> {
        let checksum = packet.bytes().fold(0, u8::wrapping_add);
        write!(self.stub, "${packet}#{checksum:02x}")?;
        let mut received = Vec::new();
        let mut chunk = [0; 1024];
        loop {
            match self.stub.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => received.extend_from_slice(&chunk[..count]),
            }
            let text = String::from_utf8_lossy(&received);
            if let Some((_, begun)) = text.split_once('$')
                && let Some((answer, checksum)) = begun.split_once('#')
                && checksum.len() == 2
            {
                return Ok(answer.to_owned());
            }
        }
    }
}

impl Registers {
    const SP: usize = 13;
    const PC: usize = 15;

    /// Returns the stack pointer.
    #[must_use]
    pub fn sp(&self) -> u32 {
        self.get(Self::SP).unwrap_or_default()
    }

    /// Returns the address of the next instruction.
    #[must_use]
    pub fn pc(&self) -> u32 {
        self.get(Self::PC).unwrap_or_default()
    }

    fn get(&self, number: usize) -> Option<u32> {
        let digits = self.0.get(8 * number..8 * (number + 1))?;
        u32::from_str_radix(digits, 16).ok().map(u32::swap_bytes)
    }
}

fn unexpected(answer: &str) -> io::Error {
    io::Error::other(format!("the debugger's stub answered {answer:?}"))
}
