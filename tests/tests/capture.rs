//! Tests that `serial-rpc trace` reads the conversations that `--capture` records.

use tests::program::serial_rpc;

#[test]
fn a_captured_call_is_traced_with_names_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("capture.txt");
    let capture = capture.to_str().expect("the path is text");
    // There is no cache, so the description is only in the capture.
    let call = ["--capture", capture, "call", "calculator.add", "2", "3"];
    assert_eq!(serial_rpc("sim", &call).stdout, "5\n");

    let trace = serial_rpc("sim", &["trace", capture]).stdout;
    assert!(trace.contains("calculator.add(x: 2, y: 3)\n"), "{trace}");
    assert!(trace.ends_with("calculator.add: 5\n"), "{trace}");
}
