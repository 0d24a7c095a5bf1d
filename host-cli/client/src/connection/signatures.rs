//! Says how a typed procedure or event differs from that of the device.

use super::Connection;
use crate::description::{Description, Procedure};
use rpc_proto::client::{CallError, Signatures};
use rpc_proto::device::SubscribeError;
use rpc_proto::service::Member;
use std::sync::{Mutex, PoisonError};

/// The most texts that errors may refer to. They are never freed, so a device must not make any number.
const MOST: usize = 64;

/// The longest text.
const LONGEST: usize = 4096;

impl Connection {
    /// Returns the reason why the device has no procedure or event of that key: it has none of that path, or one of
    /// another signature.
    pub(super) async fn missing<M: Member>(&self) -> CallError {
        let Ok(description) = self.description_async().await else {
            return CallError::NoSuchProcedure;
        };
        match description.procedure(M::PATH) {
            Ok(there) if there.key != M::KEY => {
                CallError::SignatureDiffers(Signatures::new(kept(&words::<M>(there))))
            }
            _ => CallError::NoSuchProcedure,
        }
    }

    /// Replaces the device's answer that it has no such event by the reason.
    pub(super) async fn explained<M: Member>(
        &self,
        error: CallError<SubscribeError>,
    ) -> CallError<SubscribeError> {
        match error {
            CallError::Error(SubscribeError::NoSuchEvent) => self.missing::<M>().await.widen(),
            error => error,
        }
    }
}

/// Names the path and both signatures.
fn words<M: Member>(there: &Procedure) -> String {
    let path = M::PATH;
    let there = there.with_definitions();
    let here = Description::read(&M::DESCRIPTION_IF_SOLE.concat());
    match here.as_ref().map(|here| here.procedure(path)) {
        Ok(Ok(here)) => format!(
            "{path} has another signature: this program calls `{}`, the device has `{there}`",
            here.with_definitions()
        ),
        _ => format!("{path} has another signature: the device has `{there}`"),
    }
}

/// Returns the same text for as long as the program runs; nothing if there are too many.
fn kept(text: &str) -> &'static str {
    static TEXTS: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.iter().find(|known| **known == text) {
        return known;
    }
    if texts.len() == MOST || text.len() > LONGEST {
        return "";
    }
    let text: &'static str = text.to_owned().leak();
    texts.push(text);
    text
}
