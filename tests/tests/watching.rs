//! Tests events and logs, followed from the shell and from Rust: over resets and pulled cables,
//! beside calls, and on a screen.

use firmware::calculator::{CalculatorClient, CalculatorTotalChanged, MathError};
use log::{LevelFilter, Log as _};
use rpc_proto::client::CallError;
use rpc_proto::events::Emit;
use rpc_proto::service::Member;
use rpc_proto::services::log::{EventLogger, Level, LogClient, LogRecord, LogService};
use serial_rpc::Connection;
use serial_rpc::connection::read_event;
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tests::offered::Offered;
use tests::program::serial_rpc;
use tests::running::Running;
use tests::simulated::Simulated;
use tests::tally::{Ledger, TallyService};

/// For results that must come, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(60);

/// A device that offers nothing but its log.
type Logging = LogService<()>;

fn logging() -> (SimulatedDevice<Logging>, Arc<SimulatedEvents>) {
    let events = Arc::new(SimulatedEvents::new());
    let device = SimulatedDevice::with_events(LogService(()), Arc::clone(&events));
    (device, events)
}

/// Logs a line as soon as there is a subscriber.
fn log(events: &SimulatedEvents, text: &str) {
    while !events.is_wanted::<LogRecord<'_>>() {
        thread::sleep(Duration::from_millis(1));
    }
    events.emit(&LogRecord {
        level: Level::Info,
        target: "test",
        text,
    });
}

#[test]
fn a_log_is_followed_over_a_reset_and_a_pulled_cable() {
    let (device, events) = logging();
    let mut port = Offered::new(device);
    let words = ["log", "--timestamps", "none", "--count", "3"];
    let mut following = Running::start(&port.port(), &words);
    log(&events, "one");
    assert_eq!(following.line(), "INFO  test: one");

    let (device, events) = logging();
    port.reset(device);
    log(&events, "two");
    assert_eq!(
        following.notice(),
        "note: the device was reset or unplugged; what happened meanwhile is not known"
    );
    assert_eq!(following.line(), "INFO  test: two");

    port.pull_out();
    let lost = format!(
        "note: the link to {} was lost; waiting for it (Ctrl-C to stop)",
        port.port()
    );
    assert_eq!(following.notice(), lost);
    let (device, events) = logging();
    port.reset(device);
    port.plug_in();
    log(&events, "three");
    assert_eq!(
        following.notice(),
        "note: the device is back; what happened meanwhile is not known"
    );
    assert_eq!(following.line(), "INFO  test: three");
    assert_eq!(following.end(), Some(0));
}

