//! Prints the fault table in Markdown: the outcomes of calls on links that flip, lose and garble
//! bytes, for serial-rpc and for postcard-rpc.
//!
//! Run it with `cargo run --release --manifest-path tests/peers/Cargo.toml`.

use peers::postcard_rpc;
use tests::fault_table::{self, CALLS, Row, SEEDS};

fn main() {
    let calls = CALLS * SEEDS.len() as i64;
    println!("{calls} calls of `accumulate` on each link; rates are chances per byte, either way.");
    println!();
    println!("| link | protocol | right | wrong | hung | failed | runs | frames resent |");
    println!("|------|----------|------:|------:|-----:|-------:|-----:|--------------:|");
    for (name, faults) in fault_table::links() {
        print_row(name, "serial-rpc", fault_table::serial_rpc(faults));
        print_row("", "postcard-rpc", postcard_rpc::fault_table::row(faults));
    }
    println!();
    println!(
        "Right: returned the total that its one run made. Wrong: returned anything else, and no \
         error. Hung, serial-rpc: ended by its deadline of 2 s of virtual time. Hung, \
         postcard-rpc, whose calls have no deadline of their own: nothing at all was left to \
         happen on the link or in either end, and 20 ms of virtual time passed. Runs: how often \
         the device ran the procedure; postcard-rpc never sends a frame again. Both protocols use \
         the same line model and the same seeds."
    );
}

fn print_row(link: &str, protocol: &str, row: Row) {
    let Row {
        right,
        wrong,
        hung,
        failed,
        runs,
        resent,
    } = row;
    println!("| {link} | {protocol} | {right} | {wrong} | {hung} | {failed} | {runs} | {resent} |");
}
