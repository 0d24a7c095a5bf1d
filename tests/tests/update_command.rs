//! `serial-rpc update` replaces the firmware of a device, whatever happens on the way, or says why not.
#![cfg(unix)]

use serde_json::Value;
use std::thread;
use std::time::{Duration, Instant};
use tests::image_files::{Elf, hex};
use tests::lamp::{ADDRESS, Lamp, firmware, for_product};
use tests::program::{Outcome, serial_rpc};
use tests::running::Running;
use tests::simulated::Simulated;

/// The length of a firmware that takes about a second.
const LONG: usize = 60_000;

fn update(lamp: &Lamp, words: &[&str]) -> Outcome {
    serial_rpc(&lamp.port.port(), &[&["update"], words].concat())
}

/// Returns the report of a successful update.
fn report(outcome: &Outcome) -> Value {
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).expect("it is JSON")
}

/// Returns the version and the state in a slot.
fn slot(lamp: &Lamp, which: &str) -> (String, String) {
    let status = report(&update(lamp, &["status", "--json"]));
    let text = |name: &str| status[which][name].as_str().expect("it is text").to_owned();
    (text("version"), text("state"))
}

fn assert_runs(lamp: &Lamp, version: &str, state: &str) {
    assert_eq!(slot(lamp, "active"), (version.to_owned(), state.to_owned()));
}

/// Checks that nothing was sent, with that exit code and message.
fn assert_refused(lamp: &Lamp, words: &[&str], code: i32, message: &str) {
    let outcome = update(lamp, words);
    assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
    assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
    assert_eq!((lamp.slots.written(), outcome.stdout), (0, String::new()));
    assert_runs(lamp, "1.0.0", "Confirmed");
}

