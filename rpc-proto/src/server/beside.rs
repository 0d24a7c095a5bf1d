//! Sends events while a procedure waits.

use super::events::Sender;
use crate::wire::seal::Seal;
use core::pin::pin;
use embassy_futures::select::{Either, select};

/// The sending half of a link.
// Not an `AsyncFnMut`: a task with one is not `Send`.
pub(crate) trait Put {
    /// The reason why the link failed.
    type Error;

    /// Writes some of `bytes`. If there are none, flushes what the link holds back.
    async fn put(&mut self, bytes: &[u8]) -> Result<usize, Self::Error>;
}

/// Awaits a procedure, and sends the events that come meanwhile, sealed for its session.
///
/// Nothing here is dropped before it has ended: the procedure goes on if the link fails, and a link need
/// not bear to be interrupted.
pub(super) async fn beside<T, L: Put, S: Sender>(
    procedure: impl Future<Output = T>,
    events: &mut S,
    seal: Seal,
    link: &mut L,
) -> (T, Result<(), L::Error>) {
    let mut procedure = pin!(procedure);
    loop {
        if let Either::First(output) = select(procedure.as_mut(), events.wait()).await {
            return (output, Ok(()));
        }
        let mut flushed = false;
        while !flushed {
            let bytes = events.outgoing(seal);
            flushed = bytes.is_empty();
            let (output, sent) = {
                let mut putting = pin!(link.put(bytes));
                match select(procedure.as_mut(), putting.as_mut()).await {
                    Either::First(output) => (Some(output), putting.await),
                    Either::Second(sent) => (None, sent),
                }
            };
            let sent = sent.map(|count| events.sent(count));
            match (output, sent) {
                (Some(output), sent) => return (output, sent),
                (None, Ok(())) => {}
                (None, failed) => return (procedure.await, failed),
            }
        }
    }
}
