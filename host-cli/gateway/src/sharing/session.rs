//! The session of a program with a device: it sees the device itself, and its calls run there exactly once.
//!
//! A session takes up to a few dozen kilobytes, whatever the program does: what it sends waits in its socket
//! while there is no room here, and events that it does not take in time are lost, and counted.

use super::Limits;
use super::asked::{Asked, Beginning, Begun, Running, next_begun, next_end};
use super::stream::{Stream, exchange};
use crate::device::{Device, Interface, Status};
use crate::metrics::{self, Outcome, Way};
use rpc_proto::client::{CallError, Ran};
use rpc_proto::device::SubscribeError;
use rpc_proto::events::EventQueue;
use rpc_proto::server::{RawReply, RawServer, Server};
use rpc_proto::wire::message::Fault;
use serial_rpc::Connection;
use serial_rpc::connection::{Arrived, EncodedEvents, Reply};
use serial_rpc::description::Mirror;
use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// The longest frames of most devices, and the number of calls that a program may send ahead then.
const USUAL_FRAME: usize = 512;
const USUAL_WINDOW: usize = 8;

/// The same for devices with longer frames.
const LONG_FRAME: usize = serial_rpc::connection::MAX_FRAME;
const LONG_WINDOW: usize = 4;

/// The events that wait for a program.
type Queue = EventQueue<4096, 16>;

/// The bytes of events that wait on their way from the device to that queue.
const INBOX: usize = 2048;

/// The bytes for a program from which on nothing more is made for it until it takes some.
const OUT_ENOUGH: usize = 1024;

/// The bytes of arguments that wait to be passed on, from which on nothing more is read.
const WAITING_ENOUGH: usize = 2048;

/// The time after which a call is answered as unreachable if the device does not answer. It is shorter than
/// what most callers give a call.
const UNREACHABLE_AFTER: Duration = Duration::from_millis(1500);

/// The time for which a call in flight is waited for. Its program knows better when to give up.
const LONGEST_CALL: Duration = Duration::from_secs(600);

/// The time in which a device that was never there must describe itself while a program waits for it.
const DESCRIBED_WITHIN: Duration = Duration::from_secs(30);

/// The time for telling a program how its calls have ended when its session ends.
const TELLING: Duration = Duration::from_secs(2);

/// Serves a program until it is gone, the device has another interface, or the gateway stops.
pub(super) async fn serve(mut stream: impl Stream, device: Arc<Device>, way: Way, limits: Limits) {
    let _counted = device.metrics().connected(way);
    let mut status = device.watch();
    let described = timeout(
        DESCRIBED_WITHIN,
        status.wait_for(|status| status.interface.is_some() || status.problem.is_some()),
    );
    let interface = tokio::select! {
        described = described => match described {
            Ok(Ok(status)) => status.interface.clone(),
            _ => None,
        },
        () = limits.stop.requested() => None,
    };
    let Some(interface) = interface else { return };
    // A frame of the device's fits one of the session's.
    if usize::from(interface.max_frame) <= USUAL_FRAME {
        let session = Session::<USUAL_FRAME, USUAL_WINDOW>::new(device, interface, way, limits);
        session.run(&mut stream).await;
    } else {
        let session = Session::<LONG_FRAME, LONG_WINDOW>::new(device, interface, way, limits);
        session.run(&mut stream).await;
    }
}

struct Session<const FRAME: usize, const WINDOW: usize> {
    server: Box<RawServer<Mirror, FRAME, WINDOW, Arc<Queue>>>,
    /// The events for the program.
    queue: Arc<Queue>,
    /// The events from the device.
    events: EncodedEvents,
    /// The bytes read that the server has not taken, and those for the program.
    unread: VecDeque<u8>,
    out: VecDeque<u8>,
    /// What the program has asked for and is passed on next, in order.
    waiting: VecDeque<Asked>,
    waiting_bytes: usize,
    beginning: Option<Beginning>,
    running: Vec<Running>,
    context: Dealings,
}

