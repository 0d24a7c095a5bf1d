//! With the feature `defmt`, firmware can log what the crate hands it.
#![cfg(feature = "defmt")]

use rpc_proto::client::{
    self, Answer, CallError, Cause, Ran, ReceivedEvent, Target, Ticket, Timing,
};
use rpc_proto::device;
use rpc_proto::device::{SubscribeError, Subscribed};
use rpc_proto::drivers::LinkError;
use rpc_proto::service::{BadArguments, Never};
use rpc_proto::time::{Duration, Instant};
use rpc_proto::wire::frame::{Broken, Full};
use rpc_proto::wire::message::{Accept, Connect, Fault, Header, Kind, NakReason, Seq};

/// The error of a user's procedure.
#[derive(defmt::Format)]
struct TooBright;

const fn can_be_logged<T: defmt::Format>() {}

#[test]
fn every_type_that_firmware_may_want_to_log_can_be_logged() {
    can_be_logged::<(Header, Kind, Seq, Accept, Connect, Fault, NakReason)>();
    can_be_logged::<(Broken, Full, BadArguments, LinkError<Full>)>();
    can_be_logged::<(device::Statistics, client::Statistics, Timing)>();
    can_be_logged::<(CallError, CallError<TooBright>, Never, Cause, Ran)>();
    can_be_logged::<(Ticket, Target, Answer<'_>)>();
    can_be_logged::<(ReceivedEvent<'_>, Subscribed, SubscribeError)>();
    can_be_logged::<(Instant, Duration)>();
}
