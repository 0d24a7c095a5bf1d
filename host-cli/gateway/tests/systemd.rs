//! Tests that systemd understands the unit of the gateway and finds that it is allowed little.

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

/// The most that the service may be exposed, in tenths: systemd calls 2.0 "OK", and 9.6 is without hardening.
const EXPOSURE: &str = "--threshold=20";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::ignorable_test("systemd_understands_the_unit", || with_unit(&["verify"])),
        Trial::ignorable_test("the_service_is_allowed_little", || {
            with_unit(&["security", "--offline=true", EXPOSURE])
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Has systemd look at the unit, whose program is the one that was built.
fn with_unit(question: &[&str]) -> Result<Completion, Failed> {
    const INSTALLED: &str = "/usr/local/bin/serial-rpc-gateway";
    let folder = tempfile::tempdir()?;
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/serial-rpc-gateway.service");
    let text = fs::read_to_string(own)?;
    if !text.contains(INSTALLED) {
        return Err(format!("the unit does not start {INSTALLED}").into());
    }
    let unit = folder.path().join("serial-rpc-gateway.service");
    let program = env!("CARGO_BIN_EXE_serial-rpc-gateway");
    fs::write(&unit, text.replace(INSTALLED, program))?;
    let Ok(output) = Command::new("systemd-analyze")
        .args(question)
        .arg(&unit)
        .output()
    else {
        return Ok(Completion::ignored_with("there is no systemd here"));
    };
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // It complains of what it does not know, and starts the service all the same.
    match output.status.success() && !said.contains("ignoring") {
        true => Ok(Completion::Completed),
        false => Err(said.into_owned().into()),
    }
}
