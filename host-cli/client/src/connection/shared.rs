//! The state behind all handles of a connection.

use super::inboxes::{InboxId, Inboxes};
use super::stray::Stray;
use super::tasks::{Pump, Tasks};
use super::turns::{Place, Turns, User};
use super::{MAX_FRAME, Options, Reply};
use crate::cache::Cache;
use crate::description::Description;
use crate::link::{Connector, Link, Tap};
use rpc_proto::client::{
    Answer, CallError, Calls, Cause, Client, Patience, SubscribeResult, Subscriptions, Target,
    Ticket,
};
use rpc_proto::describe::DIGEST;
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::message::{Accept, MAX_WINDOW};
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, ThreadId};
use std::time;

/// The most numbers of procedures that are remembered.
const NUMBERS: usize = 256;

/// The most different events that can be subscribed to.
const TOPICS: usize = 64;

/// The space for the events of one turn, which reads [`CHUNK`](super::exchange::CHUNK) bytes at
/// most.
const EVENT_BYTES: usize = 2 * MAX_FRAME;

/// The end of a call that nobody can wait for.
const GIVEN_UP: CallError = CallError::OutcomeUnknown(Cause::Cancelled);

/// The state machine that does the work.
pub(super) type HostClient =
    Client<MAX_FRAME, MAX_WINDOW, NUMBERS, Subscriptions<TOPICS, EVENT_BYTES>>;

pub(super) struct Shared {
    pub(super) connector: Box<dyn Connector>,
    pub(super) options: Options,
    pub(super) cache: OnceLock<Cache>,
    started: time::Instant,
    state: Mutex<State>,
    /// Notified when something may have changed for a waiting thread: a call has ended, or nobody
    /// reads.
    pub(super) changed: Condvar,
    pub(super) pump: Pump,
}

/// The locked state.
pub(super) type Guard<'s> = MutexGuard<'s, State>;

/// The calls of all handles that are in flight. Nothing outside needs its name.
pub struct State {
    /// None while the link is lost.
    pub(super) link: Option<Arc<dyn Link>>,
    /// Receives every byte that passes.
    pub(super) tap: Option<Tap>,
    pub(super) client: Box<HostClient>,
    /// True if the link was lost, and nothing has come from it since.
    pub(super) is_cut: bool,
    /// The thread that reads the link for all, or opens it.
    pub(super) reader: Option<ThreadId>,
    /// The thread that writes to the link.
    pub(super) writer: Option<ThreadId>,
    /// The time when the link was last read.
    pub(super) read_at: Instant,
    /// The time until which a thread reads the link for tasks, though none waits.
    pub(super) read_until: Instant,
    /// The bytes that are written, kept to be used again.
    pub(super) outbox: Vec<u8>,
    /// The device behind the link and its interface, as far as they are known.
    pub(super) identity: Option<String>,
    pub(super) fingerprint: Option<u32>,
    /// The one who uses the state now, when, and the time limit of its calls if it is not the default.
    user: User,
    now: Instant,
    timeout: Option<Duration>,
    /// True if that one wants to make a call and it is not its turn, or there is no room.
    wants_room: Cell<bool>,
    pub(super) turns: Turns,
    /// True if what uses the state now runs within the link or the tap, which it cannot wait for.
    pub(super) is_inside: bool,
    /// The number of changes so far that a waiting thread may want to see.
    pub(super) changes: u64,
    /// The number of threads that wait for `changed`.
    pub(super) sleeping: usize,
    /// The results that nobody has taken yet. They are kept here so that the client has room for
    /// other calls.
    pub(super) ended: HashMap<Ticket, Result<Reply, CallError>>,
    pub(super) known: Option<Known>,
    pub(super) stray: Stray,
    pub(super) inboxes: Inboxes,
    pub(super) tasks: Tasks,
    /// The number of times that everything was cancelled.
    pub(super) cancellations: u32,
}

/// The description that was read last.
#[derive(Clone)]
pub(super) struct Known {
    /// The number of the session in which the device had it.
    pub(super) session: u32,
    pub(super) fingerprint: u32,
    pub(super) digest: [u8; DIGEST],
    pub(super) description: Arc<Description>,
    /// The same, as the device sends it.
    pub(super) bytes: Arc<[u8]>,
}

