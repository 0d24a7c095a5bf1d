//! Runs a device one instruction at a time, to measure the exact cost of a call.
//!
//! The image is the one whose size is measured: it contains no code for measuring. The device gets
//! each byte when it waits for it, and the instructions that it spends waiting are not counted. So
//! a count is that of a device which finds every byte there already: it includes access to the
//! UART's registers, but not polling in vain.

use crate::board::Board;
use crate::debugger::{Debugger, Registers};
use crate::emulator::Emulator;
use std::io::{self, Read, Write};
use std::path::Path;

/// A device that stands still between calls.
pub struct SteppedDevice {
    emulator: Emulator,
    debugger: Debugger,
    registers: Registers,
    /// The states of the loop that the device waits in.
    waiting: Vec<Registers>,
    stack_top: u32,
    stack_lowest: u32,
}

/// A device's answer to a frame.
#[derive(Debug)]
pub struct Answer {
    /// The bytes that it sent, up to and including the delimiter.
    pub bytes: Vec<u8>,
    /// The instructions that it ran, from the frame's first byte until it waits for the next.
    pub instructions: u64,
}

/// The most instructions in a loop that waits for a UART.
const LONGEST_LOOP: usize = 16;

impl SteppedDevice {
    /// Boots an image on a board and runs it until it waits for a byte.
    ///
    /// # Errors
    /// Fails if QEMU does not run it.
    pub fn boot(board: &Board, image: &Path) -> io::Result<Self> {
        let (emulator, stub) = Emulator::halted(board, image)?;
        let mut debugger = Debugger::new(stub);
        let registers = debugger.registers()?;
        let stack_top = registers.sp();
        let mut device = Self {
            emulator,
            debugger,
            registers,
            waiting: Vec::new(),
            stack_top,
            stack_lowest: stack_top,
        };
        device.run_until_it_waits()?;
        Ok(device)
    }

    /// Sends a frame and waits for the answer.
    ///
    /// # Errors
    /// Fails if QEMU ends.
    pub fn answer(&mut self, frame: &[u8]) -> io::Result<Answer> {
        let mut instructions = 0;
        for byte in frame {
            self.emulator.uart().write_all(&[*byte])?;
            instructions += self.run_until_it_waits()?;
        }
        let mut bytes = Vec::new();
        while bytes.last() != Some(&0) {
            let mut byte = [0];
            self.emulator.uart().read_exact(&mut byte)?;
            bytes.extend(byte);
        }
        Ok(Answer {
            bytes,
            instructions,
        })
    }

    /// Returns the stack that has been used, in bytes.
    #[must_use]
    pub fn stack(&self) -> u64 {
        u64::from(self.stack_top - self.stack_lowest)
    }

    /// Runs until the device waits for a byte that has not been sent, and counts.
    fn run_until_it_waits(&mut self) -> io::Result<u64> {
        let mut ran = Vec::new();
        // Sent bytes take a moment to get to the UART.
        while self.waiting.contains(&self.registers) {
            ran.clear();
            ran.push(self.step()?);
        }
        loop {
            // It waits when a few instructions lead back to the same state.
            let recent = ran.len().saturating_sub(LONGEST_LOOP);
            if self.waiting.contains(&self.registers) {
                break;
            }
            if let Some(since) = ran[recent..].iter().position(|it| *it == self.registers) {
                self.waiting = ran.split_off(recent + since);
                break;
            }
            ran.push(self.step()?);
        }
        let is_polling = |state: &&Registers| {
            let mut waiting = self.waiting.iter();
            waiting.any(|waiting| waiting.pc() == state.pc())
        };
        let in_vain = ran.iter().rev().take_while(is_polling).count();
        Ok((ran.len() - in_vain) as u64)
    }

    /// Runs one instruction; returns the state before it.
    fn step(&mut self) -> io::Result<Registers> {
        let after = self.debugger.step()?;
        self.stack_lowest = self.stack_lowest.min(after.sp());
        Ok(std::mem::replace(&mut self.registers, after))
    }
}