/// What a session needs to know.
struct Dealings {
    device: Arc<Device>,
    /// The program, as the device's connection sees it.
    program: Connection,
    interface: Arc<Interface>,
    way: Way,
    limits: Limits,
    status: watch::Receiver<Status>,
}

/// The news for a session.
enum News {
    /// Something was read, sent or has begun.
    Progress,
    Begun(Begun),
    Ended(Running, Result<Reply, CallError>),
    Arrived(Arrived),
    /// The program is gone.
    Gone,
    /// The session ends: the device is another, or the gateway stops.
    Over,
}

impl<const FRAME: usize, const WINDOW: usize> Session<FRAME, WINDOW> {
    fn new(device: Arc<Device>, interface: Arc<Interface>, way: Way, limits: Limits) -> Self {
        let queue = Arc::new(Queue::new());
        let server =
            Server::<_, FRAME, WINDOW>::with_events(interface.mirror.clone(), Arc::clone(&queue));
        let buffer = u16::try_from(WINDOW * FRAME).unwrap_or(u16::MAX);
        let server = RawServer::of(server)
            .with_buffer(buffer)
            .with_max_frame(interface.max_frame)
            .with_subscriptions_passed_on();
        let program = device
            .connection()
            .within(LONGEST_CALL)
            .giving_up_after(UNREACHABLE_AFTER);
        Self {
            server: Box::new(server),
            queue,
            events: program.events(INBOX),
            unread: VecDeque::new(),
            out: VecDeque::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            beginning: None,
            running: Vec::new(),
            context: Dealings {
                program,
                interface,
                way,
                limits,
                status: device.watch(),
                device,
            },
        }
    }

    async fn run(mut self, stream: &mut impl Stream) {
        loop {
            self.work();
            match self.news(stream).await {
                News::Progress => {}
                News::Begun(begun) => self.note_begun(begun),
                News::Ended(call, end) => self.answer(call, &end),
                News::Arrived(Arrived::Event { key, data, lost }) => {
                    self.pass_event(key, &data, lost);
                }
                News::Arrived(Arrived::Lost(lost)) => self.note_lost(lost),
                News::Gone => return,
                // After a gap, the program must know that events are missing: it connects anew.
                News::Over | News::Arrived(Arrived::Gap) => break,
            }
        }
        // Whoever does not take it by then is left without it.
        let _ = timeout(TELLING, self.tell(stream)).await;
    }

    /// Does all that needs no waiting.
    fn work(&mut self) {
        self.begin_next();
        self.send();
        while self.out.len() < OUT_ENOUGH
            && self.waiting_bytes < WAITING_ENOUGH
            && let Some(byte) = self.unread.pop_front()
        {
            if let Some(call) = self.server.receive(byte) {
                let (token, asked) = (call.token, Asked::of(&call));
                match asked {
                    Some(asked) => self.take(asked),
                    None => self
                        .server
                        .answer(token, RawReply::Fault(Fault::BadArguments)),
                }
            }
            if byte == 0 {
                self.drop_closed();
                self.begin_next();
                self.send();
            }
        }
        self.send();
    }

    /// Puts what the server has to send with the bytes for the program: answers always, events only as long
    /// as the program takes them.
    fn send(&mut self) {
        while self.server.is_replying() || self.out.len() < OUT_ENOUGH {
            let bytes = self.server.outgoing();
            let len = bytes.len();
            if len == 0 {
                return;
            }
            self.out.extend(bytes);
            self.server.sent(len);
        }
    }

