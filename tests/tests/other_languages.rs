//! Tests that PROTOCOL.md is enough to write a caller by: a small one in Python, written by its rules for
//! the smallest correct caller, calls the simulated device over a clean line and over bad ones.

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::process::{Command, ExitCode};
use tests::ignorable::trial;
use tests::simulated::Simulated;

const COUNT: u32 = 100;

fn main() -> ExitCode {
    let trials = [
        ("a_clean_line", "0"),
        ("a_bad_line", "0.003"),
        ("a_line_with_chatter", "texts=0.2"),
    ];
    let trials = trials.map(|(line, noise)| calls_run_once_over(line, noise));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn calls_run_once_over(line: &str, noise: &'static str) -> Trial {
    let name = format!("the_smallest_caller_is_correct_over_{line}");
    trial(&name, missing, move || call(noise))
}

fn missing() -> Option<String> {
    let version = Command::new("python3").arg("--version").output();
    version.is_err().then(|| "python3 is missing".to_owned())
}

fn call(noise: &str) -> Result<(), Failed> {
    let device = Simulated::start(&["--tcp", "localhost:0", "--noise", noise]);
    let address = device.port().strip_prefix("tcp:").ok_or("no address")?;
    let (host, port) = address.rsplit_once(':').ok_or("no port")?;
    let caller = Path::new(env!("CARGO_MANIFEST_DIR")).join("other_languages/smallest_caller.py");
    let output = Command::new("python3")
        .arg(caller)
        .args([host, port, &COUNT.to_string()])
        .output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u32> = stdout
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let &[total, never, unknown] = numbers.as_slice() else {
        return Err(format!("{stdout}{stderr}").into());
    };
    let certain = COUNT - never - unknown;
    assert!(
        (certain..=COUNT - never).contains(&total),
        "total {total}, {never} never ran, {unknown} unknown"
    );
    assert!(certain > COUNT / 2, "{never} never ran, {unknown} unknown");
    Ok(())
}
