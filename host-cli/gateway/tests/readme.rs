//! Tests that the README shows what the programs print: its console sessions run, with a device on a
//! pseudo-terminal instead of `/dev/ttyACM0` and a free port instead of 8377.

#[allow(dead_code, reason = "other tests need more of it")]
mod running;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use running::Running;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use tests::simulated::Simulated;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trial = Trial::ignorable_test("the_readme_shows_what_the_programs_print", || {
        let missing = ["curl", "python3"].into_iter().find(|tool| !is_there(tool));
        match missing {
            Some(tool) => Ok(Completion::ignored_with(format!("{tool} is not installed"))),
            None if cfg!(unix) => readme().map(|()| Completion::Completed),
            None => Ok(Completion::ignored_with(
                "there are no pseudo-terminals here",
            )),
        }
    });
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

fn is_there(tool: &str) -> bool {
    let output = Command::new(tool).arg("--version").output();
    // The option `--json` is of 2022.
    output.is_ok_and(|output| output.status.success()) && (tool != "curl" || has_json())
}

fn has_json() -> bool {
    let output = Command::new("curl").args(["--help", "all"]).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("--json"))
}

fn readme() -> Result<(), Failed> {
    let device = Simulated::start(&[]);
    let sockets = tempfile::tempdir()?;
    let folder = sockets.path().to_str().ok_or("a path that is text")?;
    let gateway = Running::with(&[&format!("arm={}", device.port()), "--sockets", folder]);
    gateway.get_until("/devices", |devices| devices.contains("\"present\""));
    let replaced = [
        ("/dev/ttyACM0", device.port()),
        ("localhost:8377", gateway.address()),
    ];
    let wrappers = tempfile::tempdir()?;
    let wrapper = |name: &str, program: &str| {
        let path = wrappers.path().join(name);
        wrap(&path, program, &replaced, folder).map(|()| path)
    };
    let serial_rpc = tests::program::program().display().to_string();
    let program = python()?.replace("localhost:8377", gateway.address());
    fs::write(wrappers.path().join("add.py"), program)?;
    let cases = trycmd::TestCases::new();
    for (name, program) in [
        ("curl", "curl --silent"),
        ("python3", "python3"),
        ("serial-rpc", &*serial_rpc),
    ] {
        cases.register_bin(name, wrapper(name, program)?);
    }
    cases.case("README.md");
    Ok(())
}

/// Returns the program in Python that is on the page.
fn python() -> Result<String, Failed> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"))?;
    let (_, rest) = page.split_once("```python\n").ok_or("no program")?;
    let (program, _) = rest.split_once("```").ok_or("no end of it")?;
    Ok(program.to_owned())
}

/// Writes a script that runs a program with other words for some that are on the page.
fn wrap(
    path: &Path,
    program: &str,
    replaced: &[(&str, &str)],
    sockets: &str,
) -> std::io::Result<()> {
    let edits: String = replaced
        .iter()
        .map(|(from, to)| format!(" -e 's|{from}|{to}|g'"))
        .collect();
    let script = format!(
        "#!/bin/sh\n\
         export SERIAL_RPC_SOCKETS='{sockets}' SERIAL_RPC_NO_CACHE=1\n\
         cd \"$(dirname \"$0\")\"\n\
         for word do shift; set -- \"$@\" \"$(printf %s \"$word\" | sed{edits})\"; done\n\
         exec {program} \"$@\"\n"
    );
    fs::write(path, script)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
