//! Measures the cost of the calculator of `tests/size` on a device: the figures of `figures.txt`.

use crate::board::LM3S6965;
use crate::c_images;
use crate::image::{self, Images, Size};
use crate::stepped::SteppedDevice;
use crate::wire::Message;
use rpc_proto::service::FIRST_NUMBER;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The work of `bare` written by hand, which has no generality.
pub const FLOOR: &str = "floor";

/// The images whose calls are counted, from the smallest, and that with a larger table for its checksums; each is
/// compared with an `echo` without any protocol.
pub const IMAGES: [&str; 5] = [FLOOR, "bare", "undescribed", "full", "bare_large_table"];

/// Images that are `undescribed` with an addition: an event, a stream and a feed, a block, and updates.
pub const MORE_IMAGES: [&str; 5] = ["events", "streams", "blocks", "update", "embassy_boot"];

/// The other end: a caller with room for one call, and its blocking driver.
pub const CALLER: &str = "caller";

/// The package of these images, built as the figures want it.
pub static PACKAGE: Images = Images::of("tests/size", "thumbv7m-none-eabi");

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: u64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value)
    }
}

/// A call to be measured.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// The frame that is sent.
    pub frame: Vec<u8>,
    /// The answer that the device must give.
    pub answer: Vec<u8>,
}

/// The cost of calls.
#[derive(Clone, Debug)]
pub struct CallCosts {
    /// The name of each call and the instructions that the device ran for it.
    pub instructions: Vec<(&'static str, u64)>,
    /// The stack that was used, in bytes.
    pub stack: u64,
}

/// Measures the flash and RAM of every image beyond those of an echo.
///
/// # Errors
/// Fails if an image cannot be built or read.
pub fn size_figures() -> Result<Vec<Figure>, String> {
    let images = IMAGES.into_iter().chain(MORE_IMAGES).chain([CALLER]);
    sizes_of(images, |image| PACKAGE.image(image))
}

fn sizes_of<'a>(
    images: impl Iterator<Item = &'a str>,
    built: impl Fn(&str) -> Result<PathBuf, String>,
) -> Result<Vec<Figure>, String> {
    let echo = image::size(&built("echo")?)?;
    let mut figures = Vec::new();
    for image in images {
        let Size { flash, ram } = image::size(&built(image)?)?;
        figures.push(Figure {
            name: format!("flash {image}"),
            value: flash - echo.flash,
        });
        figures.push(Figure {
            name: format!("ram {image}"),
            value: ram - echo.ram,
        });
    }
    Ok(figures)
}

/// Measures the stack that every image uses, and the instructions that it runs for each call.
///
/// # Errors
/// Fails if an image cannot be built or run, or does not answer as it must.
pub fn call_figures() -> Result<Vec<Figure>, Box<dyn Error>> {
    let mut figures = Vec::new();
    for image in IMAGES {
        figures.extend(costs_of(image, &PACKAGE.image(image)?)?);
    }
    Ok(figures)
}

/// Measures what the images with the C library cost.
///
/// # Errors
/// Fails as the others do.
pub fn c_figures() -> Result<Vec<Figure>, Box<dyn Error>> {
    let images = c_images::IMAGES.into_iter().chain(c_images::MORE_IMAGES);
    let mut figures = sizes_of(images.chain([CALLER]), c_images::image)?;
    for image in c_images::IMAGES {
        figures.extend(costs_of(image, &c_images::image(image)?)?);
    }
    for figure in &mut figures {
        figure.name.insert_str(0, "C ");
    }
    Ok(figures)
}

/// Measures the stack that an image uses, and the instructions that it runs for each call.
fn costs_of(name: &str, image: &Path) -> io::Result<Vec<Figure>> {
    let costs = our_call_costs(image)?;
    let mut figures = vec![Figure {
        name: format!("stack {name}"),
        value: costs.stack,
    }];
    figures.extend(costs.instructions.into_iter().map(|(call, value)| Figure {
        name: format!("instructions {name} {call}"),
        value,
    }));
    Ok(figures)
}

/// Measures the cost of calls to an image with this protocol.
///
/// # Errors
/// Fails if it cannot be run or does not answer as it must.
pub fn our_call_costs(image: &Path) -> io::Result<CallCosts> {
    call_costs(connected(image)?, &our_calls())
}

/// Boots an image with this protocol and begins a session.
///
/// # Errors
/// When it cannot be run.
pub fn connected(image: &Path) -> io::Result<SteppedDevice> {
    let mut device = SteppedDevice::boot(&LM3S6965, image)?;
    // A device begins with a delimiter, unasked.
    device.answer(&[])?;
    device.answer(&Message::connect(1).frame())?;
    Ok(device)
}

/// Returns the calls in this protocol, the first of a session.
#[must_use]
pub fn our_calls() -> Vec<Call> {
    const ADD: u16 = FIRST_NUMBER;
    const DIV: u16 = FIRST_NUMBER + 3;
    /// The second of the calculator's errors.
    const DIVIDE_BY_ZERO: u8 = 1;
    let call = |name, call: Message, answer: Message| Call {
        name,
        frame: call.frame(),
        answer: answer.frame(),
    };
    let add = Message::call(0, ADD, (2, 3));
    let five = Message::value(0, 5);
    vec![
        call("add(2, 3)", add.clone(), five.clone()),
        call("add(2, 3) again", add, five),
        call(
            "add(123456, -98765)",
            Message::call(1, ADD, (123_456, -98_765)),
            Message::value(1, 24_691),
        ),
        call(
            "div(1, 0)",
            Message::call(2, DIV, (1, 0)),
            Message::error(2, DIVIDE_BY_ZERO),
        ),
    ]
}

/// Makes the calls one after the other.
///
/// # Errors
/// Fails if the device ends or does not answer as it must.
pub fn call_costs(mut device: SteppedDevice, calls: &[Call]) -> io::Result<CallCosts> {
    let mut instructions = Vec::new();
    for call in calls {
        instructions.push((call.name, instructions_of(&mut device, call)?));
    }
    Ok(CallCosts {
        instructions,
        stack: device.stack(),
    })
}

/// Returns the instructions that the device runs for a call.
///
/// # Errors
/// Fails as [`call_costs`] does.
pub fn instructions_of(device: &mut SteppedDevice, call: &Call) -> io::Result<u64> {
    let answer = device.answer(&call.frame)?;
    if answer.bytes == call.answer {
        Ok(answer.instructions)
    } else {
        let Call { name, answer, .. } = call;
        let message = format!("{name}: {answer:?} expected");
        Err(io::Error::other(message))
    }
}
