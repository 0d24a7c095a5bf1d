//! Measures the cost of the same calculator on a device with serial-rpc and with postcard-rpc:
//! flash, memory, instructions and bytes on the wire.

mod postcard_rpc;
mod table;

use std::error::Error;
use std::process::Command;
use tests::board::LM3S6965;
use tests::device_cost::{Call, CallCosts, our_call_costs, our_calls};
use tests::image::{self, Images, Size};

/// The contenders: name, folder of the images' package, image.
const CONTENDERS: [(&str, &str, &str); 5] = [
    ("serial-rpc, bare", OURS, "bare"),
    ("serial-rpc, undescribed", OURS, "undescribed"),
    ("serial-rpc", OURS, "full"),
    (
        "postcard-rpc, no ping, no schemas",
        PEERS,
        "postcard_rpc_bare",
    ),
    ("postcard-rpc", PEERS, "postcard_rpc"),
];
const OURS: &str = "tests/size";
const PEERS: &str = "tests/peers/device";

/// Targets and `opt-level`s; calls are counted on the first.
const SETTINGS: [(&str, &str); 4] = [
    ("thumbv7m-none-eabi", "s"),
    ("thumbv7m-none-eabi", "z"),
    ("thumbv7m-none-eabi", "3"),
    ("thumbv6m-none-eabi", "s"),
];

/// The sizes of the contenders with one setting.
pub struct Sizes {
    /// Target and `opt-level`.
    pub setting: (&'static str, &'static str),
    /// An echo over the same UART.
    pub echo: Size,
    /// The contenders in their order.
    pub contenders: Vec<Size>,
}

/// The cost of calls to a contender, and their bytes.
pub type Calls = (CallCosts, Vec<Call>);

/// The measurements, and the versions of the tools.
pub struct DeviceCost {
    /// A row for each setting.
    pub sizes: Vec<Sizes>,
    /// The cost of calls to each contender, with the first setting.
    pub calls: Vec<Calls>,
    rustc: String,
    qemu: String,
}

impl DeviceCost {
    /// Returns the names of the contenders, in the order of everything else.
    pub fn names() -> [&'static str; 5] {
        CONTENDERS.map(|(name, ..)| name)
    }

    /// Returns the table and the notes for reading it, in Markdown.
    pub fn markdown(&self) -> String {
        let table = table::markdown(&Self::names(), &self.sizes, &self.calls);
        format!("{table}\n{}", table::notes(&self.rustc, &self.qemu))
    }
}

/// Builds, weighs and runs everything.
///
/// # Errors
/// Fails if a tool is missing, or an image does not work as it must.
pub fn measure() -> Result<DeviceCost, Box<dyn Error>> {
    if let Some(missing) = LM3S6965.missing_emulator() {
        return Err(missing.into());
    }
    let sizes = SETTINGS.map(sizes).into_iter().collect::<Result<_, _>>()?;
    let calls = CONTENDERS
        .map(calls)
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(DeviceCost {
        sizes,
        calls,
        rustc: version("rustc")?,
        qemu: version(LM3S6965.emulator())?,
    })
}

fn sizes(setting: (&'static str, &'static str)) -> Result<Sizes, String> {
    let (target, opt_level) = setting;
    let packages =
        [OURS, PEERS].map(|folder| (folder, Images::optimised(folder, target, opt_level)));
    let [(_, ours), _] = &packages;
    if let Some(missing) = ours.missing_target() {
        return Err(missing);
    }
    let size = |(_, package, image): (&str, &str, &str)| {
        let images = packages.iter().find(|(folder, _)| *folder == package);
        let (_, images) = images.ok_or("no such package")?;
        image::size(&images.image(image)?)
    };
    Ok(Sizes {
        setting,
        echo: size(("", OURS, "echo"))?,
        contenders: CONTENDERS.map(size).into_iter().collect::<Result<_, _>>()?,
    })
}

fn calls((_, package, image): (&str, &'static str, &str)) -> Result<Calls, Box<dyn Error>> {
    let (target, opt_level) = SETTINGS[0];
    let image = Images::optimised(package, target, opt_level).image(image)?;
    if package == OURS {
        Ok((our_call_costs(&image)?, our_calls()))
    } else {
        postcard_rpc::costs(&image)
    }
}

/// Returns the first line of a program's version.
fn version(program: &str) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).arg("--version").output()?;
    let said = String::from_utf8(output.stdout)?;
    Ok(said.lines().next().unwrap_or_default().to_owned())
}