#[test]
fn what_found_no_room_on_the_device_is_counted() {
    let (device, events) = logging();
    let port = Offered::new(device);
    let words = ["watch", "log.record", "--json", "--timestamps", "none"];
    let mut watching = Running::start(&port.port(), &[&words[..], &["--count", "2"]].concat());
    log(&events, "first");
    assert!(watching.line().contains(r#""text":"first""#));
    // None of these fits a frame, however long the queue is.
    let long = "x".repeat(300);
    for _ in 0..5 {
        log(&events, &long);
    }
    log(&events, "last");
    assert_eq!(watching.notice(), r#"{"notice":"5 events were lost"}"#);
    let last = r#"{"data":{"level":"Info","target":"test","text":"last"}}"#;
    assert_eq!(watching.line(), last);
    assert_eq!(watching.notice(), r#"{"notice":"2 values, 5 lost"}"#);
    assert_eq!(watching.end(), Some(0));
}

#[test]
fn an_event_that_makes_no_sense_is_reported_and_the_next_one_is_shown() {
    for (words, shown) in [
        (&["log"][..], "INFO  test: sense"),
        (&["watch", "log.record"], "Info   test    sense"),
    ] {
        let (device, events) = logging();
        let port = Offered::new(device);
        let more = ["--timestamps", "none", "--count", "1"];
        let mut following = Running::start(&port.port(), &[words, &more].concat());
        while !events.is_wanted::<LogRecord<'_>>() {
            thread::sleep(Duration::from_millis(1));
        }
        const NO_LEVEL: u8 = 200;
        events.emit_bytes(LogRecord::KEY, &[NO_LEVEL]);
        let notice = "note: 1 event came with data that makes no sense";
        assert_eq!(following.notice(), notice);
        log(&events, "sense");
        if words == ["watch", "log.record"] {
            following.line();
        }
        let collapsed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(collapsed(&following.line()), collapsed(shown));
        assert_eq!(following.end(), Some(0));
    }
}

#[test]
fn calls_go_on_after_the_device_was_away() {
    let device = Simulated::start(&["--tcp", "127.0.0.1:0"]);
    let port = device.port().to_owned();
    let words = ["watch", "calculator.total", "--interval", "10ms"];
    let more = ["--changes", "--timestamps", "none", "--count", "2"];
    let call = ["--call", "calculator.accumulate 5"];
    let mut watching = Running::start(&port, &[&words[..], &more, &call].concat());
    assert_eq!([watching.line(), watching.line()], ["total", "5"]);
    drop(device);
    let lost = format!("note: the link to {port} was lost; waiting for it (Ctrl-C to stop)");
    assert_eq!(watching.notice(), lost);
    let _back = Simulated::start(&["--tcp", port.trim_start_matches("tcp:")]);
    assert_eq!(
        watching.notice(),
        "note: the device is back; what happened meanwhile is not known"
    );
    assert_eq!(watching.line(), "0");
    assert_eq!(watching.notice(), "note: 2 values");
    assert_eq!(watching.end(), Some(0));
}

#[test]
fn a_simulated_device_on_a_port_tells_of_events() {
    let device = Simulated::start(&["--tcp", "127.0.0.1:0"]);
    let watch = ["watch", "calculator.total_changed", "--timestamps", "none"];
    let call = ["--count", "1", "--call", "calculator.accumulate 5"];
    let outcome = serial_rpc(device.port(), &[&watch[..], &call].concat());
    assert_eq!(outcome.stdout, "total\n5\n");
    assert_eq!(outcome.stderr, "note: 1 value, none lost\n");

    let log = ["log", "--count", "1", "--timestamps", "none"];
    let call = ["--call", "calculator.clear"];
    let outcome = serial_rpc(device.port(), &[&log[..], &call].concat());
    assert_eq!(outcome.stdout, "INFO  calculator: the total was cleared\n");
}

#[test]
fn a_recording_has_a_row_for_each_value() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("total.csv");
    let name = file.to_str().expect("it is text");
    let watch = ["watch", "calculator.total_changed", "--csv", name];
    let calls = [
        "--call",
        "calculator.accumulate 5",
        "--call",
        "calculator.clear",
    ];
    let outcome = serial_rpc("sim", &[&watch[..], &calls, &["--count", "2"]].concat());
    assert_eq!(outcome.code, Some(0));
    let mut rows = csv::Reader::from_path(file).unwrap();
    assert_eq!(rows.headers().unwrap(), ["time", "total"].as_slice());
    let totals = rows.records().map(|row| row.unwrap()[1].to_owned());
    assert_eq!(totals.collect::<Vec<_>>(), ["5", "0"]);
}

#[test]
fn a_device_without_a_log_is_said_to_have_none() {
    let tally = SimulatedDevice::with(TallyService(Ledger::default()));
    let outcome = serial_rpc(&Offered::new(tally).port(), &["log"]);
    assert_eq!(outcome.code, Some(5));
    assert!(
        outcome
            .stderr
            .starts_with("error: the device keeps no log\nhint: "),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_log_is_followed_beside_calls() {
    let device = Connection::to(SimulatedDevice::new());
    let mut log = LogClient::new(&device).record().unwrap().encoded();
    let mut changes = device.subscribe::<CalculatorTotalChanged>().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut calculator = CalculatorClient::new(&device);
            for amount in 1..=200 {
                assert!(calculator.accumulate(amount).is_ok());
                if amount % 10 == 0 {
                    let divided = calculator.div(1, 0);
                    assert_eq!(divided, Err(CallError::Error(MathError::DivideByZero)));
                }
            }
        });
        scope.spawn(|| {
            for _ in 0..20 {
                let event = log.next_within(PATIENT).unwrap().expect("it comes");
                let record = read_event::<LogRecord<'_>>(&event).unwrap();
                assert_eq!((record.level, record.target), (Level::Warn, "calculator"));
                assert_eq!((event.lost, event.after_gap), (0, false));
            }
        });
        let mut total = 0;
        for amount in 1..=200 {
            total += amount;
            let change = changes.next_within(PATIENT).unwrap().expect("it comes");
            assert_eq!((change.data.total, change.lost), (total, 0));
        }
    });
}

