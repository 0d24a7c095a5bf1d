//! Tests the link over a USB serial port, with the USB stack that is flashed and a host that comes and
//! goes: every call runs once, and nothing waits for a program that is not there.

use embassy_futures::join::{join, join3};
use embassy_futures::select::{Either, select};
use embedded_io_async::Write;
use rpc_proto::client::{CallError, Cause, Client, Timing};
use rpc_proto::drivers::YieldingCaller;
use rpc_proto::server::{NoEvents, Server};
use rpc_proto::time::Duration;
use rpc_proto::wire::message::Kind;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use tests::clock::VirtualClock;
use tests::counter::{CounterAsyncClient, CounterService, Journal, JournaledCounter};
use tests::line::{Faults, SplitMix64};
use tests::tally::{Ledger, TallyAsyncClient, TallyService};
use tests::usb_chip::{Driving, UsbChip};
use tests::usb_host::{UsbHost, UsbPort};
use tests::virtual_time::VirtualTime;
use tests::wire::Message;
use tests::workload::Tally;
use usb_link::{Config, SerialNumber, UsbLink, UsbMemory, usb_serial};

const FRAME: usize = 160;

type Caller = YieldingCaller<UsbPort, VirtualClock, VirtualTime, Client<FRAME>>;

/// Runs a device that serves, its host, and what a test does with the latter.
fn run<T>(
    driving: Driving,
    faults: Faults,
    seed: u64,
    serve: impl AsyncFnOnce(&mut UsbLink<'static, UsbChip>, &VirtualTime),
    test: impl AsyncFnOnce(&UsbHost, &VirtualTime) -> T,
) -> T {
    let time = VirtualTime::default();
    let chip = UsbChip::new(&time, driving);
    let host = UsbHost::new(&chip, faults, seed);
    let mut config = Config::new(0x1209, 0x0001);
    config.serial_number = Some("E660583883560A2F");
    let memory = Box::leak(Box::new(UsbMemory::new()));
    let (mut device, mut link) = usb_serial(chip, config, memory);
    let world = join3(device.run(), serve(&mut link, &time), host.run());
    time.run_in(world, test(&host, &time))
}

/// Serves replies of any length for ever.
async fn serve_tally(link: &mut UsbLink<'static, UsbChip>, _: &VirtualTime) {
    let mut server = Server::<_, 512, 1>::new(TallyService(Ledger::default()));
    ended(server.serve_async(link)).await;
}

/// Serves for ever.
async fn ended<E>(serving: impl Future<Output = Result<Infallible, E>>) {
    assert!(serving.await.is_ok(), "a link over USB never fails");
}

fn counter(journal: &Journal) -> Server<CounterService<JournaledCounter>, FRAME, 4> {
    let counter = JournaledCounter::new(0, journal.clone(), NoEvents);
    Server::new(CounterService(counter)).with_buffer(4 * FRAME as u16)
}

fn caller(time: &VirtualTime, port: UsbPort, seed: u32) -> Caller {
    let client = Client::new(seed, Timing::default());
    YieldingCaller::new(port, time.clock(), time.clone(), client)
}

/// Enumerates the device and opens its port.
async fn plug_in(host: &UsbHost) -> UsbPort {
    host.reset().await;
    assert_eq!(host.enumerate().await.as_deref(), Ok("E660583883560A2F"));
    host.open().await.expect("the port opens")
}

const DRIVINGS: [Driving; 2] = [Driving::Telling, Driving::Silent];

#[test]
fn a_host_finds_the_serial_number_by_which_the_port_is_chosen() {
    let number = SerialNumber::new(0xE660_5838_8356_0A2F);
    for driving in DRIVINGS {
        let serve =
            async |_: &mut UsbLink<'static, UsbChip>, _: &VirtualTime| std::future::pending().await;
        let found = run(driving, Faults::NONE, 1, serve, async |host, _| {
            host.reset().await;
            host.enumerate().await
        });
        assert_eq!(found.as_deref(), Ok(number.as_str()));
    }
}

/// A host sees nothing of a reply whose last packet is full before an empty one has followed.
#[test]
fn a_reply_of_any_length_arrives_at_once() {
    for driving in DRIVINGS {
        run(driving, Faults::NONE, 1, serve_tally, async |host, time| {
            let port = plug_in(host).await;
            let client = Client::<512>::new(1, Timing::default());
            let mut caller = YieldingCaller::new(port, time.clock(), time.clone(), client);
            for len in 0..=400 {
                let begun = time.now();
                let mut tally = TallyAsyncClient::new(&mut caller);
                let filled = tally.fill(len).await;
                assert_eq!(filled.map(<[u8]>::len), Ok(usize::from(len)));
                assert!(time.now() < begun + Duration::from_millis(10), "{len}");
            }
            assert_eq!(caller.client().counters().resent, 0);
        });
    }
}

/// Calls with amounts of their own until the end, and notes the outcomes.
async fn accumulate(caller: &mut Caller, outcomes: &mut Vec<Result<i64, CallError>>) {
    loop {
        // A program that is gone in mid-call does not know.
        let unknown = Err(CallError::OutcomeUnknown(Cause::Cancelled));
        outcomes.push(unknown);
        let amount = outcomes.len() as i64;
        let outcome = CounterAsyncClient::new(&mut *caller)
            .accumulate(amount)
            .await;
        *outcomes.last_mut().expect("it was pushed") = outcome;
    }
}

/// Something that happens while a program calls.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    Closed,
    Reset,
    StopsReading,
    Suspended,
}

