//! The items of a stream, as a typed client returns them: an iterator that pulls batches.

use super::call_error::CallError;
use super::calls::Answer;
use super::pipelined::{AsyncPipelinedCaller, PipelinedCaller, StreamError, StreamItem};
use super::pull::{Batch, Pull};
use super::read;
use crate::service::{Ask, StreamProcedure};
use crate::wire::message::MAX_WINDOW;
use core::fmt;
use core::ops::ControlFlow;
use heapless::Deque;

/// The items of a stream, pulled through the caller `C` while they are asked for.
///
/// Nothing is asked for before the first [`next`](Iterator::next), and whoever has seen enough drops
/// it. After an error it ends. The device runs the procedure anew for each batch and skips what has
/// come, so a reset of the device or a lost link in between does no harm as long as the procedure
/// still returns the same items.
pub struct Stream<'a, C: PipelinedCaller, P: StreamProcedure> {
    caller: &'a mut C,
    progress: Progress<'a, P, C::Pending>,
}

impl<'a, C: PipelinedCaller, P: StreamProcedure> Stream<'a, C, P> {
    /// The stream that the procedure returns for these arguments; what they ask for is of no account.
    pub const fn new(caller: &'a mut C, arguments: P::Arguments<'a>) -> Self {
        Self {
            caller,
            progress: Progress::new(arguments),
        }
    }
}

impl<C: PipelinedCaller, P: StreamProcedure> Iterator for Stream<'_, C, P> {
    type Item = StreamItem<P>;

    fn next(&mut self) -> Option<StreamItem<P>> {
        let Self { caller, progress } = self;
        loop {
            let window = caller.window();
            while let Some(ask) = progress.ask(window) {
                match caller.submit::<P>(&progress.arguments) {
                    Ok(pending) => progress.asked(ask, pending),
                    Err(error) => return progress.fail(error, |pending| caller.forget(pending)),
                }
            }
            let (ask, mut pending) = progress.in_flight.pop_front()?;
            // Waiting comes first: what cancels a call comes while it is waited for.
            let _ = caller.wait(&mut pending);
            let retries = caller.retries();
            let step = progress.take(ask, caller.wait(&mut pending), retries);
            let forget = |pending| caller.forget(pending);
            if let ControlFlow::Break(end) = progress.settle(ask, pending, step, forget) {
                return end;
            }
        }
    }
}

impl<C: PipelinedCaller, P: StreamProcedure> core::iter::FusedIterator for Stream<'_, C, P> {}

impl<C: PipelinedCaller, P: StreamProcedure> Drop for Stream<'_, C, P> {
    fn drop(&mut self) {
        let Self { caller, progress } = self;
        progress.forget_all(|pending| caller.forget(pending));
    }
}

impl<C: PipelinedCaller, P: StreamProcedure> fmt::Debug for Stream<'_, C, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(formatter, "Stream", &self.progress.pull)
    }
}

/// As [`Stream`], for a caller that lets other tasks run meanwhile.
///
/// # Cancel safety
/// [`next`](Self::next) may be dropped before it has ended; the next one returns what it would have.
pub struct AsyncStream<'a, C: AsyncPipelinedCaller, P: StreamProcedure> {
    caller: &'a mut C,
    progress: Progress<'a, P, C::Pending>,
}

impl<'a, C: AsyncPipelinedCaller, P: StreamProcedure> AsyncStream<'a, C, P> {
    /// The stream that the procedure returns for these arguments; what they ask for is of no account.
    pub const fn new(caller: &'a mut C, arguments: P::Arguments<'a>) -> Self {
        Self {
            caller,
            progress: Progress::new(arguments),
        }
    }

    /// Waits for the next item. None at the end of the stream, and after an error.
    ///
    /// # Errors
    /// The procedure's own error, or why a call failed.
    pub async fn next(&mut self) -> Option<StreamItem<P>> {
        let Self { caller, progress } = self;
        loop {
            let window = caller.window().await;
            while let Some(ask) = progress.ask(window) {
                match caller.submit::<P>(&progress.arguments).await {
                    Ok(pending) => progress.asked(ask, pending),
                    Err(error) => return progress.fail(error, |pending| caller.forget(pending)),
                }
            }
            // It stays where it is until its answer is there, lest it be lost if this is dropped.
            let (_, pending) = progress.in_flight.front_mut()?;
            let _ = caller.wait(pending).await;
            let (ask, mut pending) = progress.in_flight.pop_front()?;
            let step = progress.take(ask, caller.wait(&mut pending).await, Some(0));
            let forget = |pending| caller.forget(pending);
            if let ControlFlow::Break(end) = progress.settle(ask, pending, step, forget) {
                return end;
            }
        }
    }
}

impl<C: AsyncPipelinedCaller, P: StreamProcedure> Drop for AsyncStream<'_, C, P> {
    fn drop(&mut self) {
        let Self { caller, progress } = self;
        progress.forget_all(|pending| caller.forget(pending));
    }
}

impl<C: AsyncPipelinedCaller, P: StreamProcedure> fmt::Debug for AsyncStream<'_, C, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(formatter, "AsyncStream", &self.progress.pull)
    }
}

fn debug(formatter: &mut fmt::Formatter<'_>, name: &str, pull: &Pull) -> fmt::Result {
    let mut debug = formatter.debug_struct(name);
    debug.field("pull", pull).finish_non_exhaustive()
}

