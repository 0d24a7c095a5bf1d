//! A device accepts the signatures that the program's help says how to make.

use libtest_mimic::{Arguments, Failed};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use tests::ignorable::{missing_openssl, trial};
use tests::lamp::{Lamp, firmware};
use tests::program::{program, serial_rpc};

fn main() -> ExitCode {
    let name = "a_signature_made_as_the_help_says_is_accepted";
    let trials = vec![trial(name, missing_openssl, signed)];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn signed() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    fs::write(at("lamp.bin"), firmware("2.0.0", 9000))?;
    let commands = commands()?;
    assert_eq!(commands.len(), 4, "{commands:?}");
    for command in commands {
        run(&command, folder.path())?;
    }
    let key = fs::read(at("key.pub"))?;
    let lamp = Lamp::with_key(key.as_slice().try_into()?);
    let [image, signature] = ["lamp.bin", "lamp.sig"].map(|name| at(name).display().to_string());
    let words = ["update", &image, "--signature", &signature];
    let outcome = serial_rpc(&lamp.port.port(), &words);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    // It is one of this image only.
    let other = lamp.file("other.bin", &firmware("3.0.0", 9000));
    let words = ["update", &other, "--signature", &signature];
    assert_eq!(serial_rpc(&lamp.port.port(), &words).code, Some(6));
    Ok(())
}

/// Returns the commands in the help.
fn commands() -> Result<Vec<String>, Failed> {
    let help = Command::new(program())
        .args(["update", "--help"])
        .output()?;
    let help = String::from_utf8(help.stdout)?;
    let lines = help.lines().map(str::trim);
    let commands = lines.filter(|line| line.starts_with("openssl "));
    Ok(commands.map(str::to_owned).collect())
}

fn run(command: &str, folder: &Path) -> Result<(), Failed> {
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", command]).current_dir(folder).output()?;
    assert!(output.status.success(), "{command}: {output:?}");
    Ok(())
}
