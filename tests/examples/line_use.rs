//! Prints the share of a line that calls use, in Markdown. In virtual time: the same on every
//! machine.
//!
//!     cargo run --release -p tests --example line_use
//!
//! With `figures`, it prints those that CI compares; to update them, from the repository's root:
//!
//!     cargo run --release -p tests --example line_use -- figures > tests/tests/line_use.txt
//!     cargo run --release -p tests --example line_use -- transfers > tests/tests/transfer_use.txt
//!     cargo run --release -p tests --example line_use -- updates > tests/tests/update_use.txt

use std::env;
use tests::line_use::{self, table};
use tests::{transfer_use, update_use};

fn main() {
    match env::args().nth(1).as_deref() {
        None => print!("{}", table::markdown()),
        Some("figures") => print!("{}", line_use::figures()),
        Some("transfers") => print!("{}", transfer_use::figures()),
        Some("updates") => print!("{}", update_use::figures()),
        Some(_) => panic!("the only arguments are `figures`, `transfers` and `updates`"),
    }
}
