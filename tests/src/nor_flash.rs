//! A simulated NOR flash, whose power can be cut in any operation.
//!
//! Bits can only be cleared until their page is erased, and a word can be written once. An operation
//! is the erasing of one page or the writing of one word. One that is cut leaves its page or word
//! with some of the bits changed; the flash then fails until it is powered on again.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use rpc_proto::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

/// The moment in an operation at which the power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before it has changed anything.
    Before,
    /// In the middle: each bit that it changes has changed or not.
    Within,
}

/// The time that a flash needs, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// To erase one page.
    pub erase: u64,
    /// To write one word.
    pub write: u64,
    /// To read a byte and do something with it.
    pub read: u64,
}

/// The chip, which all regions share.
#[derive(Debug)]
pub struct Chip {
    bytes: Vec<u8>,
    /// For each byte, true if it was written since its page was erased.
    written: Vec<bool>,
    times: Times,
    /// Nanoseconds.
    busy: u64,
    longest: u64,
    operations: u64,
    /// The number of operations until the power is cut, and the moment.
    cut: Option<(u64, Moment)>,
    /// The number of operations between one cut and the next.
    every: Option<u64>,
    cuts: u64,
    has_power: bool,
    random: u64,
    /// Set by a device that wants to be restarted.
    pub restarts: bool,
}

impl Chip {
    /// The number of operations so far.
    #[must_use]
    pub const fn operations(&self) -> u64 {
        self.operations
    }

    /// Cuts the power in the operation that has `before` others before it.
    pub const fn cut_after(&mut self, before: u64, moment: Moment) {
        self.cut = Some((before, moment));
        self.random = before.wrapping_mul(2).wrapping_add(1);
    }

    /// Cuts the power again and again, after that many operations each time.
    pub const fn cut_every(&mut self, operations: u64) {
        self.cut_after(operations, Moment::Within);
        self.every = Some(operations);
    }

    /// Returns false if the power was cut.
    #[must_use]
    pub const fn has_power(&self) -> bool {
        self.has_power
    }

    /// Returns how often the power was cut.
    #[must_use]
    pub const fn cuts(&self) -> u64 {
        self.cuts
    }

    /// Powers the chip on again.
    pub const fn power_on(&mut self) {
        self.has_power = true;
    }

    /// Returns the time that it was busy since it was last asked.
    pub fn take_busy(&mut self) -> Duration {
        self.longest = self.longest.max(self.busy);
        let micros = self.busy / 1_000;
        self.busy %= 1_000;
        Duration::from_micros(micros)
    }

    /// Returns the longest time that it was busy between two times when it was asked.
    #[must_use]
    pub const fn longest(&self) -> Duration {
        Duration::from_micros(self.longest / 1_000)
    }

    /// Returns the content.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Changes a bit, as wear does.
    pub fn flip(&mut self, offset: usize) {
        self.bytes[offset] ^= 1;
    }

    /// Programs bytes as a debugger does, in no time.
    pub fn program(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        self.bytes[offset..end].copy_from_slice(bytes);
        self.written[offset..end].fill(true);
    }

    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Carries out an operation that turns the bytes from `offset` on into `new`.
    fn operate(&mut self, offset: usize, new: &[u8], time: u64) -> Result<(), NorFlashErrorKind> {
        if !self.has_power {
            return Err(NorFlashErrorKind::Other);
        }
        let moment = match &mut self.cut {
            Some((0, moment)) => Some(*moment),
            Some((before, _)) => {
                *before -= 1;
                None
            }
            None => None,
        };
        if let Some(moment) = moment {
            self.cut = self.every.map(|every| (every, moment));
            self.cuts += 1;
            self.has_power = false;
            if moment == Moment::Within {
                // A quarter, a half or three quarters of the bits.
                let share = self.next_random() % 3;
                for (at, &new) in (offset..).zip(new) {
                    let [a, b] =
                        [self.next_random(), self.next_random()].map(|random| random as u8);
                    let changed = [a & b, a, a | b][share as usize];
                    self.bytes[at] = (self.bytes[at] & !changed) | (new & changed);
                    self.written[at] = true;
                }
            }
            return Err(NorFlashErrorKind::Other);
        }
        self.operations += 1;
        self.busy += time;
        self.bytes[offset..offset + new.len()].copy_from_slice(new);
        Ok(())
    }
}