    /// Takes what the program has asked for, or answers at once if that is not passed on.
    fn take(&mut self, asked: Asked) {
        match &asked {
            Asked::Call { token, index, .. } => {
                let procedure = self.context.interface.mirror.procedure(*index);
                let fault = match procedure {
                    None => Some(Fault::UnknownProcedure),
                    Some(procedure) if !self.context.limits.access.permits_call(procedure) => {
                        Some(Fault::Refused)
                    }
                    Some(_) if self.context.limits.stop.is_requested() => Some(Fault::Unreachable),
                    Some(_) => None,
                };
                if let Some(fault) = fault {
                    return self.server.answer(*token, RawReply::Fault(fault));
                }
            }
            Asked::Subscription { token, key } => {
                let is_known =
                    rpc_proto::service::Interface::resolve(&self.context.interface.mirror, *key);
                let answer = match is_known {
                    None => Some(Err(SubscribeError::NoSuchEvent)),
                    Some(_) => self.events.holds(*key).then_some(Ok(())),
                };
                if let Some(answer) = answer {
                    return self.server.answer_subscription(*token, *key, answer);
                }
            }
        }
        self.waiting_bytes += asked.bytes();
        self.waiting.push_back(asked);
    }

    /// Forgets what was asked in a session that has ended: nobody can be told, so that nothing of it may run
    /// later.
    fn drop_closed(&mut self) {
        let server = &self.server;
        self.running.retain(|call| server.is_open(call.token));
        if self
            .beginning
            .as_ref()
            .is_some_and(|begins| !server.is_open(begins.token()))
        {
            self.beginning = None;
        }
        let before = self.waiting.len();
        self.waiting.retain(|asked| server.is_open(asked.token()));
        if self.waiting.len() < before {
            self.waiting_bytes = self.waiting.iter().map(Asked::bytes).sum();
        }
    }

    /// Passes on the next that was asked. One after the other, so that they run in order.
    fn begin_next(&mut self) {
        if self.beginning.is_some() {
            return;
        }
        let Some(asked) = self.waiting.pop_front() else {
            return;
        };
        self.waiting_bytes -= asked.bytes();
        self.beginning = Some(match asked {
            Asked::Subscription { token, key } => {
                self.events.add(key);
                let begun = Box::pin(self.context.program.clone().hold_async(key));
                Beginning::Subscription { token, key, begun }
            }
            Asked::Call {
                token,
                index,
                arguments,
            } => {
                let Some(target) = self.context.interface.mirror.target(index) else {
                    return;
                };
                let program = self.context.program.clone();
                let metrics = self.context.device.metrics();
                Beginning::Call {
                    token,
                    begun: Box::pin(async move {
                        program.submit_encoded_async(target, &arguments).await
                    }),
                    counted: metrics.begin(self.context.way),
                }
            }
        });
    }

    fn note_begun(&mut self, begun: Begun) {
        match begun {
            Begun::Call(token, Ok(reply), counted) => self.running.push(Running {
                token,
                end: reply.into_future(),
                counted,
            }),
            Begun::Call(token, Err(error), counted) => {
                self.context.failed(error, counted);
                self.server.answer(token, RawReply::Fault(error.fault()));
            }
            Begun::Subscription(token, key, Ok(held)) => {
                self.events.hold(held);
                self.server.answer_subscription(token, key, Ok(()));
            }
            Begun::Subscription(token, key, Err(error)) => {
                self.events.remove(key);
                match error.own() {
                    Ok(own) => self.server.answer_subscription(token, key, Err(own)),
                    Err(error) => self.server.answer(token, RawReply::Fault(error.fault())),
                }
            }
        }
    }

    fn answer(&mut self, call: Running, end: &Result<Reply, CallError>) {
        let reply = match end {
            Ok(Reply::Return(value)) => RawReply::Return(value),
            Ok(Reply::Error(error)) => RawReply::Error(error),
            Err(error) => RawReply::Fault(error.fault()),
        };
        match end {
            Ok(Reply::Return(_)) => call.counted.end(Outcome::Value),
            Ok(Reply::Error(_)) => call.counted.end(Outcome::Error),
            Err(error) => self.context.failed(*error, call.counted),
        }
        self.server.answer(call.token, reply);
    }

