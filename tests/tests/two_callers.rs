//! Tests two callers on one line: none gets a wrong value, nothing runs twice, and each is told that it
//! is not alone.

use firmware::calculator::CalculatorClient;
use rpc_proto::client::Ran;
use serde_json::Value;
use serial_rpc::link::{Link, Offer};
use serial_rpc::{Connection, Options, Port};
use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;
use tests::party_line::PartyLine;
use tests::running::Running;

/// The number of calls of each caller.
const CALLS: i32 = 40;

/// The numbers that the callers add to, so that their sums differ.
const OFFSETS: [i32; 2] = [0, 1_000];

const NOTE: &str = "another program uses the device";

/// Returns the calculator's total when nobody else uses it any more.
fn total(line: PartyLine) -> i64 {
    let device = Connection::to(line.end());
    CalculatorClient::new(&device).total().unwrap()
}

#[test]
fn two_programs_that_change_something_run_each_call_at_most_once() {
    let (line, port) = PartyLine::tcp();
    let batches = [(); 2].map(|()| Running::start(&port, &["batch", "/dev/stdin", "--keep-going"]));
    let both = Arc::new(Barrier::new(2));
    let ran = batches.map(|mut batch| {
        let together = Arc::clone(&both);
        thread::spawn(move || {
            let mut values = Vec::new();
            let mut unknown = 0;
            for _ in 0..CALLS {
                together.wait();
                batch.type_line("calculator.accumulate 1");
                let outcome: Value = serde_json::from_str(&batch.line()).unwrap();
                match (&outcome["value"], &outcome["failure"]["class"]) {
                    (Value::Number(value), _) => values.push(value.as_i64().unwrap()),
                    (_, Value::String(class)) if class == "outcome-unknown" => unknown += 1,
                    _ => {}
                }
            }
            (batch.close(), values, unknown)
        })
    });
    let [
        (told, values, unknown),
        (also_told, other_values, other_unknown),
    ] = ran.map(|thread| thread.join().unwrap());
    assert!(told.contains(NOTE), "{told}");
    assert!(also_told.contains(NOTE), "{also_told}");
    let total = total(line);
    let all: HashSet<i64> = values.iter().chain(&other_values).copied().collect();
    assert_eq!(
        all.len(),
        values.len() + other_values.len(),
        "each is another call's"
    );
    assert!(values.is_sorted() && other_values.is_sorted());
    let certain = all.len() as i64;
    let possible = certain + unknown + other_unknown;
    assert!(
        (certain..=possible).contains(&total),
        "{certain} {total} {possible}"
    );
}

#[test]
fn two_programs_that_only_ask_get_right_answers_and_are_told() {
    let (_line, port) = PartyLine::tcp();
    let programs = [("2", "5"), ("40", "43")].map(|(x, sum)| {
        let words = [
            "call",
            "calculator.add",
            x,
            "3",
            "--repeat",
            "0",
            "--interval",
            "0.01",
        ];
        let mut program = Running::start(&port, &words);
        thread::spawn(move || {
            // One that the other leaves no time may end, and says so.
            let lines = std::iter::repeat_with(|| program.line()).take(CALLS as usize);
            for line in lines.take_while(|line| !line.is_empty()) {
                assert_eq!(line, sum);
            }
            program
        })
    });
    for program in programs.map(|program| program.join().unwrap()) {
        let told = program.interrupt();
        assert!(told.contains(NOTE), "{told}");
    }
}

#[test]
fn two_connections_get_their_own_answers_and_each_knows_of_the_other() {
    let (line, port) = PartyLine::tcp();
    let port: Port = port.parse().unwrap();
    let devices = [(); 2].map(|()| Connection::open_with(port.clone(), options()).unwrap());
    check(line, devices, CALLS, true);
}

/// A serial port as a program has it that locks nothing, such as one of another user.
#[cfg(target_os = "linux")]
struct Unlocked(std::fs::File);

#[cfg(target_os = "linux")]
impl Link for Unlocked {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        thread::sleep(timeout.min(Duration::from_micros(200)));
        none_is_zero((&self.0).read(buffer))
    }

    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        none_is_zero((&self.0).write(bytes))
    }
}

#[cfg(target_os = "linux")]
fn none_is_zero(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_serial_port_that_is_open_twice_gives_no_wrong_value_though_bytes_are_taken() {
    use std::os::unix::fs::OpenOptionsExt;
    const O_NONBLOCK: i32 = 0o4000;
    let offer = Offer::pty().unwrap();
    let mut file = std::fs::OpenOptions::new();
    let file = file.read(true).write(true).custom_flags(O_NONBLOCK);
    let other = Unlocked(file.open(offer.port().to_string()).unwrap());
    let one = Connection::open_with(offer.port().clone(), options()).unwrap();
    let other = Connection::over(Arc::new(other), options()).unwrap();
    let line = PartyLine::over(offer.accept().unwrap());
    // Each call takes up to its time limit there.
    check(line, [one, other], 8, false);
}

fn options() -> Options {
    Options {
        timeout: Duration::from_secs(1),
        ..Options::default()
    }
}

/// Makes calls over both connections, step by step, and checks all results. If all bytes reach both, each
/// notices the other; if each gets only some, it has errors otherwise.
fn check(line: PartyLine, devices: [Connection; 2], calls: i32, is_shared: bool) {
    let both = Arc::new(Barrier::new(2));
    let [one, other] = devices;
    let threads = [(one, OFFSETS[0]), (other, OFFSETS[1])].map(|(device, offset)| {
        let together = Arc::clone(&both);
        thread::spawn(move || {
            let mut calculator = CalculatorClient::new(&device);
            let results = (0..calls).map(|number| {
                together.wait();
                (calculator.add(offset, number), calculator.accumulate(1))
            });
            (results.collect::<Vec<_>>(), device.counters().taken_over)
        })
    });
    let (mut totals, mut unknown) = (HashSet::new(), 0);
    for (thread, offset) in threads.into_iter().zip(OFFSETS) {
        let (results, taken_over) = thread.join().unwrap();
        let mut errors = 0;
        for ((sum, total), number) in results.into_iter().zip(0..) {
            assert_eq!(sum.unwrap_or(offset + number), offset + number);
            errors += u32::from(sum.is_err());
            match total {
                Ok(total) => assert!(totals.insert(total), "{total} twice"),
                Err(error) => {
                    errors += 1;
                    unknown += i64::from(error.ran() != Ran::Never);
                }
            }
        }
        assert!(
            taken_over > 0 || !is_shared && errors > 0,
            "nothing was noticed"
        );
    }
    let total = total(line);
    let certain = totals.len() as i64;
    let possible = certain..=certain + unknown;
    assert!(possible.contains(&total), "{total} is not in {possible:?}");
}
