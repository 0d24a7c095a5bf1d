//! Tests streams whose items come and go while they are read: in every schedule of a few pushes, resets
//! and lost frames, the items are a sequence that existed, with exact gaps, or the stream ends in an
//! error.

use embedded_io::{ErrorType, Read, ReadReady, Write};
use firmware::calculator::{CalculatorService, CheckedCalculator, HISTORY};
use rpc_proto::client::{CallError, Client, Timing};
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::server::Server;
use rpc_proto::service;
use rpc_proto::service::{MayNotFit, Moving, Recent};
use rpc_proto::time::Instant;
use serde_json::json;
use serial_rpc::Connection;
use serial_rpc_simulator::SimulatedDevice;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use tests::wire;

/// Two items of this length fit a frame.
const LENGTH: usize = 20;
const FRAME: usize = 64;
/// The number of items that the device keeps.
const KEPT: usize = 6;

/// A log.
#[service]
trait Log {
    /// The last lines.
    fn lines(&mut self) -> Moving<impl Iterator<Item = Line>>;
}

/// The place of a line in the life of a device, and some text.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
struct Line {
    life: u8,
    number: u32,
    text: [u8; LENGTH],
}

/// The memory of a device, which the schedule writes to.
struct Memory {
    life: u8,
    pushed: u32,
    lines: Recent<Line, KEPT>,
}

impl Memory {
    fn of_life(life: u8) -> Self {
        let lines = Recent::new();
        let mut memory = Self {
            life,
            pushed: 0,
            lines,
        };
        // The oldest have been dropped already.
        memory.push(KEPT + 2);
        memory
    }

    fn push(&mut self, count: usize) {
        for _ in 0..count {
            self.lines.push(Line {
                life: self.life,
                number: self.pushed,
                text: [b'x'; LENGTH],
            });
            self.pushed += 1;
        }
    }
}

struct Shared(Rc<RefCell<Memory>>);

impl Log for Shared {
    fn lines(&mut self) -> Moving<impl Iterator<Item = Line>> {
        let memory = self.0.borrow();
        let Moving { first, items } = memory.lines.stream();
        let items = items.collect::<Vec<_>>().into_iter();
        Moving { first, items }
    }
}

/// What happens when the caller has sent a frame.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Nothing,
    Pushed(usize),
    LostCall,
    LostReply,
    Reset,
}

const HAPPENINGS: [Happening; 7] = [
    Happening::Nothing,
    Happening::Pushed(1),
    Happening::Pushed(3),
    Happening::Pushed(2 * KEPT),
    Happening::LostCall,
    Happening::LostReply,
    Happening::Reset,
];

/// A device, and the schedule of what happens to it.
struct Device<const WINDOW: usize> {
    server: Server<LogService<Shared>, FRAME, WINDOW>,
    memory: Rc<RefCell<Memory>>,
    schedule: VecDeque<Happening>,
    call: Vec<u8>,
    unread: VecDeque<u8>,
}

impl<const WINDOW: usize> Device<WINDOW> {
    fn new(schedule: VecDeque<Happening>) -> Self {
        let memory = Rc::new(RefCell::new(Memory::of_life(0)));
        Self {
            server: Self::started(&memory),
            memory,
            schedule,
            call: Vec::new(),
            unread: VecDeque::new(),
        }
    }

    fn started(memory: &Rc<RefCell<Memory>>) -> Server<LogService<Shared>, FRAME, WINDOW> {
        Server::new(LogService(Shared(Rc::clone(memory)))).with_buffer(1_024)
    }

    fn take(&mut self, call: &[u8]) {
        let happening = self.schedule.pop_front().unwrap_or(Happening::Nothing);
        match happening {
            Happening::LostCall => return,
            Happening::Pushed(count) => self.memory.borrow_mut().push(count),
            Happening::Reset => {
                let life = self.memory.borrow().life + 1;
                *self.memory.borrow_mut() = Memory::of_life(life);
                self.server = Self::started(&self.memory);
            }
            Happening::Nothing | Happening::LostReply => {}
        }
        let reply = wire::answer(&mut self.server, call);
        if !matches!(happening, Happening::LostReply) {
            self.unread.extend(reply);
        }
    }
}

impl<const WINDOW: usize> ErrorType for Device<WINDOW> {
    type Error = Infallible;
}