const MISHAPS: [Mishap; 4] = [
    Mishap::Closed,
    Mishap::Reset,
    Mishap::StopsReading,
    Mishap::Suspended,
];

/// Lets mishaps happen at random times to programs that call one after the other, and returns what
/// became of their calls.
fn calls_with(driving: Driving, faults: Faults, seed: u64, mishaps: &[Mishap]) -> Tally {
    let journal = Journal::default();
    let serve = async |link: &mut UsbLink<'static, UsbChip>, _: &VirtualTime| {
        ended(counter(&journal).serve_async(link)).await;
    };
    let outcomes = run(driving, faults, seed, serve, async |host, time| {
        let mut random = SplitMix64::new(seed);
        let mut outcomes = Vec::new();
        let mut port = plug_in(host).await;
        for program in 0..200 {
            let mut caller = caller(time, port.clone(), program);
            let calls = accumulate(&mut caller, &mut outcomes);
            let mishap = mishaps[usize::from(random.byte()) % mishaps.len()];
            let trouble = async {
                let micros = random.next() % 4_000;
                time.sleep(Duration::from_micros(micros)).await;
                let pause = Duration::from_micros(random.next() % 4_000);
                match mishap {
                    Mishap::Closed | Mishap::Reset => {}
                    Mishap::StopsReading => {
                        host.stop_reading(true);
                        time.sleep(pause).await;
                        if random.unit() < 0.5 {
                            host.stop_reading(false);
                            time.sleep(pause).await;
                        }
                    }
                    Mishap::Suspended => {
                        host.suspend();
                        time.sleep(pause).await;
                        host.resume();
                        time.sleep(pause).await;
                    }
                }
            };
            assert!(matches!(select(calls, trouble).await, Either::Second(())));
            port = match mishap {
                Mishap::Reset => plug_in(host).await,
                _ => {
                    host.close().await.expect("the port closes");
                    host.open().await.expect("the port opens")
                }
            };
        }
        // The last program has the time to see an end of its call.
        let mut caller = caller(time, port, 200);
        caller.client().set_patience(Duration::from_secs(20), 0);
        let amount = outcomes.len() as i64 + 1;
        let last = CounterAsyncClient::new(&mut caller)
            .accumulate(amount)
            .await;
        assert_eq!(last.err(), None);
        outcomes.push(last);
        outcomes
    });
    Tally::of(&outcomes, &journal)
}

