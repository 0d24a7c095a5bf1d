//! The programs that share a connection: they take turns for room in the device's window, and a time limit
//! that passes ends a call for its program alone.
//!
//! A client holds no more calls than the device has room for, so a call waits behind a window of others at
//! most. The room goes to the program that made the fewest of the last calls, as many as are in a window, and
//! among equals to the one that has waited longest.

use rpc_proto::client::{CallError, Patience, Ticket};
use rpc_proto::time::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::task::Waker;

/// The time for which a session goes on with a call that its program has given up. If the device has not
/// answered by then, it never will.
const LASTING: Duration = Duration::from_secs(60);

/// The time in which one who waits for room takes it. A task that its executor does not run keeps the
/// others waiting no longer.
const GRACE: Duration = Duration::from_millis(10);

/// A program that shares the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Program(u64);

/// The place in the queue of one who waits for room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

/// The one who uses the state at this moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct User {
    pub(super) program: Program,
    /// Its place, if it waits for room.
    pub(super) place: Option<Place>,
    /// The time after which its calls end if there is no session to send them in.
    pub(super) give_up: Option<Duration>,
}

/// The calls of the programs, and who waits for room.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// The number of programs but the first.
    others: u64,
    calls: Vec<SharedCall>,
    /// The programs of the last calls, as many as are in a window.
    last: VecDeque<Program>,
    /// Those programs, and those that wait for room.
    queues: HashMap<Program, Queue>,
    /// The programs that wait, by the number of their last calls and the time since when they wait for a turn.
    order: BTreeSet<(Rank, Program)>,
    /// The place that was told of room, and when.
    offered: Option<(Place, Instant)>,
    next_place: u64,
    /// The earliest time when somebody who waits must be woken, or an earlier one.
    limit: Option<Instant>,
    /// The number of calls that the device has room for, as it said last.
    window: usize,
    /// The latest deadline of a call in the client: all later ones have the same or a later one, because the
    /// client sends none before another with a later deadline has ended.
    longest: Instant,
}

/// The number of last calls of a program, and those that wait for room.
#[derive(Debug, Default)]
struct Queue {
    last: usize,
    /// The place at the time of its last call: a program goes to the end of the queue then.
    served: Place,
    waiting: BTreeMap<Place, Waiting>,
}

/// The order in which programs have their turns: by the number of their last calls, and the place since
/// which they wait for another.
type Rank = (usize, Place);

/// A call in the client.
#[derive(Debug)]
struct SharedCall {
    ticket: Ticket,
    /// The time when it ends for its program.
    patience: Patience,
    /// The time when it ends if there is no session.
    give_up: Option<Instant>,
    idempotent: bool,
}

#[derive(Debug)]
struct Waiting {
    /// None for a thread.
    task: Option<Waker>,
    limit: Option<Instant>,
    /// True if it was told of room and has not taken it in time.
    is_late: bool,
}

/// The reason why a call has ended for its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Its time limit has passed.
    Deadline,
    /// There was no session for too long.
    NoSession,
}

impl Turns {
    /// Returns another program.
    pub(super) fn another(&mut self) -> Program {
        self.others += 1;
        Program(self.others)
    }

    /// Returns true if there is more than one program. A lone one has all the room of the client.
    pub(super) const fn are_taken(&self) -> bool {
        self.others > 0
    }

    /// Notes the window of the device.
    pub(super) fn set_window(&mut self, window: u8) {
        self.window = window.into();
    }

    /// Returns true if a client with that many calls has room for another.
    fn has_room(&self, open_calls: usize) -> bool {
        open_calls < self.window.max(1)
    }

