//! A program's calls and subscriptions on their way to the device: asked for, waiting for their turn, and running.

use crate::metrics;
use rpc_proto::client::{CallError, SubscribeResult};
use rpc_proto::server::{RawCall, Token};
use serial_rpc::connection::{Held, PendingReply, Reply};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Something that a program has asked for.
pub(super) enum Asked {
    Call {
        token: Token,
        index: u16,
        arguments: Vec<u8>,
    },
    Subscription {
        token: Token,
        key: u32,
    },
}

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Something that waits for its turn at the device.
pub(super) enum Beginning {
    Call {
        token: Token,
        begun: Pending<Result<PendingReply, CallError>>,
        counted: metrics::Call,
    },
    Subscription {
        token: Token,
        key: u32,
        begun: Pending<SubscribeResult<Held>>,
    },
}

/// A call that the device has, or is about to get.
pub(super) struct Running {
    pub(super) token: Token,
    pub(super) end: Pending<Result<Reply, CallError>>,
    pub(super) counted: metrics::Call,
}

/// Something that has begun at the device, or could not.
pub(super) enum Begun {
    Call(Token, Result<PendingReply, CallError>, metrics::Call),
    Subscription(Token, u32, SubscribeResult<Held>),
}

impl Asked {
    /// Returns what a call asks for, or None if that cannot be read.
    pub(super) fn of(call: &RawCall<'_>) -> Option<Self> {
        let token = call.token;
        Some(match call.index {
            RawCall::SUBSCRIPTION => Self::Subscription {
                token,
                key: call.subscribes_to()?,
            },
            index => Self::Call {
                token,
                index,
                arguments: call.arguments.to_vec(),
            },
        })
    }

    pub(super) fn token(&self) -> Token {
        match self {
            Self::Call { token, .. } | Self::Subscription { token, .. } => *token,
        }
    }

    /// Returns the memory that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Call { arguments, .. } => arguments.len(),
            Self::Subscription { .. } => 0,
        }
    }
}

impl Beginning {
    pub(super) fn token(&self) -> Token {
        match self {
            Self::Call { token, .. } | Self::Subscription { token, .. } => *token,
        }
    }
}

/// Waits until one of the calls has ended.
pub(super) async fn next_end(running: &mut Vec<Running>) -> (Running, Result<Reply, CallError>) {
    poll_fn(|context| {
        for index in 0..running.len() {
            let call = running
                .get_mut(index)
                .map(|call| call.end.as_mut().poll(context));
            if let Some(Poll::Ready(end)) = call {
                return Poll::Ready((running.remove(index), end));
            }
        }
        Poll::Pending
    })
    .await
}

/// Waits until what is to begin has begun.
pub(super) async fn next_begun(beginning: &mut Option<Beginning>) -> Begun {
    poll_fn(|context| {
        let begun = match beginning {
            None => return Poll::Pending,
            Some(Beginning::Call { begun, .. }) => match begun.as_mut().poll(context) {
                Poll::Ready(begun) => Ok(begun),
                Poll::Pending => return Poll::Pending,
            },
            Some(Beginning::Subscription { begun, .. }) => match begun.as_mut().poll(context) {
                Poll::Ready(begun) => Err(begun),
                Poll::Pending => return Poll::Pending,
            },
        };
        match (beginning.take(), begun) {
            (Some(Beginning::Call { token, counted, .. }), Ok(begun)) => {
                Poll::Ready(Begun::Call(token, begun, counted))
            }
            (Some(Beginning::Subscription { token, key, .. }), Err(begun)) => {
                Poll::Ready(Begun::Subscription(token, key, begun))
            }
            _ => Poll::Pending,
        }
    })
    .await
}
