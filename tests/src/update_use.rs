//! Measures how fast an image of 256 KiB is written and verified, in virtual time, with flash that
//! takes as long as that of real chips. The device receives while its flash is busy, into a buffer as
//! long as its window of frames, and does nothing else.
//!
//! The times are the typical ones of the data sheets; where there is only a maximum, it is that:
//!
//! - RP2040 with the W25Q16JV of a Pico (Winbond, "AC Electrical Characteristics"): a sector of 4 KiB
//!   is erased in 45 ms, a page of 256 bytes is programmed in 0.4 ms.
//! - nRF52840 (Nordic, Product Specification, "NVMC", electrical specification): a page of 4 KiB is
//!   erased in 85 ms, a word of 4 bytes is written in 41 µs, both at most.
//! - STM32F4, such as the F401 (ST, data sheet, "Flash memory programming", 32 bits at a time): a
//!   sector of 128 KiB is erased in 1 s, a word of 4 bytes is programmed in 16 µs.
//!
//! A Pico must receive by DMA for that, since nothing runs from its flash while it is written; so
//! must an STM32F4 with one bank. Checking an image takes 20 cycles a byte: 0.3 µs at 64 MHz. What
//! else the processor does is not counted. Nothing here depends on the machine that runs it.

use crate::line::{Faults, Pace};
use crate::nor_flash::{Region, Times};
use crate::shelf::pattern;
use crate::virtual_link::{Fate, VirtualCaller, VirtualLink};
use firmware_update::embassy::{EmbassyBoot, Partitions};
use rpc_proto::services::update::{ImageInfo, Unsigned, UpdateService, Updater, Upload};
use std::fmt::Write as _;

/// The number of bytes in the image.
pub const BYTES: usize = 256 * 1024;

/// The speeds that are measured.
pub const BAUDS: [u32; 2] = [115_200, 921_600];

/// The number of calls in flight.
const WINDOW: usize = 8;

/// The bytes that the flash of all these chips is written in, for the simulation. A Pico's is written
/// in pages of 256 bytes, and so is its buffer.
const WORD: usize = 4;

/// The flash of a chip.
pub trait Flash: 'static {
    /// The name of the chip.
    const NAME: &'static str;
    /// The times, of a page and of 4 bytes.
    const TIMES: Times;
}

/// An RP2040 with a W25Q16JV.
#[derive(Debug)]
pub struct Rp2040;

/// An nRF52840.
#[derive(Debug)]
pub struct Nrf52;

/// An STM32F4 and its sectors of 128 KiB.
#[derive(Debug)]
pub struct Stm32f4;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000 * MICRO;
const CHECK: u64 = 310;

impl Flash for Rp2040 {
    const NAME: &'static str = "RP2040";
    const TIMES: Times = Times {
        erase: 45 * MILLI,
        write: 400 * MICRO / 64,
        read: CHECK,
    };
}

impl Flash for Nrf52 {
    const NAME: &'static str = "nRF52840";
    const TIMES: Times = Times {
        erase: 85 * MILLI,
        write: 41 * MICRO,
        read: CHECK,
    };
}

impl Flash for Stm32f4 {
    const NAME: &'static str = "STM32F4";
    const TIMES: Times = Times {
        erase: 1_000 * MILLI,
        write: 16 * MICRO,
        read: CHECK,
    };
}

/// The page of the chips with small ones, and the sector of an STM32F4.
pub const PAGE: usize = 4 * 1024;
/// See [`PAGE`].
pub const SECTOR: usize = 128 * 1024;

type Device<const ERASE: usize> = UpdateService<
    Updater<
        EmbassyBoot<Region<WORD, ERASE>, Region<WORD, ERASE>, Region<WORD, PAGE>, fn(), 256>,
        Unsigned,
    >,
>;

static INFO: ImageInfo = ImageInfo::new("lamp", "2.0.0");

fn start<F: Flash, const ERASE: usize>(_before: Option<&mut Device<ERASE>>) -> Device<ERASE> {
    const { assert!(BYTES.is_multiple_of(ERASE)) };
    // The image, and room for the notes behind it.
    let active = BYTES + ERASE;
    let all = Region::<WORD, ERASE>::chip_of(2 * active + ERASE, F::TIMES);
    let partitions = Partitions {
        active: all.part(0, active),
        dfu: all.part(active, active + ERASE),
        state: Region::chip_of(PAGE, Times::default()),
    };
    let slots = EmbassyBoot::new(partitions, 0, (|| ()) as fn());
    UpdateService(Updater::new(&INFO, slots, Unsigned))
}