    /// Passes an event on, unless the program no longer subscribes to it.
    fn pass_event(&mut self, key: u32, data: &[u8], lost: u32) {
        self.note_lost(lost);
        match self.queue.is_subscribed(key) {
            true => self.queue.emit_bytes(key, data),
            false => self.events.remove(key),
        }
    }

    fn note_lost(&mut self, lost: u32) {
        if lost > 0 {
            self.queue.note_lost(lost);
            self.context.device.metrics().lost_events(lost.into());
        }
    }

    /// Waits until there is something to do.
    async fn news(&mut self, stream: &mut impl Stream) -> News {
        let reads = self.unread.is_empty() && self.out.is_empty();
        let Self {
            server,
            events,
            unread,
            out,
            beginning,
            running,
            context,
            ..
        } = self;
        let has_events = !events.is_empty();
        let stop = context.limits.stop.clone();
        tokio::select! {
            biased;
            (call, end) = next_end(running) => News::Ended(call, end),
            begun = next_begun(beginning) => News::Begun(begun),
            exchanged = exchange(stream, unread, out, reads) => match exchanged {
                Ok(()) => News::Progress,
                Err(_) => News::Gone,
            },
            arrived = events.next_async(), if has_events => News::Arrived(arrived),
            () = server.event(), if out.len() < OUT_ENOUGH => News::Progress,
            () = context.changed() => News::Over,
            () = stop.requested() => News::Over,
        }
    }

    /// Ends the session: what was not passed on never runs, what was is answered if it ends in time, and the
    /// program gets to know all of that.
    async fn tell(&mut self, stream: &mut impl Stream) {
        let begins = self.beginning.take();
        for token in begins
            .iter()
            .map(Beginning::token)
            .chain(self.waiting.drain(..).map(|asked| asked.token()))
        {
            // Dropped just now or before it was begun, it is not sent.
            self.server
                .answer(token, RawReply::Fault(Fault::Unreachable));
        }
        drop(begins);
        loop {
            self.send();
            if self.running.is_empty() && self.out.is_empty() {
                return;
            }
            tokio::select! {
                (call, end) = next_end(&mut self.running) => self.answer(call, &end),
                sent = exchange(stream, &mut self.unread, &mut self.out, false) => if sent.is_err() {
                    return;
                },
            }
        }
    }
}

impl Dealings {
    /// Counts a call that has failed, and has the device looked at.
    fn failed(&self, error: CallError, counted: metrics::Call) {
        counted.end(match error.ran() {
            Ran::Never => Outcome::NeverRan,
            Ran::Once => Outcome::Ran,
            Ran::Unknown => Outcome::Unknown,
        });
        self.device.look();
    }

    /// Waits until the device has another interface.
    async fn changed(&mut self) {
        let known = self.interface.fingerprint;
        let is_other = |status: &Status| {
            let now = status.interface.as_ref();
            now.is_none_or(|now| now.fingerprint != known)
        };
        // It fails when the device is removed.
        let _ = self.status.wait_for(is_other).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sharing::stream::CHUNK;

    #[test]
    fn a_program_takes_no_more_than_64_kib_however_long_the_frames_and_whatever_it_does() {
        let server = size_of::<RawServer<Mirror, LONG_FRAME, LONG_WINDOW, Arc<Queue>>>();
        // The last bytes of each are added when it has not quite enough.
        let out = OUT_ENOUGH + LONG_FRAME;
        let asked = WAITING_ENOUGH + LONG_FRAME;
        let begins = LONG_FRAME;
        let own = size_of::<Session<LONG_FRAME, LONG_WINDOW>>() + LONG_WINDOW * 1024;
        let queue = size_of::<Queue>() + INBOX + LONG_FRAME;
        let most = server + out + asked + begins + own + queue + CHUNK;
        assert!(most <= 64 * 1024, "{most} bytes");
    }
}
