//! The caller's side of what goes in pieces: several calls in flight, and the pieces of a write.

use crate::client::{
    Answer, CallError, Caller, Calling, Calls, Operation, Running, SingleCall, Target, Ticket, read,
};
use crate::schema::varint_len;
use crate::service::Procedure;
use crate::time::{Duration, Instant};
use crate::wire::frame::encode;
use crate::wire::message::MAX_WINDOW;
use core::task::Poll;
use heapless::Deque;

/// The number of times in a row that something is begun again without progress.
pub(super) const ATTEMPTS: u32 = 3;

/// Returns how many bytes to write at a time, from `offset` on, with `room` for a call's
/// arguments.
///
/// ```
/// assert_eq!(rpc_proto::services::blocks::write_size(56, 1000), 56 - 3);
/// ```
pub const fn write_size(room: usize, offset: u32) -> u16 {
    piece(room.saturating_sub(varint_len(offset as usize)))
}

/// Returns how many bytes fit after their length.
pub(super) const fn piece(room: usize) -> u16 {
    let mut bytes = if room > u16::MAX as usize {
        u16::MAX as usize
    } else {
        room
    };
    while bytes > 0 && bytes + varint_len(bytes) > room {
        bytes -= 1;
    }
    bytes as u16
}

/// Calls in flight, the oldest first, with the offset and the length of their bytes.
pub(super) type Pieces = Deque<(u32, u16, Ticket), MAX_WINDOW>;

/// Starts a call that gets at least that much time, and does not wait for it.
///
/// Where others have all the room, it waits for room if `pieces` is empty. If not, it returns None: when one of
/// the pieces ends, there is room.
pub(super) fn submit<P: Procedure>(
    caller: &mut impl Caller,
    pieces: &Pieces,
    arguments: &P::Arguments<'_>,
    least: Duration,
) -> Result<Option<Ticket>, CallError<P::Error>> {
    let encode = |place: &mut [u8]| encode(arguments, place);
    let start = Start {
        call: SingleCall::new(Target::of::<P>(), encode).with_time(least),
        must_wait: pieces.is_empty(),
    };
    let call = Running::new(&mut *caller, start).wait();
    call.map_err(CallError::widen)
}

/// An operation that starts a call.
struct Start<E> {
    call: SingleCall<E>,
    /// True to wait for room.
    must_wait: bool,
}

impl<E: Fn(&mut [u8]) -> Option<usize>> Operation for Start<E> {
    type Output = Result<Option<Ticket>, CallError>;

    fn poll<C: Calls>(&mut self, calls: &mut C, now: Instant) -> Poll<Self::Output> {
        match self.call.poll_start(calls, now) {
            Poll::Ready(call) => Poll::Ready(call.map(Some)),
            Poll::Pending if self.must_wait => Poll::Pending,
            Poll::Pending => Poll::Ready(Ok(None)),
        }
    }

    fn forget<C: Calls>(&mut self, _: &mut C, _: Instant) {
        // The owner of the ticket has to forget the call.
    }
}

/// Waits until a call has ended.
pub(super) fn wait(caller: &mut impl Caller, call: Ticket) -> Result<Answer<'_>, CallError> {
    Running::new(&mut *caller, Ended(Some(call))).wait();
    caller.take(call)
}

/// An operation that waits until a call has ended.
struct Ended(Option<Ticket>);

impl Operation for Ended {
    type Output = ();

    fn poll<C: Calls>(&mut self, calls: &mut C, _: Instant) -> Poll<()> {
        match self.0 {
            Some(call) if calls.end(call).is_none() => Poll::Pending,
            _ => {
                self.0 = None;
                Poll::Ready(())
            }
        }
    }

    fn forget<C: Calls>(&mut self, calls: &mut C, _: Instant) {
        if let Some(call) = self.0.take() {
            calls.forget(call);
        }
    }
}

pub(super) fn forget_all(caller: &mut impl Calling, pieces: &mut Pieces) {
    caller.with(|calls, _| {
        while let Some((_, _, call)) = pieces.pop_front() {
            calls.forget(call);
        }
    });
}

/// Returns how many calls to have in flight.
pub(super) fn window(caller: &mut impl Calling) -> usize {
    caller.with(|calls, _| calls.window().min(MAX_WINDOW))
}

/// Writes `bytes` from `next` on by calls of `P`, and tells each piece and the offset behind it when
/// the device has taken it. Each call gets at least that much time.
pub(super) fn write<P>(
    caller: &mut impl Caller,
    bytes: &[u8],
    next: u32,
    least: Duration,
    taken: impl FnMut(&[u8], u32),
) -> Result<(), CallError<P::Error>>
where
    P: for<'a> Procedure<Arguments<'a> = (u32, &'a [u8])>,
{
    let mut pieces = Deque::new();
    let written = write_pieces::<P>(caller, bytes, next, least, &mut pieces, taken);
    forget_all(caller, &mut pieces);
    written
}

fn write_pieces<P>(
    caller: &mut impl Caller,
    bytes: &[u8],
    mut next: u32,
    least: Duration,
    pieces: &mut Pieces,
    mut taken: impl FnMut(&[u8], u32),
) -> Result<(), CallError<P::Error>>
where
    P: for<'a> Procedure<Arguments<'a> = (u32, &'a [u8])>,
{
    loop {
        while pieces.len() < window(caller)
            && let Some(rest @ [_, ..]) = bytes.get(next as usize..)
        {
            let room = caller.with(|calls, _| calls.room(&Target::of::<P>()));
            let size = usize::from(write_size(room, next));
            let piece = rest.get(..size).unwrap_or(rest);
            if piece.is_empty() {
                return Err(CallError::ArgumentsTooLarge);
            }
            let Some(call) = submit::<P>(caller, pieces, &(next, piece), least)? else {
                break;
            };
            // The window was checked before, so there is room.
            let _ = pieces.push_back((next, piece.len() as u16, call));
            next += piece.len() as u32;
        }
        let Some((offset, len, call)) = pieces.pop_front() else {
            return Ok(());
        };
        read::<P>(wait(caller, call).map_err(CallError::widen)?)?;
        let end = offset + u32::from(len);
        let piece = bytes.get(offset as usize..end as usize);
        taken(piece.unwrap_or_default(), end);
    }
}