#[test]
fn one_command_replaces_the_firmware_whatever_the_file() {
    for which in 0..3 {
        let lamp = Lamp::new();
        let file = &lamp.files(&firmware("2.0.0", 9000))[which];
        let outcome = update(&lamp, &[file]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let said = "desk-lamp: 2.0.0 runs in place of 1.0.0\n9000 bytes, CRC-32 ";
        assert!(outcome.stdout.starts_with(said), "{}", outcome.stdout);
        assert_runs(&lamp, "2.0.0", "Confirmed");
        lamp.reset();
        assert_runs(&lamp, "2.0.0", "Confirmed");
    }
}

#[test]
fn firmware_that_runs_already_is_not_sent_again() {
    let lamp = Lamp::new();
    let [_, _, file] = lamp.files(&firmware("2.0.0", 9000));
    let first = report(&update(&lamp, &[&file, "--json"]));
    assert_eq!(
        (&first["outcome"], &first["sent"]),
        (&"confirmed".into(), &9000.into())
    );
    let again = report(&update(&lamp, &[&file, "--json"]));
    assert_eq!(
        (&again["outcome"], &again["sent"]),
        (&"up-to-date".into(), &Value::Null)
    );
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let lamp = Lamp::new();
    let [elf, ..] = lamp.files(&firmware("2.0.0", 9000));
    let planned = report(&update(&lamp, &[&elf, "--dry-run", "--json"]));
    let expected = serde_json::json!({
        "outcome": "planned", "product": "desk-lamp", "before": "1.0.0", "version": "2.0.0", "bytes": 9000,
        "crc32": planned["crc32"],
    });
    assert_eq!(planned, expected);
    assert_eq!(lamp.slots.written(), 0);
    let bytes = lamp.file("old.bin", &firmware("1.0.0", 5000));
    let planned = report(&update(&lamp, &[&bytes, "--dry-run", "--json"]));
    assert_eq!(planned["outcome"], "up-to-date");
}

#[test]
fn after_ctrl_c_the_same_command_goes_on_where_it_was() {
    let lamp = Lamp::new();
    let [_, file, _] = lamp.files(&firmware("2.0.0", LONG));
    for bytes in [LONG / 4, LONG / 2] {
        let running = Running::start(&lamp.port.port(), &["update", &file]);
        lamp.wait_for_bytes(bytes);
        let said = running.interrupt();
        let expected = "error: interrupted\nhint: the same command goes on where it was\n";
        assert_eq!(said, expected);
    }
    assert_runs(&lamp, "1.0.0", "Confirmed");
    let outcome = report(&update(&lamp, &[&file, "--json"]));
    let sent = outcome["sent"].as_u64().expect("a number") as usize;
    assert!(sent <= LONG / 2, "{sent} bytes were sent again");
    assert_runs(&lamp, "2.0.0", "Confirmed");
}

#[test]
fn a_cable_that_was_pulled_out_and_plugged_in_again_does_not_end_it() {
    let mut lamp = Lamp::new();
    let [_, file, _] = lamp.files(&firmware("2.0.0", LONG));
    let running = Running::start(&lamp.port.port(), &["update", &file]);
    for bytes in [LONG / 4, LONG / 2] {
        lamp.wait_for_bytes(bytes);
        lamp.port.pull_out();
        thread::sleep(Duration::from_millis(300));
        lamp.port.plug_in();
    }
    assert_eq!(running.end(), Some(0));
    assert_runs(&lamp, "2.0.0", "Confirmed");
}

#[test]
fn resets_of_the_device_do_not_end_it() {
    let lamp = Lamp::new();
    let [_, file, _] = lamp.files(&firmware("2.0.0", LONG));
    let running = Running::start(&lamp.port.port(), &["update", &file]);
    for bytes in [LONG / 8, LONG / 4, LONG / 2] {
        lamp.wait_for_bytes(bytes);
        lamp.reset();
    }
    assert_eq!(running.end(), Some(0));
    assert_runs(&lamp, "2.0.0", "Confirmed");
}

#[test]
fn firmware_for_another_product_is_not_sent() {
    let lamp = Lamp::new();
    let file = lamp.file("toaster.bin", &for_product("toaster", "2.0.0", 9000));
    let message = "error: the image is for `toaster`, the device is a `desk-lamp`\nhint: ";
    assert_refused(&lamp, &[&file], 2, message);
}

#[test]
fn firmware_for_another_address_is_not_sent() {
    let lamp = Lamp::new();
    let bytes = firmware("2.0.0", 9000);
    let pieces = [(0x4000, bytes.clone())];
    for file in [
        lamp.file("lamp.elf", &Elf::ARM.file(&pieces)),
        lamp.file("lamp.hex", &hex(&pieces)),
    ] {
        let message =
            "error: the image is for the address 0x00004000, the device runs images at 0x00008000";
        assert_refused(&lamp, &[&file], 2, message);
    }
    let mut bytes = bytes;
    bytes[4..8].copy_from_slice(&(2 * ADDRESS + 1).to_le_bytes());
    let file = lamp.file("lamp.bin", &bytes);
    let message = "error: the image begins to run at 0x00010000";
    assert_refused(&lamp, &[&file], 2, message);
}

#[test]
fn firmware_that_is_too_long_is_not_sent() {
    let lamp = Lamp::new();
    let file = lamp.file("lamp.bin", &firmware("2.0.0", 1_048_577));
    let message = "error: the image has 1048577 bytes, and the device has room for 1048576";
    assert_refused(&lamp, &[&file], 2, message);
}

#[test]
fn a_file_that_is_no_firmware_is_not_sent() {
    let lamp = Lamp::new();
    let [_, hex, _] = lamp.files(&firmware("2.0.0", 9000));
    let whole = std::fs::read(hex).unwrap();
    let without_end = &whole[..whole.len() - ":00000001FF\n".len()];
    let mut damaged = whole.clone();
    damaged[100] ^= 1;
    for (bytes, message) in [
        (&damaged[..], "is no image: it is damaged: line 4: "),
        (
            without_end,
            "is no image: it is not whole: its end is missing",
        ),
        (b"", "is no image: there is nothing in it"),
        (
            b"# Notes",
            "error: the image does not say for which product it is",
        ),
    ] {
        let file = lamp.file("other", bytes);
        assert_refused(&lamp, &[&file], 2, message);
    }
    assert_refused(
        &lamp,
        &["missing.hex"],
        2,
        "error: cannot read missing.hex: ",
    );
}

#[test]
fn a_device_that_wants_a_signature_gets_no_firmware_without_one() {
    let lamp = Lamp::with_key([7; 32]);
    let file = lamp.file("lamp.bin", &firmware("2.0.0", 9000));
    assert_refused(
        &lamp,
        &[&file],
        2,
        "error: the device takes signed images only\nhint: ",
    );
    let short = lamp.file("lamp.sig", &[0; 63]);
    let message = "is no signature: it has 63 bytes instead of 64";
    assert_refused(&lamp, &[&file, "--signature", &short], 2, message);
}

#[test]
fn firmware_with_a_bad_signature_is_refused_before_it_is_started() {
    let lamp = Lamp::with_key([7; 32]);
    let file = lamp.file("lamp.bin", &firmware("2.0.0", 9000));
    let signature = lamp.file("lamp.sig", &[9; 64]);
    let outcome = update(&lamp, &[&file, "--signature", &signature, "--json"]);
    assert_eq!(outcome.code, Some(6), "{}", outcome.stderr);
    let failure: Value = serde_json::from_str(&outcome.stderr).unwrap();
    assert_eq!(
        (&failure["class"], &failure["error"]),
        (&"procedure".into(), &"BadSignature".into())
    );
    lamp.reset();
    assert_runs(&lamp, "1.0.0", "Confirmed");
}

#[test]
fn firmware_that_fails_its_trial_gives_way_to_the_one_before() {
    let lamp = Lamp::new();
    lamp.slots.fail_trials();
    let [elf, ..] = lamp.files(&firmware("2.0.0", 9000));
    let message = "error: the new image failed its trial: the device runs 1.0.0 again\nhint: ";
    let outcome = update(&lamp, &[&elf]);
    assert_eq!(outcome.code, Some(8), "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with(message), "{}", outcome.stderr);
    assert_runs(&lamp, "1.0.0", "Confirmed");
    assert_eq!(
        slot(&lamp, "spare"),
        ("2.0.0".to_owned(), "Failed".to_owned())
    );
    // The next time, it is known.
    let again = update(&lamp, &[&elf]).stderr;
    assert!(
        again.starts_with("note: this image was on trial before, and was not confirmed\n"),
        "{again}"
    );
}

#[test]
fn firmware_that_was_not_confirmed_gives_way_to_the_one_before_at_the_next_reset() {
    let lamp = Lamp::new();
    let [elf, ..] = lamp.files(&firmware("2.0.0", 9000));
    let outcome = report(&update(&lamp, &[&elf, "--no-confirm", "--json"]));
    assert_eq!(outcome["outcome"], "on-trial");
    assert_runs(&lamp, "2.0.0", "OnTrial");
    lamp.reset();
    assert_runs(&lamp, "1.0.0", "Confirmed");
}

#[test]
fn firmware_on_trial_is_confirmed_by_a_step_of_its_own_or_by_the_same_command() {
    for words in [&["confirm"][..], &["lamp.elf"]] {
        let lamp = Lamp::new();
        let [elf, ..] = lamp.files(&firmware("2.0.0", 9000));
        assert_eq!(update(&lamp, &[&elf, "--no-confirm"]).code, Some(0));
        let words: Vec<_> = words
            .iter()
            .map(|&word| if word == "lamp.elf" { &elf } else { word })
            .collect();
        let outcome = report(&update(&lamp, &[&words, &["--json"][..]].concat()));
        assert_eq!(outcome["outcome"], "confirmed");
        lamp.reset();
        assert_runs(&lamp, "2.0.0", "Confirmed");
    }
}

#[test]
fn other_firmware_is_not_written_while_one_is_on_trial() {
    let lamp = Lamp::new();
    let trial = lamp.file("trial.bin", &firmware("2.0.0", 9000));
    assert_eq!(update(&lamp, &[&trial, "--no-confirm"]).code, Some(0));
    let other = lamp.file("other.bin", &firmware("3.0.0", 9000));
    let outcome = update(&lamp, &[&other]);
    assert_eq!(outcome.code, Some(6), "{}", outcome.stderr);
    let message = "error: the running image is on trial: ";
    assert!(outcome.stderr.starts_with(message), "{}", outcome.stderr);
    assert_runs(&lamp, "2.0.0", "OnTrial");
}

#[test]
fn the_firmware_before_is_brought_back() {
    let lamp = Lamp::new();
    let [elf, ..] = lamp.files(&firmware("2.0.0", 9000));
    for words in [&[&*elf, "--no-confirm"][..], &[&*elf]] {
        assert_eq!(update(&lamp, words).code, Some(0));
        let outcome = report(&update(&lamp, &["revert", "--json"]));
        let expected =
            serde_json::json!({ "outcome": "reverted", "before": "2.0.0", "version": "1.0.0" });
        assert_eq!(outcome, expected);
        assert_runs(&lamp, "1.0.0", "Confirmed");
    }
}

#[test]
fn where_there_is_nothing_before_nothing_is_brought_back() {
    assert_refused(
        &Lamp::new(),
        &["revert"],
        6,
        "error: the device has no image to go back to\nhint: ",
    );
}

#[test]
fn a_device_that_does_not_come_back_is_given_up_in_time() {
    let lamp = Lamp::new();
    let [elf, ..] = lamp.files(&firmware("2.0.0", 30_000));
    lamp.cut_off_when_restarted();
    let words = ["--timeout", "0.3", "update", &elf, "--restart-within", "1"];
    let running = Running::start(&lamp.port.port(), &words);
    lamp.wait_for_cut();
    let cut = Instant::now();
    assert_eq!(running.end(), Some(4));
    assert!(cut.elapsed() < Duration::from_secs(5));
}

#[test]
fn ctrl_c_ends_the_wait_for_a_device_that_restarts() {
    let lamp = Lamp::new();
    let [elf, ..] = lamp.files(&firmware("2.0.0", 9000));
    lamp.cut_off_when_restarted();
    let running = Running::start(&lamp.port.port(), &["update", &elf]);
    lamp.wait_for_cut();
    let interrupted = Instant::now();
    assert!(running.interrupt().starts_with("error: interrupted\n"));
    assert!(interrupted.elapsed() < Duration::from_secs(1));
}

#[test]
fn over_a_noisy_line_and_killed_again_and_again_it_ends_with_the_new_firmware() {
    let address = format!("{ADDRESS:#x}");
    let words = [
        "--product",
        "desk-lamp",
        "--address",
        &address,
        "--noise",
        "0.001",
    ];
    let simulated = Simulated::start(&[&words[..], &["--baud", "921600"]].concat());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lamp.bin");
    std::fs::write(&file, firmware("2.0.0", LONG)).unwrap();
    let words = ["update", file.to_str().unwrap()];
    for kill in 0..20 {
        let running = Running::start(simulated.port(), &words);
        thread::sleep(Duration::from_millis(100 + kill * 37 % 200));
        drop(running);
    }
    let outcome = serial_rpc(simulated.port(), &words);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let status = serial_rpc(simulated.port(), &["update", "status"]);
    let active = "active   2.0.0, confirmed, 60000 bytes, ";
    assert!(status.stdout.contains(active), "{}", status.stdout);
}
