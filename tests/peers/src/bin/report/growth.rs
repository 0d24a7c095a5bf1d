//! Reports the cost of one more procedure, type or service on a device.

use peers::chart::{self, Axes, Line, Stroke};
use peers::documents;
use std::error::Error;
use std::fs;
use tests::growth::{self, Curve, FRAMES, Offer, PAYLOADS, WINDOWS};

/// The number of procedures of each of the services.
const PROCEDURES_A_SERVICE: u64 = 4;

/// The flash of one kind of offer, without the description and with it.
type Flash = [Curve; 2];

/// Writes the slopes into the README and every point into `growth.md`, and draws the curves.
pub fn write() -> Result<(), Box<dyn Error>> {
    let flash = flash()?;
    let ram = FRAMES.map(|frame| growth::ram(frame, &WINDOWS));
    let ram = ram.into_iter().collect::<Result<Vec<_>, _>>()?;
    let instructions = growth::instructions(&PAYLOADS)?;

    documents::write_section("growth", &slopes(&flash, &ram, &instructions))?;
    let mut text = format!("# Growth\n\n{NOTES}");
    text += &points("Flash beyond an echo, bytes", flash.iter().flatten());
    text += "\n![Flash by procedures](growth-flash.svg)\n";
    text += &points("Static RAM, bytes", &ram);
    text += "\n![RAM by window](growth-ram.svg)\n";
    text += &points("Instructions of a call", &instructions);
    text += "\n![Instructions by payload](growth-instructions.svg)\n";
    fs::write(documents::measured("growth.md"), text)?;
    draw(&flash, &ram, &instructions)
}

fn flash() -> Result<[Flash; 3], String> {
    let both = |offer: Offer| {
        let curve = |described| growth::flash(offer, described, offer.counts());
        Ok::<_, String>([curve(false)?, curve(true)?])
    };
    let [procedures, types, services] = Offer::ALL.map(both);
    Ok([procedures?, types?, services?])
}

const NOTES: &str = "\
Written by `cargo run --release --manifest-path tests/peers/Cargo.toml --bin report`; the same on every machine with the
same compiler. thumbv7m, opt-level s, fat LTO; frames of 64 bytes and window 1 where nothing else is said.

Each image is the same but for how many there are of one thing. Procedures \"of one signature\" are
`fn(i32, i32) -> i32`, every one with a body of its own that is not inlined; those \"with a type each\" take and
return a struct of two fields like no other's. Undescribed images have the device's own service, described ones the
description and its docs (a line each) as well. A payload is one `&[u8]`, as argument or as value, none of it zero;
the floor is the same work written by hand (`tests/size/src/floor.rs`).
";

/// Returns the cost of one more of everything.
fn slopes(flash: &[Flash; 3], ram: &[Curve], instructions: &[Curve]) -> String {
    let mut text =
        String::from("| one more | flash, undescribed | flash, described |\n|---|---:|---:|\n");
    let [procedures, types, services] = flash;
    let row = |name: &str, slopes: [f64; 2]| {
        let [undescribed, described] = slopes;
        format!("| {name} | {undescribed:.1} B | {described:.1} B |\n")
    };
    let slope = |curves: &Flash| curves.each_ref().map(Curve::slope);
    text += &row("procedure, `fn(i32, i32) -> i32`", slope(procedures));
    text += &row(
        "procedure that takes and returns a struct of its own",
        slope(types),
    );
    let beyond = [0, 1].map(|described| beyond(&services[described], &procedures[described]));
    text += &row("service, beyond its procedures", beyond);
    text += "\n| one more | costs |\n|---|---:|\n";
    for (frame, curve) in FRAMES.iter().zip(ram) {
        let slope = curve.slope();
        text += &format!("| call in flight, frames of {frame} bytes | {slope:.1} B of RAM |\n");
    }
    for curve in instructions {
        let name = curve.name.replace("bytes", "byte");
        text += &format!("| {name} | {:.1} instructions |\n", curve.slope());
    }
    text
}

/// Returns the cost of a service beyond that of its procedures in another service.
fn beyond(services: &Curve, procedures: &Curve) -> f64 {
    let last = |curve: &Curve| curve.points.last().copied().unwrap_or_default();
    let (count, shared) = last(services);
    let (all, alone) = last(procedures);
    assert_eq!(count * PROCEDURES_A_SERVICE, all, "the same procedures");
    (shared as f64 - alone as f64) / (count - 1) as f64
}

/// Returns every point of some curves.
fn points<'a>(title: &str, curves: impl IntoIterator<Item = &'a Curve>) -> String {
    let mut text =
        format!("\n## {title}\n\n| what | how many: how much | one more |\n|---|---|---:|\n");
    for curve in curves {
        let point = |(count, takes): &(u64, u64)| format!("{count}: {takes}");
        let points: Vec<String> = curve.points.iter().map(point).collect();
        let points = points.join(", ");
        text += &format!("| {} | {points} | {:.1} |\n", curve.name, curve.slope());
    }
    text
}

fn draw(flash: &[Flash; 3], ram: &[Curve], instructions: &[Curve]) -> Result<(), Box<dyn Error>> {
    let mut by_procedures = Vec::new();
    for (colour, (offer, curves)) in Offer::ALL.iter().zip(flash).enumerate() {
        let each = match offer {
            Offer::Services => PROCEDURES_A_SERVICE,
            Offer::Procedures | Offer::Types => 1,
        };
        for (curve, stroke) in curves.iter().zip([Stroke::Solid, Stroke::Dashed]) {
            by_procedures.push(line(curve, each, colour, stroke));
        }
    }
    chart::lines(
        &documents::measured("growth-flash.svg"),
        &Axes {
            title: "Flash by the number of procedures",
            x: "procedures",
            y: "flash beyond an echo, bytes",
        },
        &by_procedures,
    )?;
    chart::lines(
        &documents::measured("growth-ram.svg"),
        &Axes {
            title: "RAM by the calls that may be in flight",
            x: "window, calls",
            y: "static RAM, bytes",
        },
        &solid(ram),
    )?;
    chart::lines(
        &documents::measured("growth-instructions.svg"),
        &Axes {
            title: "Instructions of a call by its payload",
            x: "payload, bytes",
            y: "instructions on the device",
        },
        &solid(instructions),
    )
}

fn solid(curves: &[Curve]) -> Vec<Line> {
    let curves = curves.iter().enumerate();
    curves
        .map(|(colour, curve)| line(curve, 1, colour, Stroke::Solid))
        .collect()
}

/// Converts a curve, whose points are `each` apart along the axis.
fn line(curve: &Curve, each: u64, colour: usize, stroke: Stroke) -> Line {
    let points = curve.points.iter();
    Line {
        name: curve.name.clone(),
        colour,
        stroke,
        points: points
            .map(|&(count, takes)| ((count * each) as f64, takes as f64))
            .collect(),
    }
}