#[test]
fn calls_run_once_while_programs_and_the_bus_come_and_go() {
    for driving in DRIVINGS {
        for (seed, mishap) in (1..).zip(MISHAPS) {
            let tally = calls_with(driving, Faults::NONE, seed, &[mishap]);
            assert_eq!(
                (tally.wrong, tally.timed_out),
                (0, 0),
                "{mishap:?}: {tally:?}"
            );
            assert!(
                tally.right > 200 && tally.unknown > 20,
                "{mishap:?}: {tally:?}"
            );
        }
    }
}

#[test]
fn calls_run_once_while_bytes_are_damaged_too() {
    for driving in DRIVINGS {
        for seed in 0..4 {
            let tally = calls_with(driving, Faults::mixed(1e-3), seed, &MISHAPS);
            assert_eq!(tally.wrong, 0, "{tally:?}");
            assert!(tally.right > 200 && tally.unknown > 20, "{tally:?}");
        }
    }
}

#[test]
fn a_host_that_sleeps_in_mid_call_gets_the_answer_when_it_wakes_up() {
    for driving in DRIVINGS {
        let journal = Journal::default();
        let serve = async |link: &mut UsbLink<'static, UsbChip>, _: &VirtualTime| {
            ended(counter(&journal).serve_async(link)).await;
        };
        let outcomes = run(driving, Faults::NONE, 1, serve, async |host, time| {
            let mut caller = caller(time, plug_in(host).await, 1);
            caller.client().set_patience(Duration::from_secs(60), 0);
            let mut outcomes = Vec::new();
            for micros in (0..1_000).step_by(25) {
                let sleep = async {
                    time.sleep(Duration::from_micros(micros)).await;
                    host.suspend();
                    time.sleep(Duration::from_secs(1)).await;
                    host.resume();
                };
                let mut counter = CounterAsyncClient::new(&mut caller);
                let call = counter.accumulate(outcomes.len() as i64 + 1);
                outcomes.push(join(call, sleep).await.0);
            }
            outcomes
        });
        let tally = Tally::of(&outcomes, &journal);
        assert_eq!((tally.right, tally.runs), (40, 40), "{tally:?}");
    }
}

/// Closes the port in mid-reply, after every number of microseconds: half a frame may be left in the
/// endpoint.
#[test]
fn a_program_that_opens_the_port_after_another_is_answered_at_once() {
    for driving in DRIVINGS {
        for micros in (0..1_500).step_by(10) {
            run(driving, Faults::NONE, 1, serve_tally, async |host, time| {
                let port = plug_in(host).await;
                let client = Client::<512>::new(1, Timing::default());
                let mut first = YieldingCaller::new(port, time.clock(), time.clone(), client);
                assert!(TallyAsyncClient::new(&mut first).add(1).await.is_ok());
                let mut tally = TallyAsyncClient::new(&mut first);
                let call = tally.fill(400);
                let _ = select(call, time.sleep(Duration::from_micros(micros))).await;
                host.close().await.expect("the port closes");
                time.sleep(Duration::from_millis(1)).await;

                let mut port = host.open().await.expect("the port opens");
                let connect = [&[0], &Message::connect(2).frame()[..]].concat();
                let Ok(()) = port.write_all(&connect).await;
                time.sleep(Duration::from_millis(2)).await;
                let found = Message::found_in(&port.received());
                let Some(Ok(accept)) = found.last() else {
                    panic!("{micros} µs: {found:?}");
                };
                assert_eq!(accept.kind, Kind::Accept);
            });
        }
    }
}

/// What a device writes, and how much of it is done.
#[derive(Default)]
struct Writing {
    jobs: RefCell<VecDeque<Vec<u8>>>,
    done: Cell<u32>,
}

impl Writing {
    async fn serve(&self, link: &mut UsbLink<'static, UsbChip>, time: &VirtualTime) {
        loop {
            let job = poll_fn(|_| match self.jobs.borrow_mut().pop_front() {
                Some(job) => Poll::Ready(job),
                None => Poll::Pending,
            });
            let Ok(()) = link.write_all(&job.await).await;
            let Ok(()) = link.flush().await;
            self.done.set(self.done.get() + 1);
            time.note();
        }
    }