impl Shared {
    pub(super) fn new(
        connector: Box<dyn Connector>,
        link: Option<Arc<dyn Link>>,
        options: Options,
    ) -> Arc<Self> {
        // Differs from run to run, so that the sessions of one run are not taken for another's.
        let nonce = RandomState::new().hash_one(std::process::id()) as u32;
        let mut client: Box<HostClient> =
            Box::new(Client::new(nonce, connector.timing()).with_subscriptions());
        client.set_patience(duration(options.timeout), options.retries);
        let identity = link.as_ref().and_then(|_| connector.identity());
        Arc::new(Self {
            connector,
            options,
            cache: OnceLock::new(),
            started: time::Instant::now(),
            state: Mutex::new(State {
                is_cut: link.is_none(),
                link,
                tap: None,
                client,
                reader: None,
                writer: None,
                read_at: Instant::from_micros(0),
                read_until: Instant::from_micros(0),
                outbox: Vec::new(),
                identity,
                fingerprint: None,
                user: User::default(),
                now: Instant::from_micros(0),
                timeout: None,
                wants_room: Cell::new(false),
                turns: Turns::default(),
                is_inside: false,
                changes: 0,
                sleeping: 0,
                ended: HashMap::new(),
                known: None,
                stray: Stray::default(),
                inboxes: Inboxes::default(),
                tasks: Tasks::default(),
                cancellations: 0,
            }),
            changed: Condvar::new(),
            pump: Pump::default(),
        })
    }

    pub(super) fn state(&self) -> Guard<'_> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Instant {
        Instant::from_micros(0) + duration(self.started.elapsed())
    }

    /// Takes the result of an ended call.
    pub(super) fn take(&self, call: Ticket) -> Result<Reply, CallError> {
        let end = self.state().take_end(call);
        end.unwrap_or(Err(GIVEN_UP))
    }

    pub(super) fn cancel(&self) {
        let mut state = self.state();
        state.cancellations = state.cancellations.wrapping_add(1);
        state.client.cancel();
        state.inboxes.wake();
        self.wake_all(&mut state);
    }
}

/// Converts a duration; one that is too long becomes the longest.
pub(super) fn duration(duration: time::Duration) -> Duration {
    Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

impl State {
    /// Begins a step of a handle whose calls have that time limit.
    pub(super) fn enter(&mut self, user: User, now: Instant, timeout: Option<time::Duration>) {
        self.user = user;
        self.now = now;
        self.wants_room.set(false);
        self.timeout = timeout.map(duration);
        self.is_inside = (self.reader.is_some() || self.writer.is_some()) && {
            let here = Some(thread::current().id());
            self.reader == here || self.writer == here
        };
    }

    /// Returns the number of events lost so far, by the device, on the way and in that inbox.
    pub(super) fn lost_by(&self, inbox: InboxId) -> u32 {
        let lost = self.client.lost_events();
        lost.wrapping_add(self.inboxes.dropped(inbox))
    }

    pub(super) fn lose_link(&mut self) {
        self.link = None;
        self.is_cut = true;
        self.client.link_lost();
    }

    /// Ends a step after which its user waits for something. Returns its place if it waits for room.
    pub(super) fn queue_up(
        &mut self,
        task: Option<&Waker>,
        limit: Option<Instant>,
    ) -> Option<Place> {
        let waits = self.turns.are_taken() && self.wants_room.get() && !self.is_inside;
        waits.then(|| self.turns.wait(self.user, task, limit))
    }

    /// Returns true if the user may make a call now.
    fn may_start(&self) -> bool {
        let may = self.client.has_room()
            && (!self.turns.are_taken()
                || self.turns.is_turn_of(self.user, self.client.open_calls()));
        if !may {
            self.wants_room.set(true);
        }
        may
    }

    /// Returns true if a call that is made now has no session to be sent in.
    pub(super) fn has_session(&self) -> bool {
        self.client.device().is_some()
    }

    /// Returns when to [`advance`](Self::advance) next, if nothing else happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let dues = [
            self.client.deadline(),
            self.turns.deadline(self.has_session()),
        ];
        dues.into_iter().flatten().min()
    }

    /// Does everything that is due, and ends the calls whose time is over for their programs.
    pub(super) fn advance(&mut self, now: Instant) {
        self.client.advance(now);
        let has_session = self.has_session();
        while let Some((ticket, over)) = self
            .turns
            .take_over(has_session, now, |call| self.client.may_run(call))
        {
            let mut error = over.error(self.client.leave(ticket));
            if self.is_cut {
                error = for_lost_link(error);
            }
            self.keep_end(ticket, Err(error));
        }
    }

    fn keep_end(&mut self, ticket: Ticket, end: Result<Reply, CallError>) {
        self.ended.insert(ticket, end);
        self.tasks.wake_for(ticket);
    }

    /// Takes the result of a call, if it has ended.
    pub(super) fn take_end(&mut self, call: Ticket) -> Option<Result<Reply, CallError>> {
        self.collect_ended();
        let end = self.ended.remove(&call);
        end.or_else(|| self.is_inside.then_some(Err(GIVEN_UP)))
    }

    /// Collects the ends of calls, and returns true if there were any.
    pub(super) fn collect_ended(&mut self) -> bool {
        let before = self.ended.len();
        while let Some(ticket) = self.client.ended() {
            let end = match self.client.take(ticket) {
                Some(Ok(answer)) => Ok(Reply::from(answer)),
                Some(Err(error)) if self.is_cut => Err(for_lost_link(error)),
                Some(Err(error)) => Err(error),
                None => break,
            };
            self.turns.ended(ticket);
            self.keep_end(ticket, end);
        }
        self.ended.len() > before
    }
}

