//! `serial-rpc trace`: what a captured conversation reads like.

use std::fs;
use tests::program::{Outcome, serial_rpc};

/// Of PROTOCOL.md, but for the damage.
const CAPTURE: &str = "\
# A device is switched on, and prints text between frames.
0.000000 > 00 01 0b 01 f8 ac d1 91 01 30 65 df ba 00
0.001000 < 62 6f 6f 74 20 6f 6b 0d 0a 00
0.002000 < 16 20 01 f8 ac d1 91 01 04 a0 01 80 02 ef fd b6 f5 0d 63 74 0c 04 00
0.003000 > 0940080406
0.003400 > a8b64c3900
0.004000 < 07 60 0a ff 90 f1 c4 00
0.005000 > 09 40 08 04 06 a8 b6 4c 39 00
0.006000 < 07 60 0a 46 90 f1 c4 00
< 02 c5 05 f4 31 54 f7 00
< 07 a3 01 43 cd f4 b3 00
";

const TRACE: &str = "    0.000 > Connect  0  version 1, session 0x12345678
    0.001 < text        boot ok
    0.002 < Accept   0  version 1, session 0x12345678, window 4, frames of up to 160 bytes, buffer of 256, interface 0xdeadbeef
    0.003 > Call     0  procedure 8, arguments 0x0406
    0.004 < broken      7 bytes: 0x07600aff90f1c4
    0.005 > Call     0  procedure 8, arguments 0x0406  (again)
    0.006 < Return   0  procedure 8: 0x0a
          < Nak      5  a frame arrived damaged; call 5 is next
          < Fault    3  the device could not decode the arguments
";

/// Lets the program trace a file of these bytes.
fn trace(content: &[u8], options: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    fs::write(&path, content).unwrap();
    let path = path.to_str().expect("the path is text");
    serial_rpc("sim", &[&["trace", path], options].concat())
}

#[test]
fn a_capture_reads_as_a_conversation() {
    let outcome = trace(CAPTURE.as_bytes(), &[]);
    assert_eq!((outcome.stdout.as_str(), outcome.code), (TRACE, Some(0)));
}

#[test]
fn raw_bytes_of_one_direction_are_traced_without_times() {
    let outcome = trace(
        b"\x07\x60\x0a\x46\x90\xf1\xc4\x00bye\r\n",
        &["--raw", "from-device"],
    );
    assert_eq!(
        outcome.stdout,
        "          < Return   0  0x0a\n          < broken      5 bytes: 0x6279650d0a\n"
    );
}

#[test]
fn as_json_an_event_is_an_object_a_line() {
    let outcome = trace(
        b"0.5 > 09 40 08 04 06 a8 b6 4c 39 00\n< 6e 6f 69 73 65 00 01 00\n",
        &["--json"],
    );
    assert_eq!(
        outcome.stdout,
        r#"{"time":0.5,"direction":"to-device","kind":"Call","seq":0,"words":"procedure 8, arguments 0x0406","again":false,"spoilt":false}
{"direction":"from-device","text":"noise"}
{"direction":"from-device","broken":"0x01"}
"#
    );
}

#[test]
fn what_is_no_capture_is_refused_with_its_line() {
    let outcome = trace(b"# fine\n0.1 > 09 4\n", &[]);
    assert_eq!(outcome.code, Some(2));
    let complaint = "error: line 2: `4` is not bytes in hexadecimal\n";
    assert!(outcome.stderr.starts_with(complaint));
}

#[test]
fn what_a_call_captures_can_be_traced_with_names_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture");
    let capture = capture.to_str().expect("the path is text");
    serial_rpc(
        "sim",
        &["--capture", capture, "call", "calculator.add", "2", "3"],
    );
    let outcome = serial_rpc("sim", &["trace", capture]);
    assert!(outcome.stdout.contains("calculator.add(x: 2, y: 3)\n"));
    assert!(outcome.stdout.ends_with("calculator.add: 5\n"));
}

#[test]
fn frames_are_shown_while_a_call_is_made_and_their_bytes_if_asked_twice() {
    let call = ["call", "calculator.add", "2", "3"];
    let frames = serial_rpc("sim", &[&["-v"], &call[..]].concat());
    assert_eq!(frames.stdout, "5\n");
    assert!(frames.stderr.ends_with("calculator.add: 5\n"));
    let bytes = serial_rpc("sim", &[&["-vv"], &call[..]].concat());
    assert!(bytes.stderr.lines().any(|line| line.contains(" > 00")));
}