/// The measurements of an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use {
    /// The time from the first call until the image is verified, in seconds.
    pub time: f64,
    /// The time that the bytes of the image alone take on the line.
    pub line: f64,
    /// The time that the flash is busy with the pages and words of the image.
    pub flash: f64,
    /// The time that it takes at least: the line waits while a page is erased and the buffer is full.
    /// The page of the notes on the image is erased before the first byte.
    pub floor: f64,
    /// The longest time that a call keeps the device.
    pub longest: f64,
}

impl Use {
    /// Returns the share of the time in which the slower of line and flash does what it must.
    #[must_use]
    pub fn share(self) -> f64 {
        self.line.max(self.flash) / self.time
    }
}

/// Writes an image to a chip over a line of that speed, with frames of up to `FRAME` bytes.
///
/// # Panics
/// Panics if it fails.
#[must_use]
pub fn measure<F: Flash, const ERASE: usize, const FRAME: usize>(baud: u32) -> Use {
    let mut caller: VirtualCaller<Device<ERASE>, FRAME, WINDOW> =
        VirtualLink::caller(Pace::uart(baud), Faults::NONE, 1, start::<F, ERASE>);
    caller.link().set_fate(|device| {
        let partitions = device.0.slots().partitions();
        Fate::Busy(partitions.active.chip().take_busy())
    });
    let mut image = pattern(BYTES);
    image[1_024..1_024 + ImageInfo::LENGTH].copy_from_slice(INFO.as_bytes());
    let began = caller.link().now();
    let uploaded = Upload::new(&image, &[]).run(&mut caller, |_| ());
    uploaded.expect("it is written");
    let micros = caller.link().now().since(began).as_micros();
    let partitions = caller.link().interface().0.slots().partitions();
    assert!(partitions.dfu.content().starts_with(&image));
    let longest = partitions.active.chip().longest().as_micros() as f64 / 1e6;
    /// Eight bits, a start bit and a stop bit.
    const BITS: f64 = 10.0;
    let on_line = |bytes: usize| bytes as f64 * BITS / f64::from(baud);
    let erase = F::TIMES.erase as f64 / 1e9;
    let pages = (BYTES / ERASE) as f64;
    let line = on_line(BYTES);
    let flash = pages * erase + (BYTES / WORD) as f64 * F::TIMES.write as f64 / 1e9;
    let waits = (erase - on_line(FRAME * WINDOW)).max(0.0);
    Use {
        time: micros as f64 / 1e6,
        line,
        flash,
        floor: erase + flash.max(line + pages * waits),
        longest,
    }
}

/// Returns the figures that are kept in `tests/tests/update_use.txt`, one a line.
#[must_use]
pub fn figures() -> String {
    let mut figures = String::new();
    let mut add = |chip, baud, frame, used: Use| {
        let Use {
            time,
            line,
            flash,
            floor,
            ..
        } = used;
        let share = used.share() * 100.0;
        writeln!(
            figures,
            "{chip}, {baud} baud, frames of {frame}: {time:.2} s, {share:.2} % (line {line:.2} s, flash {flash:.2} s, floor {floor:.2} s)"
        )
        .expect("a string takes everything");
    };
    for baud in BAUDS {
        let name = Rp2040::NAME;
        add(name, baud, 256, measure::<Rp2040, PAGE, 256>(baud));
        add(name, baud, 1024, measure::<Rp2040, PAGE, 1024>(baud));
        let name = Nrf52::NAME;
        add(name, baud, 256, measure::<Nrf52, PAGE, 256>(baud));
        add(name, baud, 1024, measure::<Nrf52, PAGE, 1024>(baud));
        let name = Stm32f4::NAME;
        add(name, baud, 256, measure::<Stm32f4, SECTOR, 256>(baud));
        add(name, baud, 1024, measure::<Stm32f4, SECTOR, 1024>(baud));
    }
    figures
}