/// A part of a chip that is written `WRITE` bytes at a time, and erased `ERASE` bytes at a time.
#[derive(Clone, Debug)]
pub struct Region<const WRITE: usize, const ERASE: usize> {
    chip: Rc<RefCell<Chip>>,
    start: usize,
    length: usize,
}

impl<const WRITE: usize, const ERASE: usize> Region<WRITE, ERASE> {
    /// Creates a chip, and returns all of it.
    #[must_use]
    pub fn chip_of(length: usize, times: Times) -> Self {
        let chip = Chip {
            bytes: vec![0xFF; length],
            written: vec![false; length],
            times,
            busy: 0,
            longest: 0,
            operations: 0,
            cut: None,
            every: None,
            cuts: 0,
            has_power: true,
            random: 0,
            restarts: false,
        };
        Self {
            chip: Rc::new(RefCell::new(chip)),
            start: 0,
            length,
        }
    }

    /// Returns a part of the region.
    ///
    /// # Panics
    /// Panics if it is not in whole pages inside this one.
    #[must_use]
    pub fn part(&self, start: usize, length: usize) -> Self {
        assert!(start.is_multiple_of(ERASE) && length.is_multiple_of(ERASE));
        assert!(start + length <= self.length);
        Self {
            chip: Rc::clone(&self.chip),
            start: self.start + start,
            length,
        }
    }

    /// Returns the chip.
    pub fn chip(&self) -> std::cell::RefMut<'_, Chip> {
        self.chip.borrow_mut()
    }

    /// Replaces the content of the region, as a boot loader does that is not simulated in detail.
    pub fn load(&self, content: &[u8]) {
        let mut chip = self.chip();
        for (at, page) in (self.start..).step_by(ERASE).zip(content.chunks(ERASE)) {
            for (at, word) in (at..).step_by(WRITE).zip(page.chunks(WRITE)) {
                chip.program(at, word);
                let is_written = word.iter().any(|&byte| byte != 0xFF);
                chip.written[at..at + word.len()].fill(is_written);
            }
        }
    }

    /// Returns the content of the region.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        self.chip().bytes[self.start..self.start + self.length].to_vec()
    }
}

impl<const WRITE: usize, const ERASE: usize> ErrorType for Region<WRITE, ERASE> {
    type Error = NorFlashErrorKind;
}

impl<const WRITE: usize, const ERASE: usize> ReadNorFlash for Region<WRITE, ERASE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        let mut chip = self.chip();
        if !chip.has_power {
            return Err(NorFlashErrorKind::Other);
        }
        chip.busy += chip.times.read * bytes.len() as u64;
        let start = self.start + offset as usize;
        bytes.copy_from_slice(&chip.bytes[start..start + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.length
    }
}

impl<const WRITE: usize, const ERASE: usize> NorFlash for Region<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to).unwrap_or_else(|error| panic!("erase {from}..{to}: {error}"));
        let mut chip = self.chip.borrow_mut();
        for page in (from..to).step_by(ERASE) {
            let start = self.start + page as usize;
            let time = chip.times.erase;
            chip.operate(start, &[0xFF; ERASE], time)?;
            chip.written[start..start + ERASE].fill(false);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())
            .unwrap_or_else(|error| panic!("write of {} at {offset}: {error}", bytes.len()));
        let mut chip = self.chip.borrow_mut();
        let start = self.start + offset as usize;
        for (at, word) in (start..).step_by(WRITE).zip(bytes.chunks(WRITE)) {
            let before = &chip.bytes[at..at + WRITE];
            let new: Vec<u8> = before
                .iter()
                .zip(word)
                .map(|(old, new)| old & new)
                .collect();
            // `embassy-boot` repeats a write that a power cut has interrupted.
            let is_repeated = before == word;
            let is_written = chip.written[at..at + WRITE].contains(&true);
            assert!(
                !chip.has_power || !is_written || is_repeated || word == [0; WRITE],
                "a word at {at:#x} is written twice"
            );
            let time = chip.times.write;
            chip.operate(at, &new, time)?;
            chip.written[at..at + WRITE].fill(true);
        }
        Ok(())
    }
}
