//! Measures the cost of one more of anything on a device: curves, each the same image with more and
//! more of one thing, and their slopes.
//!
//! `figures.txt` has the difference between the longest and the shortest of each curve.

use crate::device_cost::{Call, Figure, PACKAGE, connected, instructions_of};
use crate::image::{self, Setting, Size};
use crate::wire::Message;
use rpc_proto::service::FIRST_NUMBER;
use std::error::Error;
use std::io;
use std::path::Path;

/// The same image with more and more of one thing.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The thing that grows, and the difference from the other curves.
    pub name: String,
    /// The number of things, and the cost of the image with so many.
    pub points: Vec<(u64, u64)>,
}

impl Curve {
    /// Returns the difference between the last point and the first, in number and in cost.
    #[must_use]
    pub fn rise(&self) -> (u64, u64) {
        match self.points[..] {
            [(few, less), .., (many, more)] => (many - few, more - less),
            _ => (0, 0),
        }
    }

    /// Returns the cost of one more.
    #[must_use]
    pub fn slope(&self) -> f64 {
        let (more, takes) = self.rise();
        takes as f64 / more as f64
    }
}

/// The thing that a device offers more and more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Procedures of one signature.
    Procedures,
    /// Procedures, each with a type that no other has.
    Types,
    /// Services of four procedures of one signature.
    Services,
}

impl Offer {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Procedures, Self::Types, Self::Services];

    /// Returns the numbers that can be measured.
    #[must_use]
    pub const fn counts(self) -> &'static [usize] {
        match self {
            Self::Procedures => &[4, 8, 16, 32],
            Self::Types => &[4, 8, 16],
            Self::Services => &[1, 2, 4, 8],
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Procedures => "procedures",
            Self::Types => "procedures with a type each",
            Self::Services => "services of four procedures",
        }
    }

    /// Returns the setting with the number.
    const fn setting(self) -> &'static str {
        match self {
            Self::Procedures => "GROWN_PROCEDURES",
            Self::Types => "GROWN_TYPES",
            Self::Services => "GROWN_SERVICES",
        }
    }
}

/// Measures the cost of an image with settings of its own beyond an echo.
fn grown(settings: &[Setting]) -> Result<Size, String> {
    let echo = image::size(&PACKAGE.image("echo")?)?;
    let size = image::size(&PACKAGE.image_with("grown", settings)?)?;
    Ok(Size {
        flash: size.flash - echo.flash,
        ram: size.ram - echo.ram,
    })
}

/// Measures the flash of the images that offer more and more, in bytes beyond those of an echo.
///
/// # Errors
/// Fails if an image cannot be built or read.
pub fn flash(offer: Offer, described: bool, counts: &[usize]) -> Result<Curve, String> {
    let mut points = Vec::new();
    for &count in counts {
        let of = |other| if other == offer { count } else { 0 };
        let mut settings: Vec<Setting> = Offer::ALL
            .map(|other| (other.setting(), of(other)))
            .to_vec();
        settings.push(("GROWN_DESCRIBED", described.into()));
        points.push((count as u64, grown(&settings)?.flash));
    }
    let description = if described {
        "described"
    } else {
        "undescribed"
    };
    let offer = offer.name();
    Ok(Curve {
        name: format!("{offer}, {description}"),
        points,
    })
}

/// The frames whose windows are measured.
pub const FRAMES: [usize; 2] = [64, 160];

/// Calls that may be in flight.
pub const WINDOWS: [usize; 5] = [1, 2, 4, 8, 15];

/// Measures the static RAM of the images with wider and wider windows, beyond that of an echo.
///
/// # Errors
/// Fails if an image cannot be built or read.
pub fn ram(frame: usize, windows: &[usize]) -> Result<Curve, String> {
    let mut points = Vec::new();
    for &window in windows {
        let size = grown(&[("GROWN_FRAME", frame), ("GROWN_WINDOW", window)])?;
        points.push((window as u64, size.ram));
    }
    Ok(Curve {
        name: format!("window slots at frames of {frame} bytes"),
        points,
    })
}

/// The image that takes and gives payloads, the same with a larger table for its checksums, and its work written by
/// hand, with what is added to the names of their curves.
pub const PAYLOAD_IMAGES: [(&str, &str); 3] = [
    ("bytes", ""),
    ("bytes_large_table", ", large table"),
    ("floor_bytes", ", the floor"),
];

/// The direction of a payload's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// With the call.
    ToDevice,
    /// With its reply.
    FromDevice,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ToDevice, Self::FromDevice];

    const fn name(self) -> &'static str {
        match self {
            Self::ToDevice => "payload bytes to the device",
            Self::FromDevice => "payload bytes from the device",
        }
    }

    /// Returns a call with that many bytes.
    fn call(self, seq: u8, count: usize) -> Call {
        /// The same as in the image.
        const BYTES: [u8; 48] = [0x5A; 48];
        const TAKE: u16 = FIRST_NUMBER;
        const GIVE: u16 = FIRST_NUMBER + 1;
        let bytes = &BYTES[..count];
        let (call, answer) = match self {
            Self::ToDevice => (Message::call(seq, TAKE, (bytes,)), Message::value(seq, ())),
            Self::FromDevice => (
                Message::call(seq, GIVE, (count as u8,)),
                Message::value(seq, bytes),
            ),
        };
        Call {
            name: self.name(),
            frame: call.frame(),
            answer: answer.frame(),
        }
    }
}

/// The numbers of bytes in a payload.
pub const PAYLOADS: [usize; 7] = [0, 8, 16, 24, 32, 40, 48];

/// Measures the instructions of calls with more and more bytes, to each of [`PAYLOAD_IMAGES`].
///
/// # Errors
/// Fails if an image cannot be built or run, or does not answer as it must.
pub fn instructions(payloads: &[usize]) -> Result<Vec<Curve>, Box<dyn Error>> {
    let mut curves = Vec::new();
    for (image, kind) in PAYLOAD_IMAGES {
        let image = PACKAGE.image(image)?;
        for way in Way::ALL {
            curves.push(Curve {
                name: format!("{}{kind}", way.name()),
                points: payload_points(&image, way, payloads)?,
            });
        }
    }
    Ok(curves)
}

fn payload_points(image: &Path, way: Way, payloads: &[usize]) -> io::Result<Vec<(u64, u64)>> {
    let mut device = connected(image)?;
    let calls = (0..)
        .zip(payloads)
        .map(|(seq, &count)| (count, way.call(seq, count)));
    calls
        .map(|(count, call)| Ok((count as u64, instructions_of(&mut device, &call)?)))
        .collect()
}

/// Measures the difference between the longest and the shortest of each curve.
///
/// # Errors
/// Fails if an image cannot be built or run, or does not answer as it must.
pub fn figures() -> Result<Vec<Figure>, Box<dyn Error>> {
    let mut figures = Vec::new();
    let mut add = |of: &str, curve: Curve| {
        let name = curve.name.as_str();
        let (more, value) = curve.rise();
        let name = format!("growth {of} {more} more {name}");
        figures.push(Figure { name, value });
    };
    for offer in Offer::ALL {
        for described in [false, true] {
            add("flash", flash(offer, described, &ends(offer.counts()))?);
        }
    }
    for frame in FRAMES {
        add("ram", ram(frame, &ends(&WINDOWS))?);
    }
    for curve in instructions(&ends(&PAYLOADS))? {
        add("instructions", curve);
    }
    Ok(figures)
}

/// Returns the first and the last of `counts`.
fn ends(counts: &[usize]) -> Vec<usize> {
    counts
        .first()
        .into_iter()
        .chain(counts.last())
        .copied()
        .collect()
}
