//! Tests every command of the program on devices that keep to the framing and to nothing else: each ends
//! by itself, without a panic, in little memory, and shows nothing that a terminal would act on.

use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tests::hostile::HostileDevice;
use tests::program::program;

/// The number of devices that each command meets.
const DEVICES: u64 = 24;

/// The time limit of each call, in seconds.
const TIMEOUT: &str = "0.5";

/// The time after which a command counts as hanging, many times what it may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The address space of the program in KiB.
const MEMORY: u64 = 1_000_000;

/// The outcome of a command.
struct Ended {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Runs the program in bounded memory.
fn run(port: &str, words: &[&str]) -> Ended {
    let script = format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
    let mut process = Command::new("sh")
        .args(["-c", &script])
        .arg(program())
        .args(["--no-cache", "--timeout", TIMEOUT, "--port", port])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let read = |mut pipe: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).map(|_| bytes)
        })
    };
    let stdout = read(Box::new(process.stdout.take().expect("it is piped")));
    let stderr = read(Box::new(process.stderr.take().expect("it is piped")));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().expect("it is a child") {
            break status;
        }
        if started.elapsed() > PATIENCE {
            process.kill().expect("it runs");
            panic!("{words:?} does not end");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let all = |reader: thread::JoinHandle<std::io::Result<Vec<u8>>>| {
        reader.join().expect("no panic").expect("it is a pipe")
    };
    Ended {
        code: status.code(),
        stdout: all(stdout),
        stderr: all(stderr),
    }
}

fn check(words: &[&str]) {
    for seed in 0..DEVICES {
        let device = HostileDevice::start(seed);
        let Ended {
            code,
            stdout,
            stderr,
        } = run(device.port(), words);
        let shown = String::from_utf8_lossy(&stderr);
        eprintln!(
            "XX {words:?} {code:?} {} {}",
            stdout.len(),
            shown.lines().next().unwrap_or_default()
        );
        // 101 is a panic, and none is a signal, such as that of an allocation that failed.
        assert!(
            code.is_some_and(|code| code < 100),
            "{words:?} on device {seed} ended with {code:?}: {shown}"
        );
        assert!(
            code == Some(0) || !stderr.is_empty(),
            "{words:?} on device {seed} says nothing"
        );
        let acts = |text: char| text.is_control() && !"\n\t".contains(text) || text == '\u{202e}';
        assert!(
            !shown.contains(acts),
            "{words:?} on device {seed}: {shown:?}"
        );
        if words.contains(&"--json") {
            for line in String::from_utf8_lossy(&stdout).lines() {
                let json: Result<serde_json::Value, _> = serde_json::from_str(line);
                assert!(json.is_ok(), "{words:?} on device {seed}: {line:?}");
            }
        }
    }
}

#[test]
fn what_is_read_once_ends() {
    for words in [
        &["list"][..],
        &["--json", "list"],
        &["describe", "calculator.add"],
        &["info"],
        &["--json", "stats"],
        &["ping", "--count", "3"],
        &["schema", "dump"],
    ] {
        check(words);
    }
}

#[test]
fn calls_end() {
    for words in [
        &["call", "calculator.add", "2", "3"][..],
        &["--json", "call", "calculator.statistics", "[1, 2]"],
        &["call", "calculator.history"],
        &["call", "calculator.replay", "[\"Clear\"]"],
        &["bench", "--count", "20", "calculator.add", "2", "3"],
    ] {
        check(words);
    }
}

#[test]
fn what_goes_on_ends_when_it_is_to() {
    for words in [
        &[
            "watch",
            "calculator.total",
            "--interval",
            "10ms",
            "--count",
            "5",
        ][..],
        &[
            "watch",
            "calculator.total_changed",
            "--count",
            "5",
            "--for",
            "2s",
        ],
        &["--json", "log", "--for", "2s"],
    ] {
        check(words);
    }
}

#[test]
fn blocks_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("block").display().to_string();
    check(&["get", "notes", &path]);
    std::fs::write(&path, [7; 500]).unwrap();
    check(&["put", &path, "notes"]);
}