/// Returns the lost link as the cause for a deadline that passed while the link was lost.
fn for_lost_link<E>(error: CallError<E>) -> CallError<E> {
    match error {
        CallError::Timeout => CallError::Disconnected,
        CallError::OutcomeUnknown(Cause::Timeout) => CallError::OutcomeUnknown(Cause::Disconnected),
        error => error,
    }
}

impl Calls for State {
    fn start(
        &mut self,
        target: Target,
        patience: Patience,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<Ticket, CallError> {
        if self.is_inside {
            return Err(CallError::Reentrant);
        }
        if !self.may_start() {
            return Err(CallError::Busy);
        }
        if !self.turns.are_taken() {
            return Calls::start(&mut *self.client, target, patience, encode);
        }
        let lasting = self.turns.lasting(patience);
        let ticket = Calls::start(&mut *self.client, target, lasting, encode)?;
        self.turns
            .started(self.user, ticket, patience, target.idempotent, self.now);
        Ok(ticket)
    }

    fn has_room(&self) -> bool {
        self.is_inside || self.may_start()
    }

    fn end(&mut self, call: Ticket) -> Option<Result<Answer<'_>, CallError>> {
        self.collect_ended();
        match self.ended.get(&call) {
            Some(Ok(reply)) => Some(Ok(reply.answer())),
            Some(Err(error)) => Some(Err(*error)),
            None => self.is_inside.then_some(Err(GIVEN_UP)),
        }
    }

    fn forget(&mut self, call: Ticket) {
        self.tasks.forget(call);
        self.turns.ended(call);
        if self.ended.remove(&call).is_none() {
            self.client.abandon(call);
        }
    }

    fn device(&self) -> Option<&Accept> {
        self.client.device()
    }

    /// Returns one more than the device has room for, so that the next call is ready when it has.
    fn window(&self) -> usize {
        match self.client.device() {
            Some(device) => MAX_WINDOW.min(usize::from(device.window) + 1),
            None => 1,
        }
    }

    fn max_frame(&self) -> usize {
        self.client.max_frame()
    }

    fn room(&self, target: &Target) -> usize {
        self.client.room(target)
    }

    fn patience(&self, now: Instant) -> Patience {
        let default = self.client.patience(now);
        self.timeout.map_or(default, |timeout| Patience {
            deadline: now + timeout,
            timeout,
            ..default
        })
    }

    fn subscribe(&mut self, now: Instant, key: u32) -> SubscribeResult<()> {
        if self.is_inside {
            return Err(CallError::Reentrant);
        }
        self.client.subscribe(now, key)
    }

    fn unsubscribe(&mut self, now: Instant, key: u32) {
        self.client.unsubscribe(now, key);
    }

    fn poll_subscribed(&mut self, key: u32) -> Poll<SubscribeResult<()>> {
        if self.is_inside {
            return Poll::Ready(Err(CallError::Reentrant));
        }
        let subscribed = self.client.poll_subscribed(key);
        match self.is_cut {
            false => subscribed,
            true => subscribed.map_err(for_lost_link),
        }
    }
}