#[test]
fn what_is_logged_through_the_crate_log_arrives() {
    let (device, events) = logging();
    let logger = EventLogger::<_, 32>::new(events, LevelFilter::Info);
    let device = Connection::to(device);
    let mut log = LogClient::new(&device).record().unwrap().encoded();
    for (level, text) in [
        (log::Level::Debug, "of no interest"),
        (log::Level::Warn, "dry after 12 s"),
        (
            log::Level::Error,
            "a text that is longer than there is room for",
        ),
    ] {
        let mut record = log::Record::builder();
        let arguments = format_args!("{text}");
        let record = record.level(level).target("pump").args(arguments).build();
        logger.log(&record);
    }
    let mut next = || {
        let event = log.next_within(PATIENT).unwrap().expect("it comes");
        let record = read_event::<LogRecord<'_>>(&event).unwrap();
        (record.level, format!("{}: {}", record.target, record.text))
    };
    assert_eq!(next(), (Level::Warn, "pump: dry after 12 s".to_owned()));
    let cut = "pump: a text that is longer than th…".to_owned();
    assert_eq!(next(), (Level::Error, cut));
}

#[cfg(unix)]
mod on_a_screen {
    use rexpect::session::{PtySession, spawn_command};
    use std::process::Command;
    use tests::program::program;

    /// Ends a test that would hang.
    const HANGS_AFTER: Option<u64> = Some(60_000);

    /// The sequences that open a screen of its own, and restore the terminal.
    const ENTER: &str = "\x1b[?1049h";
    const LEAVE: &str = "\x1b[?1049l";

    /// Draws something on a terminal of the usual size.
    fn plot(words: &str) -> PtySession {
        let line = format!(
            "stty rows 24 cols 80; '{}' --no-cache --port sim watch {words} --plot; echo exit $?",
            program().display()
        );
        let mut command = Command::new("sh");
        command.args(["-c", &line]).env("TERM", "xterm");
        spawn_command(command, HANGS_AFTER).expect("the program starts")
    }

    /// Waits for the end, and checks the exit code.
    fn end(mut screen: PtySession, code: i32) {
        screen.exp_string(&format!("exit {code}")).unwrap();
        screen.exp_eof().unwrap();
    }

    #[test]
    fn numbers_are_drawn_until_q_is_pressed() {
        let mut screen = plot("calculator.total --interval 10ms");
        screen.exp_string(ENTER).unwrap();
        screen.exp_string("calculator.total").unwrap();
        // The dots of a curve are Braille, in UTF-8, which is read here byte by byte.
        screen.exp_regex("\u{e2}[\u{a0}-\u{a3}]").unwrap();
        screen.send("q").unwrap();
        screen.flush().unwrap();
        screen.exp_string(LEAVE).unwrap();
        screen.exp_string(" values").unwrap();
        end(screen, 0);
    }

    #[test]
    fn an_event_is_drawn_and_the_end_comes_by_itself() {
        let mut screen = plot(
            "calculator.total_changed --count 2 --call 'calculator.accumulate 5' \
             --call 'calculator.accumulate 6'",
        );
        screen.exp_string(ENTER).unwrap();
        screen.exp_string(LEAVE).unwrap();
        screen.exp_string("2 values, none lost").unwrap();
        end(screen, 0);
    }

    #[test]
    fn ctrl_c_gives_the_terminal_back() {
        let mut screen = plot("calculator.total --interval 3600");
        screen.exp_string(ENTER).unwrap();
        screen.exp_string("q ends").unwrap();
        screen.send_control('c').unwrap();
        screen.exp_string(LEAVE).unwrap();
        screen.exp_string("interrupted").unwrap();
        end(screen, 130);
    }

    #[test]
    fn an_error_is_said_after_the_terminal_was_given_back() {
        let mut screen = plot("calculator.div 1 0");
        screen.exp_string(ENTER).unwrap();
        screen.exp_string(LEAVE).unwrap();
        screen
            .exp_string("calculator.div failed: divide by zero")
            .unwrap();
        end(screen, 6);
    }

    #[test]
    fn what_is_not_there_is_not_drawn() {
        let mut screen = plot("calculator.statistics '[1]' --field mode");
        screen
            .exp_string("calculator.statistics has no number `mode`")
            .unwrap();
        screen
            .exp_string("there is count, min, max, mean, deviation")
            .unwrap();
        end(screen, 2);
    }
}