    /// Returns true if it is that user's turn to make a call.
    pub(super) fn is_turn_of(&self, user: User, open_calls: usize) -> bool {
        self.has_room(open_calls)
            && self.order.first().is_none_or(|&(first, program)| {
                let queue = self.queues.get(&user.program);
                let is_first = program == user.program
                    && user.place.is_some()
                    && user.place == queue.and_then(Queue::first);
                // One who does not wait yet comes behind those who do.
                let place = user.place.unwrap_or(Place(u64::MAX));
                is_first || queue.map_or((0, place), |queue| queue.rank(place)) < first
            })
    }

    /// Changes the queue of a program, and its place in the order.
    fn change<T>(&mut self, program: Program, change: impl FnOnce(&mut Queue) -> T) -> T {
        let queue = self.queues.entry(program).or_default();
        if let Some(place) = queue.first() {
            self.order.remove(&(queue.rank(place), program));
        }
        let changed = change(queue);
        match queue.first() {
            Some(place) => {
                self.order.insert((queue.rank(place), program));
            }
            None if queue.last == 0 && queue.waiting.is_empty() => {
                self.queues.remove(&program);
            }
            None => {}
        }
        changed
    }

    /// Lets a task, or a thread, wait for room at its place, or at the end of the queue.
    pub(super) fn wait(
        &mut self,
        user: User,
        task: Option<&Waker>,
        limit: Option<Instant>,
    ) -> Place {
        let place = user.place.unwrap_or_else(|| {
            self.next_place += 1;
            Place(self.next_place)
        });
        let waiting = Waiting {
            task: task.cloned(),
            limit,
            is_late: false,
        };
        self.limit = [self.limit, limit].into_iter().flatten().min();
        self.take_back_offer(place);
        self.change(user.program, |queue| queue.waiting.insert(place, waiting));
        place
    }

    /// Takes one who no longer waits for room out of the queue.
    pub(super) fn leave(&mut self, program: Program, place: Place) {
        self.take_back_offer(place);
        self.change(program, |queue| queue.waiting.remove(&place));
    }

    fn take_back_offer(&mut self, place: Place) {
        self.offered = self.offered.filter(|&(offered, _)| offered != place);
    }

    /// Tells the next one in the queue that there is room. Returns true if that is a thread, which is then
    /// to be woken with all others.
    pub(super) fn offer(&mut self, open_calls: usize, now: Instant) -> bool {
        if !self.has_room(open_calls) {
            return false;
        }
        if let Some((place, offered)) = self.offered
            && Some(place) == self.next().map(|(_, next)| next)
        {
            if now < offered + GRACE {
                return false;
            }
            self.note_late(place);
        }
        self.offered = None;
        let Some((program, place)) = self.next() else {
            return false;
        };
        self.offered = Some((place, now));
        let queue = self.queues.get(&program);
        match queue.and_then(|queue| queue.waiting.get(&place)) {
            Some(Waiting { task: None, .. }) => true,
            Some(Waiting {
                task: Some(task), ..
            }) => {
                task.wake_by_ref();
                false
            }
            None => false,
        }
    }

    /// Returns the one who has room next.
    fn next(&self) -> Option<(Program, Place)> {
        let &(_, program) = self.order.first()?;
        Some((program, self.queues.get(&program)?.first()?))
    }

    /// Notes that the one at that place was told of room, and has not taken it.
    fn note_late(&mut self, place: Place) {
        if let Some((program, _)) = self.next() {
            self.change(program, |queue| {
                if let Some(waiting) = queue.waiting.get_mut(&place) {
                    waiting.is_late = true;
                }
            });
        }
    }

    /// Returns true if somebody waits for room.
    pub(super) fn is_waited_for(&self) -> bool {
        !self.order.is_empty()
    }

    /// Returns when somebody who waits for room is to be woken, or another to be told in its place.
    pub(super) fn limit(&self) -> Option<Instant> {
        let late = self.offered.map(|(_, offered)| offered + GRACE);
        [self.limit, late].into_iter().flatten().min()
    }

