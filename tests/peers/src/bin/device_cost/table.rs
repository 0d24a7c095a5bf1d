//! The table and what must be known to read it.

use crate::{Calls, Sizes};
use std::fmt::Display;

/// The table in Markdown, a column for each contender.
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
        let beyond = contenders.iter().map(|size| size.flash - echo.flash);
        table += &row(
            &format!("flash, {target}, opt-level {opt_level}: beyond an echo"),
            beyond,
        );
        let total = contenders.iter().map(|size| size.flash);
        table += &row(
            &format!("flash, {target}, opt-level {opt_level}: in all"),
            total,
        );
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

/// How the figures were taken.
pub fn notes(rustc: &str, qemu: &str) -> String {
    NOTES.replace("RUSTC", rustc).replace("QEMU", qemu)
}

const NOTES: &str = "\
The calculator has four procedures over `i32`, frames are of 64 bytes, the window is 1, the UART is
polled. Both are built with fat LTO, one codegen unit, `panic = \"abort\"` and a panic handler that
is a bare loop. Flash is `.text`, `.rodata` and `.data` without the vector table, in bytes; the echo
is built the same way and has the same UART. Stack, instructions and bytes are those of
thumbv7m, opt-level s.

Instructions are those that the processor runs from a frame's first byte until it waits for the
next, counted one by one in QEMU (lm3s6965evb) on the image that is weighed. Access to the UART's
registers is in them, polling in vain is not: every byte is there when it is looked for. Stack is
the deepest that the stack pointer was, from reset to the last call.

postcard-rpc 0.12.1 is served over its own `embedded-io-async` transport, polled without an
executor; its frames carry no checksum, and a call that is sent twice runs twice. Without ping and schemas
its dispatch is written by hand.

RUSTC; QEMU.
";