/// How far a stream has come, `Q` being a call that was submitted.
struct Progress<'a, P: StreamProcedure, Q> {
    arguments: P::Arguments<'a>,
    pull: Pull,
    /// What was asked for, the oldest first.
    in_flight: Deque<(Ask, Q), MAX_WINDOW>,
    /// The batch that is being taken apart: the reply to the oldest.
    batch: Option<Cursor>,
    /// Whether the oldest was asked for with nothing else in flight. Others may have failed only
    /// because their turn came too late: nobody asked for items for a while.
    alone: bool,
    /// Whether a batch has failed, so that the next is asked for alone.
    careful: bool,
    /// How often in a row one has that was asked for alone.
    failures: u32,
    /// Whether the number of the procedure was found out anew.
    relearned: bool,
    done: bool,
}

/// Where the next item of a batch begins.
struct Cursor {
    at: usize,
    left: u8,
}

/// What comes of an answer.
enum Step<P: StreamProcedure> {
    Item(P::Item),
    /// There is nothing more in it.
    Next,
    /// What was asked for is to be asked for again.
    Again,
    End,
    Fail(StreamError<P>),
}

impl<'a, P: StreamProcedure, Q> Progress<'a, P, Q> {
    const fn new(arguments: P::Arguments<'a>) -> Self {
        Self {
            arguments,
            pull: Pull::new(),
            in_flight: Deque::new(),
            batch: None,
            alone: true,
            careful: false,
            failures: 0,
            relearned: false,
            done: false,
        }
    }

    /// Makes the arguments of the next call, if it is time for one.
    fn ask(&mut self, window: usize) -> Option<Ask> {
        if self.done {
            return None;
        }
        let window = if self.careful { 1 } else { window };
        let in_flight = self.in_flight.len();
        let ask = self.pull.ask(in_flight, window.min(MAX_WINDOW))?;
        self.alone = in_flight == 0;
        P::ask(&mut self.arguments, ask);
        Some(ask)
    }

    fn asked(&mut self, ask: Ask, pending: Q) {
        // There is room for as many as were asked for.
        let _ = self.in_flight.push_back((ask, pending));
    }

    /// Does what follows from the answer to the oldest call: goes on, or breaks with what the stream
    /// returns.
    fn settle(
        &mut self,
        ask: Ask,
        pending: Q,
        step: Step<P>,
        mut forget: impl FnMut(Q),
    ) -> ControlFlow<Option<StreamItem<P>>> {
        if let Step::Item(item) = step {
            // There may be more in its answer.
            let _ = self.in_flight.push_front((ask, pending));
            return ControlFlow::Break(Some(Ok(item)));
        }
        forget(pending);
        match step {
            Step::Again => self.forget_all(forget),
            Step::End => {
                self.done = true;
                self.forget_all(forget);
                return ControlFlow::Break(None);
            }
            Step::Fail(error) => {
                self.done = true;
                self.forget_all(forget);
                return ControlFlow::Break(Some(Err(error)));
            }
            Step::Next | Step::Item(_) => {}
        }
        ControlFlow::Continue(())
    }

    /// Ends with a call that could not be started.
    fn fail(&mut self, error: CallError, forget: impl FnMut(Q)) -> Option<StreamItem<P>> {
        self.done = true;
        self.forget_all(forget);
        Some(Err(error.widen()))
    }

    fn forget_all(&mut self, mut forget: impl FnMut(Q)) {
        while let Some((_, pending)) = self.in_flight.pop_front() {
            forget(pending);
        }
    }

    /// Takes the next item from the answer to the oldest call.
    fn take(
        &mut self,
        ask: Ask,
        answer: Result<Answer<'_>, CallError>,
        retries: Option<u32>,
    ) -> Step<P> {
        let reply = match answer {
            Ok(Answer::Return(reply)) => reply,
            Ok(answer) if self.pull.wants(ask) => {
                let error = read::<P>(answer).err();
                return Step::Fail(error.unwrap_or(CallError::BadReply));
            }
            Ok(_) => return Step::Next,
            Err(error) => return self.failed(error, retries),
        };
        let cursor = match &mut self.batch {
            Some(cursor) => cursor,
            None => match self.pull.take(ask, reply) {
                Ok(Batch::Items { count, .. }) => {
                    (self.careful, self.failures) = (false, 0);
                    self.batch.insert(Cursor { at: 0, left: count })
                }
                Ok(Batch::Void) => return Step::Next,
                Err(error) => return Step::Fail(error.widen()),
            },
        };
        let Some(left) = cursor.left.checked_sub(1) else {
            // An item takes up exactly the bytes that it is given in, and so do all.
            let is_whole = cursor.at + 1 == reply.len();
            self.batch = None;
            return match (is_whole, self.pull.has_ended()) {
                (false, _) => Step::Fail(CallError::BadReply),
                (true, true) => Step::End,
                (true, false) => Step::Next,
            };
        };
        let items = reply.split_last().map_or(&[][..], |(_, items)| items);
        let rest = items.get(cursor.at..).unwrap_or_default();
        match postcard::take_from_bytes(rest) {
            Ok((item, rest)) => {
                cursor.left = left;
                cursor.at = items.len() - rest.len();
                Step::Item(item)
            }
            Err(_) => Step::Fail(CallError::BadReply),
        }
    }

    fn failed(&mut self, error: CallError, retries: Option<u32>) -> Step<P> {
        let again = match error {
            CallError::InterfaceChanged => {
                self.pull.taken() == 0 && !core::mem::replace(&mut self.relearned, true)
            }
            CallError::Timeout | CallError::Disconnected | CallError::OutcomeUnknown(_) => {
                let was_alone = self.alone && self.in_flight.is_empty();
                self.failures += u32::from(was_alone);
                retries.is_some_and(|retries| self.failures <= retries)
            }
            _ => false,
        };
        if !again {
            return Step::Fail(error.widen());
        }
        self.batch = None;
        self.careful = true;
        self.pull.begin_again();
        Step::Again
    }
}