    /// Writes that many bytes, and returns true if they are done with within a millisecond.
    async fn write(&self, byte: u8, count: usize, time: &VirtualTime) -> bool {
        let done = self.done.get();
        self.jobs.borrow_mut().push_back(vec![byte; count]);
        time.note();
        time.sleep(Duration::from_millis(1)).await;
        self.done.get() > done
    }
}

#[test]
fn what_is_written_while_nobody_listens_is_dropped_at_once() {
    for driving in DRIVINGS {
        for ends in [Mishap::Closed, Mishap::Reset] {
            let writing = Writing::default();
            let serve = async |link: &mut UsbLink<'static, UsbChip>, time: &VirtualTime| {
                writing.serve(link, time).await;
            };
            run(driving, Faults::NONE, 1, serve, async |host, time| {
                assert!(writing.write(1, 1000, time).await, "no host");
                host.reset().await;
                assert!(writing.write(2, 1000, time).await, "not enumerated");
                let found = host.enumerate().await;
                assert!(
                    found.is_ok() && writing.write(3, 1000, time).await,
                    "closed"
                );

                let port = host.open().await.expect("the port opens");
                host.stop_reading(true);
                assert!(!writing.write(4, 1000, time).await, "lost on a slow reader");
                let left = match ends {
                    Mishap::Reset => {
                        host.reset().await;
                        assert!(host.enumerate().await.is_ok());
                        0
                    }
                    _ => {
                        host.close().await.expect("the port closes");
                        1
                    }
                };
                time.sleep(Duration::from_millis(1)).await;
                assert_eq!(writing.done.get(), 4, "{ends:?}");
                assert!(writing.write(5, 1000, time).await, "closed again");

                host.open().await.expect("the port opens");
                assert!(writing.write(6, 2, time).await);
                time.sleep(Duration::from_millis(1)).await;
                // The endpoint may have kept a packet: the zero that went before the first bytes.
                let zeros = vec![0; 1 + left];
                assert_eq!(port.received(), [&zeros[..], &[6, 6]].concat(), "{ends:?}");
            });
        }
    }
}

#[test]
fn a_reader_that_pauses_gets_every_byte() {
    for driving in DRIVINGS {
        let writing = Writing::default();
        let serve = async |link: &mut UsbLink<'static, UsbChip>, time: &VirtualTime| {
            writing.serve(link, time).await;
        };
        run(driving, Faults::NONE, 1, serve, async |host, time| {
            let port = plug_in(host).await;
            assert!(writing.write(1, 1, time).await);
            for count in [1, 63, 64, 65, 128, 1000] {
                host.stop_reading(true);
                writing.write(2, count, time).await;
                host.suspend();
                time.sleep(Duration::from_secs(1)).await;
                host.resume();
                let _ = port.received();
                host.stop_reading(false);
                time.sleep(Duration::from_millis(10)).await;
                assert_eq!(port.received(), vec![2; count]);
            }
        });
    }
}

#[test]
fn serving_over_usb_may_be_dropped_at_every_await() {
    for driving in DRIVINGS {
        for polls in 1..60 {
            let journal = Journal::default();
            let serve = async |link: &mut UsbLink<'static, UsbChip>, _: &VirtualTime| {
                let mut server = counter(&journal);
                loop {
                    let mut serving = pin!(server.serve_async(link));
                    let mut left = polls;
                    poll_fn(|context| {
                        if left == 0 {
                            return Poll::Ready(());
                        }
                        left -= 1;
                        assert!(serving.as_mut().poll(context).is_pending());
                        Poll::Pending
                    })
                    .await;
                }
            };
            let outcomes = run(driving, Faults::NONE, 1, serve, async |host, time| {
                let mut caller = caller(time, plug_in(host).await, 1);
                let mut outcomes = Vec::new();
                for amount in 1..=20 {
                    let mut counter = CounterAsyncClient::new(&mut caller);
                    outcomes.push(counter.accumulate(amount).await);
                }
                assert_eq!(caller.client().counters().resent, 0);
                outcomes
            });
            let tally = Tally::of(&outcomes, &journal);
            assert_eq!((tally.right, tally.runs), (20, 20), "{polls}: {tally:?}");
        }
    }
}
