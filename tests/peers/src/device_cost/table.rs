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
    let [postcard_rpc, postcard] = ["postcard-rpc", "postcard"].map(|it| locked(DEVICE_LOCK, it));
    let ergot = locked(SOCKETS_LOCK, "ergot");
    format!(
        "{NOTES}
postcard-rpc {postcard_rpc} {POSTCARD_RPC_NOTES}
ergot {ergot} {ERGOT_NOTES}
Both were the newest when this was measured, and so was postcard {postcard} under them.

Measured with {rustc} and {qemu}.
"
    )
}

const DEVICE_LOCK: &str = include_str!("../../device/Cargo.lock");
const SOCKETS_LOCK: &str = include_str!("../../sockets/Cargo.lock");

/// Returns the version of a package that an image is built with.
fn locked<'a>(lock: &'a str, package: &str) -> &'a str {
    let name = format!("name = \"{package}\"\nversion = \"");
    let behind = lock.split_once(&name).map(|(_, behind)| behind);
    let version = behind.and_then(|behind| behind.split_once('"'));
    version.map_or("", |(version, _)| version)
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

The floor is the work of *bare* written by hand for these four procedures, with the same algorithms and no generality:
few instructions rather than little flash. The top of [floor.rs](../tests/size/src/floor.rs) says what it leaves out;
a test compares its answers with those of *bare*, byte for byte. *By hand, no sessions* is what one writes in an
afternoon ([by_hand.rs](../tests/peers/device/src/by_hand.rs)): integers of fixed length, COBS and a CRC-16. It drops
damaged frames, and a call that is sent twice runs twice (\"again\"; serial-rpc sends the kept reply).
";

const POSTCARD_RPC_NOTES: &str = "\
runs over its own `embedded-io-async` transport, polled without an executor; without ping and schemas
its dispatch is written by hand as its macro does it. Its frames have no checksum, and a call that is sent twice runs
twice, too. Its keys are of 1 byte here, which is enough to tell these endpoints apart; else they are of 2, 4 or 8.
";

const ERGOT_NOTES: &str = "\
is a stack at the edge of its network, over its own `embedded-io-async` interface, with a socket for each
procedure and without its logging. It is polled without an executor, which would keep in static memory what is on the
stack here. It has no checksum and runs a repeated call again, too. Requests go to the ports of sockets, which the
caller has found before; one to any port has 9 bytes more.
";