impl<const WINDOW: usize> Read for Device<WINDOW> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let len = buffer.len().min(self.unread.len());
        for (place, byte) in buffer.iter_mut().zip(self.unread.drain(..len)) {
            *place = byte;
        }
        Ok(len)
    }
}

impl<const WINDOW: usize> ReadReady for Device<WINDOW> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(!self.unread.is_empty())
    }
}

impl<const WINDOW: usize> Write for Device<WINDOW> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for &byte in bytes {
            self.call.push(byte);
            if byte == 0 && self.call.len() > 1 {
                let call = std::mem::take(&mut self.call);
                self.take(&call);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The end of a stream.
#[derive(Default)]
struct Ends {
    whole: u32,
    with_gaps: u32,
    changed: u32,
    failed: u32,
}

/// Reads the stream while the schedule happens, and checks all that comes.
fn check<const WINDOW: usize>(schedule: &[Happening], ends: &mut Ends) {
    let device = Device::<WINDOW>::new(schedule.iter().copied().collect());
    let mut millis = 0;
    let clock = move || {
        millis += 1;
        Instant::from_micros(1_000 * millis)
    };
    let client = Client::<FRAME, WINDOW>::new(1, Timing::default());
    let mut log = LogClient::new(BlockingCaller::new(device, clock, client));
    let mut lines = log.lines();
    let mut last: Option<Line> = None;
    let mut lost = 0;
    let end = loop {
        let line = match lines.next() {
            Some(Ok(line)) => line,
            Some(Err(error)) => break Err(error),
            None => break Ok(()),
        };
        if let Some(last) = last {
            assert_eq!(line.life, last.life, "{schedule:?}: of two lives");
            let gap = line.number - last.number - 1;
            assert_eq!(gap, lines.lost() - lost, "{schedule:?}: before {line:?}");
        }
        lost = lines.lost();
        last = Some(line);
    };
    match end {
        Ok(()) if lost > 0 => ends.with_gaps += 1,
        Ok(()) => ends.whole += 1,
        Err(CallError::StreamChanged) => ends.changed += 1,
        Err(_) => ends.failed += 1,
    }
}

fn check_all<const WINDOW: usize>() {
    const STEPS: u32 = 5;
    let mut ends = Ends::default();
    for number in 0..HAPPENINGS.len().pow(STEPS) {
        let digit = |step| number / HAPPENINGS.len().pow(step) % HAPPENINGS.len();
        let schedule: Vec<Happening> = (0..STEPS).map(|step| HAPPENINGS[digit(step)]).collect();
        check::<WINDOW>(&schedule, &mut ends);
    }
    let Ends {
        whole,
        with_gaps,
        changed,
        failed,
    } = ends;
    println!("{whole} whole, {with_gaps} with gaps, {changed} changed, {failed} failed");
    assert!(whole > 0 && with_gaps > 0 && changed > 0);
    assert_eq!(failed, 0);
}

#[test]
fn a_moving_stream_is_a_sequence_that_existed_at_window_1() {
    check_all::<1>();
}

#[test]
fn a_moving_stream_is_a_sequence_that_existed_at_window_2() {
    check_all::<2>();
}

#[test]
fn a_moving_stream_is_a_sequence_that_existed_at_window_4() {
    check_all::<4>();
}

#[test]
fn a_stream_by_name_tells_what_it_has_lost() {
    let calculator = MayNotFit(CalculatorService(CheckedCalculator::new()));
    let device = SimulatedDevice::<_, 64, 1>::sized(calculator, Arc::default(), 64);
    let device = Connection::to(device);
    let accumulate = || device.call("calculator.accumulate", &json!([1])).unwrap();
    (0..HISTORY).for_each(|_| drop(accumulate()));

    let mut history = device.stream("calculator.history", &json!([])).unwrap();
    let first = history.next().unwrap().unwrap();
    assert_eq!(first["result"], json!({"Ok": 1}));
    (0..HISTORY).for_each(|_| drop(accumulate()));
    let results: Vec<_> = history
        .by_ref()
        .map(|item| item.unwrap()["result"]["Ok"].as_u64().unwrap())
        .collect();

    // The rest of the first batch, and all that the device still has.
    let read = 1 + results.len() as u32;
    assert_eq!(results.last(), Some(&(2 * HISTORY as u64)));
    assert!(history.lost() > 0);
    assert_eq!(read + history.lost(), 2 * HISTORY as u32);
}
