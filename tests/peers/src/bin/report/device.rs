//! Reports the cost of the calculator on a device, beside others.

use peers::chart::{self, Panel};
use peers::device_cost::{self, DeviceCost};
use peers::documents;
use std::error::Error;

/// Writes the table into the README and draws the part of it that was measured at one setting.
pub fn write() -> Result<(), Box<dyn Error>> {
    let cost = device_cost::measure()?;
    documents::write_section("device_cost", &cost.markdown())?;
    chart::bars(
        &documents::measured("device-cost.svg"),
        "Four procedures on a Cortex-M3, opt-level s, frames of 64 bytes, window 1",
        &panels(&cost),
    )
}

fn panels(cost: &DeviceCost) -> Vec<Panel> {
    let DeviceCost { sizes, calls, .. } = cost;
    let panel = |title: &str, values: Vec<u64>| Panel {
        title: title.to_owned(),
        bars: DeviceCost::names()
            .iter()
            .zip(values)
            .map(|(name, value)| ((*name).to_owned(), value as f64))
            .collect(),
    };
    let echo = sizes[0].echo;
    let contenders = &sizes[0].contenders;
    let flash = contenders.iter().map(|size| size.flash - echo.flash);
    let ram = contenders.iter().map(|size| size.ram);
    let stack = calls.iter().map(|(costs, _)| costs.stack);
    let mut panels = vec![
        panel("flash beyond an echo, bytes", flash.collect()),
        panel("static RAM, bytes", ram.collect()),
        panel("deepest stack, bytes", stack.collect()),
    ];
    let first = |costs: &[(&str, u64)]| costs.first().map_or(0, |(_, instructions)| *instructions);
    let instructions = calls.iter().map(|(costs, _)| first(&costs.instructions));
    panels.push(panel("instructions, add(2, 3)", instructions.collect()));
    panels
}
