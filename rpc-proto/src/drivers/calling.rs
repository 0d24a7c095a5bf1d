//! What a caller does besides moving bytes: it finds out the numbers of procedures, remembers them,
//! and finds out when they are another device's.

use crate::client::{
    Answer, CallError, Cause, Client, Ran, Target, Ticket, Timing, encode_items, read,
};
use crate::device::DeviceResolve;
use crate::service::{FeedProcedure, Procedure};
use crate::time::{Duration, Instant};
use core::iter::Peekable;

/// The state of a caller, `NUMBERS` being how many procedures it remembers the numbers of.
#[derive(Debug)]
pub(super) struct Calling<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize> {
    pub(super) client: Client<FRAME, WINDOW>,
    pub(super) timeout: Duration,
    /// Direct-mapped: a key has one place, so finding it takes no search and no bookkeeping.
    numbers: [Option<Number>; NUMBERS],
    /// The call that is waited for, lest one that nobody waits for any more keeps its place.
    open: Option<Ticket>,
}

/// The number that a device gave a key.
#[derive(Clone, Copy, Debug)]
struct Number {
    key: u32,
    number: u16,
    fingerprint: u32,
}

/// What was started to get a call done.
pub(super) enum Begun {
    /// The call.
    Call(Ticket),
    /// The question for the procedure's number, which comes before the call.
    Question(Ticket),
    /// Nothing: a call that is not waited for any more still has the place of this one. Its answer
    /// or its deadline will free it.
    Nothing,
}

