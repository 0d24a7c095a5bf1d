//! The slots of `embassy-boot`: its active partition is the active slot, its DFU partition the spare one.
//!
//! The state partition says what the boot loader does next, in words of the flash
//! (`embassy_boot::BootLoader` has the format). The first has a magic in all its bytes. The second is
//! set when the progress of a swap is not valid; the progress follows, a word for each page that was
//! copied. This file uses what the boot loader does not look at while nothing is to be swapped: the
//! first word of the progress tells that the DFU partition still has the image before.

use crate::flash::{self, ERASED, MAX_WORD, Writer, failed};
use embedded_storage::nor_flash::NorFlash;
use rpc_proto::services::update::{FlashFailed, Geometry, SlotState, Slots, Which, Whole};

/// The partitions of `embassy-boot`, as its `BootLoaderConfig` has them.
#[derive(Clone, Debug)]
pub struct Partitions<A, D, S> {
    /// The partition that runs. It is only read.
    pub active: A,
    /// The partition that is written, a page longer than the active one.
    pub dfu: D,
    /// The state of the boot loader.
    pub state: S,
}

/// The slots of `embassy-boot`, of an image that runs at an address.
///
/// `BUFFER` is the number of bytes that are written at once: a multiple of what the flash writes. 256
/// suits flash with pages of that length to program, such as that of an RP2040.
///
/// The last `BUFFER` bytes of a slot tell the length and the CRC-32 of its image, so that an image
/// can be that much shorter than the active partition.
#[derive(Clone, Debug)]
pub struct EmbassyBoot<A, D, S, R, const BUFFER: usize = 32> {
    partitions: Partitions<A, D, S>,
    address: u32,
    restart: R,
    writer: Writer<BUFFER>,
    /// What the boot loader does next, once it was read.
    phase: Option<Phase>,
}

/// What the boot loader does at the next reboot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing.
    Settled,
    /// Nothing, and the DFU partition has the image before, a page behind its beginning.
    Previous,
    /// It swaps the images.
    Pending,
    /// It swaps them back. The image before is where it is in `Previous`.
    OnTrial,
    /// Nothing: it has swapped them back.
    Reverted,
}

/// The magic of nothing to do, of a swap, and of one that was undone.
const BOOT: u8 = 0xD0;
const SWAP: u8 = 0xF0;
const REVERT: u8 = 0xC0;
/// A mark that has been set.
const SET: u8 = !ERASED;

/// The places in the state partition, in words.
const VALIDITY: u32 = 1;
const PROGRESS: u32 = 2;

impl<A: NorFlash, D: NorFlash, S: NorFlash, R: FnMut(), const BUFFER: usize>
    EmbassyBoot<A, D, S, R, BUFFER>
{
    /// The number of bytes that the boot loader copies at once.
    const PAGE: u32 = if A::ERASE_SIZE > D::ERASE_SIZE {
        A::ERASE_SIZE as u32
    } else {
        D::ERASE_SIZE as u32
    };
    const WORD: usize = S::WRITE_SIZE;
    const FOOTER: usize = 12;

    /// Creates the slots. An image runs at `address`, the start of the active partition in memory.
    /// `restart` restarts the device in a moment; see [`Slots::reboot`].
    pub const fn new(partitions: Partitions<A, D, S>, address: u32, restart: R) -> Self {
        const {
            assert!(
                S::WRITE_SIZE <= MAX_WORD,
                "the state is written in units that are too large"
            );
            assert!(
                BUFFER >= Self::FOOTER,
                "the buffer has to be 16 bytes or more"
            );
        }
        Self {
            partitions,
            address,
            restart,
            writer: Writer::new(),
            phase: None,
        }
    }

    /// Returns true if an update waits to be confirmed, for firmware that decides for itself whether
    /// it works.
    ///
    /// # Errors
    /// Fails if the flash fails.
    pub fn is_on_trial(&mut self) -> Result<bool, FlashFailed> {
        Ok(self.phase()? == Phase::OnTrial)
    }

    /// Returns the partitions.
    pub const fn partitions(&mut self) -> &mut Partitions<A, D, S> {
        &mut self.partitions
    }

    /// Returns the start of what is behind the longest image.
    fn footer(&self) -> u32 {
        let slot = self.partitions.active.capacity() as u32;
        let dfu = self.partitions.dfu.capacity() as u32;
        let slot = slot.min(dfu.saturating_sub(Self::PAGE));
        slot.saturating_sub(BUFFER as u32)
    }

    /// Returns true if all bytes of a word of the state have that value.
    fn is(&mut self, index: u32, value: u8) -> Result<bool, FlashFailed> {
        let mut word = flash::Aligned([0; MAX_WORD]);
        let word = word.0.get_mut(..Self::WORD).unwrap_or_default();
        flash::read(&mut self.partitions.state, index * Self::WORD as u32, word)?;
        Ok(word.iter().all(|&byte| byte == value))
    }

    /// Writes a word of the state.
    fn set(&mut self, index: u32, value: u8) -> Result<(), FlashFailed> {
        let word = flash::Aligned([value; MAX_WORD]);
        let word = word.0.get(..Self::WORD).unwrap_or_default();
        let place = index * Self::WORD as u32;
        self.partitions.state.write(place, word).map_err(failed)
    }

    /// Erases the state, of which nothing but the first word remains true until the last moment.
    fn clear(&mut self) -> Result<(), FlashFailed> {
        self.phase = None;
        // Half erased, a progress must not look like one of another swap.
        if self.is(VALIDITY, ERASED)? {
            self.set(VALIDITY, SET)?;
        }
        let state = &mut self.partitions.state;
        state.erase(0, state.capacity() as u32).map_err(failed)
    }

    /// Sets the magic, and no progress.
    fn mark(&mut self, magic: u8) -> Result<(), FlashFailed> {
        self.clear()?;
        self.set(0, magic)
    }

    fn phase(&mut self) -> Result<Phase, FlashFailed> {
        if let Some(phase) = self.phase {
            return Ok(phase);
        }
        let has_progress = !self.is(VALIDITY, ERASED)? || !self.is(PROGRESS, ERASED)?;
        let phase = if self.is(0, SWAP)? {
            match has_progress {
                true => Phase::OnTrial,
                false => Phase::Pending,
            }
        } else if self.is(0, REVERT)? {
            Phase::Reverted
        } else {
            match has_progress && self.is(VALIDITY, ERASED)? {
                true => Phase::Previous,
                false => Phase::Settled,
            }
        };
        self.phase = Some(phase);
        Ok(phase)
    }
}