    /// Wakes the tasks whose limit has passed.
    pub(super) fn wake_due(&mut self, now: Instant) {
        if self.limit.is_none_or(|limit| now < limit) {
            return;
        }
        self.limit = None;
        let queues = self.queues.values_mut();
        for waiting in queues.flat_map(|queue| queue.waiting.values_mut()) {
            let is_due = |limit: &mut Instant| now >= *limit;
            if waiting.limit.take_if(is_due).is_some()
                && let Some(task) = &waiting.task
            {
                task.wake_by_ref();
            }
            self.limit = [self.limit, waiting.limit].into_iter().flatten().min();
        }
    }

    /// Returns the patience that the client has with a call of that patience: longer than its program's.
    pub(super) fn lasting(&mut self, patience: Patience) -> Patience {
        self.longest = self.longest.max(patience.deadline + LASTING);
        Patience {
            deadline: self.longest,
            retries: 0,
            ..patience
        }
    }

    /// Notes a call that the client has.
    pub(super) fn started(
        &mut self,
        user: User,
        ticket: Ticket,
        patience: Patience,
        idempotent: bool,
        now: Instant,
    ) {
        self.calls.push(SharedCall {
            ticket,
            patience,
            give_up: user.give_up.map(|after| now + after),
            idempotent,
        });
        self.last.push_back(user.program);
        self.next_place += 1;
        let served = Place(self.next_place);
        self.change(user.program, |queue| {
            queue.last += 1;
            queue.served = served;
        });
        while self.last.len() > self.window.max(1)
            && let Some(program) = self.last.pop_front()
        {
            self.change(program, |queue| queue.last -= 1);
        }
    }

    /// Notes that a call has ended or was forgotten.
    pub(super) fn ended(&mut self, ticket: Ticket) {
        let found = self.calls.iter().position(|call| call.ticket == ticket);
        if let Some(index) = found {
            self.calls.swap_remove(index);
        }
    }

    /// Returns the time when a call ends for its program next.
    pub(super) fn deadline(&self, has_session: bool) -> Option<Instant> {
        let calls = self.calls.iter();
        let ends = calls.map(|call| {
            let give_up = call.give_up.filter(|_| !has_session);
            give_up.map_or(call.patience.deadline, |end| {
                end.min(call.patience.deadline)
            })
        });
        ends.min()
    }

    /// Takes out a call that ends for its program now. `is_sent` tells if a call was sent.
    pub(super) fn take_over(
        &mut self,
        has_session: bool,
        now: Instant,
        mut is_sent: impl FnMut(Ticket) -> bool,
    ) -> Option<(Ticket, Over)> {
        let mut index = 0;
        while let Some(call) = self.calls.get_mut(index) {
            let ticket = call.ticket;
            let gives_up = !has_session && call.give_up.is_some_and(|end| now >= end);
            if gives_up && !is_sent(ticket) {
                self.calls.swap_remove(index);
                return Some((ticket, Over::NoSession));
            }
            if now >= call.patience.deadline {
                let may_retry = call.patience.retries > 0 && (call.idempotent || !is_sent(ticket));
                if !may_retry {
                    self.calls.swap_remove(index);
                    return Some((ticket, Over::Deadline));
                }
                call.patience.retries -= 1;
                call.patience.deadline = call.patience.deadline + call.patience.timeout;
            }
            index += 1;
        }
        None
    }
}

impl Queue {
    /// Returns the place of the first who waits and is not late.
    fn first(&self) -> Option<Place> {
        let mut waiting = self.waiting.iter();
        let (&place, _) = waiting.find(|(_, waiting)| !waiting.is_late)?;
        Some(place)
    }

    /// Returns the rank of one of its calls that waits at that place.
    fn rank(&self, place: Place) -> Rank {
        (self.last, self.served.max(place))
    }
}

impl Over {
    /// Returns the error of a call that the client has left with `error`.
    pub(super) fn error(self, error: CallError) -> CallError {
        match (self, error) {
            (Self::NoSession, CallError::Timeout) => CallError::Disconnected,
            (_, error) => error,
        }
    }
}
