//! Measures the cost of the same calculator on a device with serial-rpc, with ergot, with postcard-rpc and by
//! hand: flash, memory, instructions and bytes on the wire.

mod by_hand;
mod ergot;
mod postcard_rpc;
mod table;

use std::error::Error;
use std::path::Path;
use std::process::Command;
use tests::board::LM3S6965;
use tests::device_cost::{Call, CallCosts, FLOOR, our_call_costs, our_calls};
use tests::image::{self, Images, Size};

/// A device that is measured.
struct Contender {
    name: &'static str,
    /// The folder of the image's package.
    package: &'static str,
    image: &'static str,
    calls: fn(&Path) -> Result<Calls, Box<dyn Error>>,
}

const CONTENDERS: [Contender; 8] = [
    ours("serial-rpc, bare", "bare"),
    ours("serial-rpc, undescribed", "undescribed"),
    ours("serial-rpc", "full"),
    ours("the floor of bare", FLOOR),
    Contender {
        name: "by hand, no sessions",
        package: PEERS,
        image: "by_hand",
        calls: by_hand::costs,
    },
    Contender {
        name: "postcard-rpc, no ping, no schemas",
        package: PEERS,
        image: "postcard_rpc_bare",
        calls: postcard_rpc::costs,
    },
    Contender {
        name: "postcard-rpc",
        package: PEERS,
        image: "postcard_rpc",
        calls: postcard_rpc::costs,
    },
    Contender {
        name: "ergot",
        package: SOCKETS,
        image: "ergot",
        calls: ergot::costs,
    },
];
const OURS: &str = "tests/size";
const PEERS: &str = "tests/peers/device";
const SOCKETS: &str = "tests/peers/sockets";

/// Returns a device that speaks this protocol.
const fn ours(name: &'static str, image: &'static str) -> Contender {
    Contender {
        name,
        package: OURS,
        image,
        calls: |image| Ok((our_call_costs(image)?, our_calls())),
    }
}

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
    pub fn names() -> [&'static str; CONTENDERS.len()] {
        CONTENDERS.map(|contender| contender.name)
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
        [OURS, PEERS, SOCKETS].map(|folder| (folder, Images::optimised(folder, target, opt_level)));
    let [(_, ours), ..] = &packages;
    if let Some(missing) = ours.missing_target() {
        return Err(missing);
    }
    let size = |folder: &str, image: &str| {
        let images = packages.iter().find(|(package, _)| *package == folder);
        let (_, images) = images.ok_or("no such package")?;
        image::size(&images.image(image)?)
    };
    Ok(Sizes {
        setting,
        echo: size(OURS, "echo")?,
        contenders: CONTENDERS
            .map(|contender| size(contender.package, contender.image))
            .into_iter()
            .collect::<Result<_, _>>()?,
    })
}

fn calls(contender: Contender) -> Result<Calls, Box<dyn Error>> {
    let (target, opt_level) = SETTINGS[0];
    let images = Images::optimised(contender.package, target, opt_level);
    (contender.calls)(&images.image(contender.image)?)
}

/// Returns the first line of a program's version.
fn version(program: &str) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).arg("--version").output()?;
    let said = String::from_utf8(output.stdout)?;
    Ok(said.lines().next().unwrap_or_default().to_owned())
}