impl<A: NorFlash, D: NorFlash, S: NorFlash, R: FnMut(), const BUFFER: usize> Slots
    for EmbassyBoot<A, D, S, R, BUFFER>
{
    fn geometry(&self) -> Geometry {
        Geometry {
            address: self.address,
            capacity: self.footer(),
            page: D::ERASE_SIZE as u32,
        }
    }

    fn state(&mut self, which: Which) -> Result<SlotState, FlashFailed> {
        let phase = self.phase()?;
        Ok(match (which, phase) {
            (Which::Active, Phase::OnTrial) => SlotState::OnTrial,
            (Which::Active, _) => SlotState::Confirmed,
            (Which::Spare, Phase::Settled) => SlotState::Empty,
            (Which::Spare, Phase::Previous | Phase::OnTrial) => SlotState::Previous,
            (Which::Spare, Phase::Pending) => SlotState::Pending,
            (Which::Spare, Phase::Reverted) => SlotState::Failed,
        })
    }

    fn whole(&mut self, which: Which) -> Result<Whole, FlashFailed> {
        let mut footer = [0; 12];
        self.read(which, self.footer(), &mut footer)?;
        let [length, crc, check] = [0, 4, 8].map(|at| {
            let number = footer.get(at..).and_then(<[u8]>::first_chunk);
            number.map_or(0, |&number| u32::from_le_bytes(number))
        });
        let is_right = check == !(length ^ crc) && length <= self.footer();
        Ok(match is_right {
            true => Whole { length, crc },
            false => Whole::default(),
        })
    }

    fn read(&mut self, which: Which, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailed> {
        let phase = self.phase()?;
        match which {
            Which::Active => flash::read(&mut self.partitions.active, offset, bytes),
            Which::Spare => {
                let start = match phase {
                    Phase::Previous | Phase::OnTrial => Self::PAGE,
                    Phase::Settled | Phase::Pending | Phase::Reverted => 0,
                };
                flash::read(&mut self.partitions.dfu, start + offset, bytes)
            }
        }
    }

    fn begin(&mut self, total: u32, offset: u32) -> Result<u32, FlashFailed> {
        let phase = self.phase()?;
        let offset = match phase {
            // What is there is not where it is written.
            Phase::Previous => {
                self.phase = Some(Phase::Settled);
                self.set(VALIDITY, SET)?;
                0
            }
            Phase::Pending | Phase::Reverted => {
                self.mark(BOOT)?;
                offset
            }
            Phase::Settled | Phase::OnTrial => offset,
        };
        let footer = self.footer();
        let dfu = &mut self.partitions.dfu;
        self.writer
            .begin(dfu, footer..footer + BUFFER as u32, total, offset)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailed> {
        self.writer.write(&mut self.partitions.dfu, offset, bytes)
    }

    fn finish(&mut self, whole: Whole) -> Result<(), FlashFailed> {
        let Whole { length, crc } = whole;
        let check = !(length ^ crc);
        let mut footer = flash::Aligned([ERASED; BUFFER]);
        let numbers = [length, crc, check].map(u32::to_le_bytes);
        for (place, &byte) in footer.0.iter_mut().zip(numbers.as_flattened()) {
            *place = byte;
        }
        let place = self.footer();
        self.partitions.dfu.write(place, &footer.0).map_err(failed)
    }

    fn activate(&mut self) -> Result<(), FlashFailed> {
        self.mark(SWAP)
    }

    fn confirm(&mut self) -> Result<(), FlashFailed> {
        self.mark(BOOT)?;
        self.set(PROGRESS, SET)
    }

    fn revert(&mut self) -> Result<(), FlashFailed> {
        match self.phase()? {
            Phase::Pending => self.mark(BOOT),
            // As if the image had been on trial ever since. The magic comes last.
            Phase::Previous => {
                self.clear()?;
                let pages = self.partitions.active.capacity() as u32 / Self::PAGE;
                for copied in 0..pages * 2 {
                    self.set(PROGRESS + copied, SET)?;
                }
                self.set(0, SWAP)
            }
            // The next reboot does it.
            Phase::OnTrial => Ok(()),
            Phase::Settled | Phase::Reverted => Err(FlashFailed),
        }
    }

    fn reboot(&mut self) {
        (self.restart)();
    }
}
