//! Counts instructions with callgrind: this program runs itself under it twice, so that work done
//! only once cancels out.

use crate::contest::Contender;
use std::env;
use std::process::Command;

/// The numbers of calls of the two runs.
const COUNTS: [u32; 2] = [1_000, 2_000];

/// Returns the instructions of a call; None if there is no valgrind.
pub fn per_call(name: &str) -> Option<u64> {
    let [few, many] = COUNTS.map(|count| counted(name, count));
    Some((many? - few?) / u64::from(COUNTS[1] - COUNTS[0]))
}

fn counted(name: &str, count: u32) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().ok()?)
        .args([name, &count.to_string()])
        .output()
        .ok()?;
    let report = String::from_utf8(output.stderr).ok()?;
    let (_, collected) = report.split_once("Collected : ")?;
    collected.split_whitespace().next()?.parse().ok()
}

/// Makes the calls of such a run, and nothing else.
pub fn run_counted(mut contenders: impl Iterator<Item = Contender>, name: &str, count: &str) {
    let contender = contenders.find(|contender| contender.name == name);
    let mut call = contender.expect("a contender's name").prepare();
    call(count.parse().expect("a number of calls"));
}