impl<const FRAME: usize, const WINDOW: usize, const NUMBERS: usize>
    Calling<FRAME, WINDOW, NUMBERS>
{
    /// A caller without a session. Calls have 2 seconds.
    pub(super) const fn new(nonce: u32, timing: Timing) -> Self {
        const { assert!(NUMBERS > 0, "a caller remembers at least one number") }
        Self {
            client: Client::new(nonce, timing),
            timeout: Duration::from_secs(2),
            numbers: [None; NUMBERS],
            open: None,
        }
    }

    /// Starts a call, or what has to be known first.
    ///
    /// # Errors
    /// Why there will be no such call: the arguments are too large, or the deadline has passed.
    pub(super) fn begin<P: Procedure>(
        &mut self,
        now: Instant,
        deadline: Instant,
        arguments: &P::Arguments<'_>,
    ) -> Result<Begun, CallError<P::Error>> {
        let begun = self.begin_with::<P>(now, deadline, |client, target| {
            client.start(target, deadline, arguments)
        });
        match begun {
            Ok(Begun::Call(ticket)) => self.open = Some(ticket),
            // Nobody else has a call under way, so these are of streams that were forgotten.
            Ok(Begun::Nothing) => {
                while let Some(ended) = self.client.ended() {
                    self.client.abandon(ended);
                }
            }
            _ => {}
        }
        begun.map_err(CallError::widen)
    }

    /// How many bytes of arguments a call may have, as far as the device is known.
    pub(super) fn room<P: Procedure>(&self) -> usize {
        // Unless it is known, the number is taken for the longest that there is.
        let target = self.target::<P>();
        let target = target.unwrap_or(Target::resolved::<P>(u16::MAX, 0));
        target.room(self.max_frame())
    }

    /// Starts a call with as many items as fit a frame, or what has to be known first. Tells in
    /// `count` how many they are, once it is started.
    pub(super) fn begin_items<P: FeedProcedure>(
        &mut self,
        now: Instant,
        deadline: Instant,
        head: &P::Head<'_>,
        items: &mut Peekable<impl Iterator<Item = P::Item>>,
        count: &mut u8,
    ) -> Result<Begun, CallError> {
        let frame = self.max_frame();
        self.begin_with::<P>(now, deadline, |client, target| {
            client.start_with(target, deadline, |place| {
                let room = target.room(frame).min(place.len());
                let (len, taken) = encode_items(place.get_mut(..room)?, head, items)?;
                *count = taken;
                Some(len)
            })
        })
    }

    /// Starts a call with `start`, or what has to be known first. Unless it has all been waited for
    /// already, somebody else will wait for the call.
    pub(super) fn begin_with<P: Procedure>(
        &mut self,
        now: Instant,
        deadline: Instant,
        start: impl FnOnce(&mut Client<FRAME, WINDOW>, Target) -> Result<Ticket, CallError>,
    ) -> Result<Begun, CallError> {
        if let Some(forgotten) = self.open.take() {
            self.client.abandon(forgotten);
        }
        // One that was forgotten earlier may have to make room now.
        self.client.advance(now);
        let begun = match self.target::<P>() {
            Some(target) => start(&mut self.client, target).map(Begun::Call),
            None => self.ask(P::KEY, deadline).map(Begun::Question),
        };
        match begun {
            Ok(Begun::Question(ticket)) => self.open = Some(ticket),
            Err(CallError::Busy) if now < deadline => return Ok(Begun::Nothing),
            Err(CallError::Busy) => return Err(CallError::Timeout),
            _ => {}
        }
        begun
    }

    /// How many calls may be under way.
    pub(super) fn window(&self) -> usize {
        match self.client.device() {
            Some(device) => WINDOW.min(usize::from(device.window)),
            None => 1,
        }
    }

    /// The longest frame that both ends take.
    pub(super) fn max_frame(&self) -> usize {
        match self.client.device() {
            Some(device) => FRAME.min(usize::from(device.max_frame)),
            None => FRAME,
        }
    }

    /// How a call ended, without taking its end. If it was not the device that it was taken for, what
    /// was known about that is forgotten.
    pub(super) fn end(&mut self, call: Ticket) -> Result<Answer<'_>, CallError> {
        self.was_mistaken(call);
        self.client
            .end(call)
            .unwrap_or(Err(CallError::Disconnected))
    }

    /// The target of a call, if it is known without asking.
    fn target<P: Procedure>(&self) -> Option<Target> {
        Target::known::<P>(self.client.device()).or_else(|| self.remembered::<P>())
    }

    fn remembered<P: Procedure>(&self) -> Option<Target> {
        match self.numbers.get(place::<NUMBERS>(P::KEY)) {
            Some(Some(known)) if known.key == P::KEY => {
                Some(Target::resolved::<P>(known.number, known.fingerprint))
            }
            _ => None,
        }
    }

    fn ask(&mut self, key: u32, deadline: Instant) -> Result<Ticket, CallError> {
        let question = Target::known::<DeviceResolve>(None).ok_or(CallError::NoSuchProcedure)?;
        self.client.start(question, deadline, &(key,))
    }

    /// Takes the answer to the question for a number.
    pub(super) fn learn<P: Procedure>(&mut self, question: Ticket) -> Result<(), CallError> {
        let fingerprint = self.client.device().map(|device| device.fingerprint);
        let answer = self.take::<DeviceResolve>(question);
        let number = answer
            .map_err(never_ran)?
            .ok_or(CallError::NoSuchProcedure)?;
        let fingerprint = fingerprint.ok_or(CallError::InterfaceChanged)?;
        if let Some(known) = self.numbers.get_mut(place::<NUMBERS>(P::KEY)) {
            *known = Some(Number {
                key: P::KEY,
                number,
                fingerprint,
            });
        }
        Ok(())
    }

    /// Whether the call never ran because the device is not the one that it was taken for. If so,
    /// the call and what was known about the device are forgotten.
    pub(super) fn was_mistaken(&mut self, call: Ticket) -> bool {
        let mistaken = self.client.failure(call) == Some(CallError::InterfaceChanged);
        if mistaken {
            self.numbers = [None; NUMBERS];
        }
        mistaken
    }

    /// Takes the end of a call.
    pub(super) fn take<P: Procedure>(
        &mut self,
        call: Ticket,
    ) -> Result<P::Value<'_>, CallError<P::Error>> {
        self.open = None;
        match self.client.take(call) {
            Some(Ok(answer)) => read::<P>(answer),
            Some(Err(error)) => Err(error.widen()),
            None => Err(CallError::Disconnected),
        }
    }

    /// Ends everything, because the link is gone.
    pub(super) fn link_lost(&mut self) {
        self.client.link_lost();
        self.client.give_up();
    }
}

/// What a question that failed means for the call that it was asked for: that was not sent, whatever
/// became of the question.
fn never_ran(error: CallError) -> CallError {
    match error {
        CallError::OutcomeUnknown(Cause::Timeout) => CallError::Timeout,
        CallError::OutcomeUnknown(Cause::Reset | Cause::Disconnected) => CallError::Disconnected,
        // A device that answers with anything else than a number has none to give.
        error if error.ran() != Ran::Never => CallError::NoSuchProcedure,
        error => error,
    }
}

/// Where the number for a key is remembered.
const fn place<const NUMBERS: usize>(key: u32) -> usize {
    key as usize % NUMBERS
}
