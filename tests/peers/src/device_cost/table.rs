//! Writes the table and the notes for reading it.

use super::{Calls, Sizes};
use std::fmt::Display;

/// Returns the table in Markdown, a column for each contender.
pub fn markdown(names: &[&str], sizes: &[Sizes], calls: &[Calls]) -> String {
    let mut table = row("", names);
    table += &format!("|---|{}\n", "---:|".repeat(names.len()));
    for Sizes {
        setting,
        echo,
        contenders,
    } in sizes
    {
        let (target, opt_level) = setting;
        let target = target.trim_end_matches("-none-eabi");
        let flash = contenders.iter().map(|size| {
            let beyond = size.flash - echo.flash;
            format!("{beyond} ({})", size.flash)
        });
        table += &row(&format!("flash, {target}, opt-level {opt_level}"), flash);
    }
    let ram = sizes[0].contenders.iter().map(|size| size.ram);
    table += &row("static RAM (.data, .bss)", ram);
    table += &row("stack", calls.iter().map(|(costs, _)| costs.stack));
    let of_first = calls[0].1.iter().enumerate();
    for (index, call) in of_first.clone() {
        let instructions = calls.iter().map(|(costs, _)| costs.instructions[index].1);
        table += &row(&format!("instructions, `{}`", call.name), instructions);
    }
    for (index, call) in of_first {
        let bytes = calls.iter().map(|(_, calls)| {
            let (out, back) = (calls[index].frame.len(), calls[index].answer.len());
            format!("{out} + {back}")
        });
        table += &row(&format!("bytes out + back, `{}`", call.name), bytes);
    }
    table
}

fn row<C: Display>(title: &str, cells: impl IntoIterator<Item = C>) -> String {
    let cells = cells.into_iter().map(|cell| format!(" {cell} |"));
    format!("| {title} |{}\n", cells.collect::<String>())
}

/// Returns the notes on the measurement and the versions.
pub fn notes(rustc: &str, qemu: &str) -> String {
    format!("{NOTES}\nMeasured with {rustc} and {qemu}.\n")
}

const NOTES: &str = "\
Flash is `.text`, `.rodata` and `.data` without the vector table, in bytes beyond those of an echo that is built the same
way for the same polled UART, and in brackets all of it. The calculator has four procedures over `i32`, frames are of
64 bytes, the window is 1; fat LTO, one codegen unit, `panic = \"abort\"` and a panic handler that is a bare loop.
All below the flash is of thumbv7m, opt-level s.

Instructions are those that the processor runs from a frame's first byte until it waits for the next, counted one by one
in QEMU's lm3s6965evb on the very image that is weighed. Access to the UART's registers is in them, polling in vain is
not: every byte is there when it is looked for. Stack is the deepest that the stack pointer was from reset to the last
call.

postcard-rpc 0.12.1 runs over its own `embedded-io-async` transport, polled without an executor; without ping and schemas
its dispatch is written by hand as its macro does it. Its frames have no checksum, and a call that is sent twice runs
twice (\"again\"; serial-rpc sends the kept reply). Its keys are of 1 byte here, which is enough to tell these endpoints
apart; else they are of 2, 4 or 8.
";
