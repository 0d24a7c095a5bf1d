//! The calculator as postcard-rpc's macro makes it, with its endpoints for ping and schemas.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use device::polled::{self, Sender, SpawnsNothing, Storage};
use device::procedures::{add, div, mul, sub};
use device::{
    AddEndpoint, DivEndpoint, ENDPOINTS, MulEndpoint, SubEndpoint, TOPICS_IN, TOPICS_OUT,
};
use postcard_rpc::define_dispatch;
use size::Checked;
use static_cell::ConstStaticCell;

define_dispatch! {
    app: App;
    spawn_fn: spawns_nothing;
    tx_impl: Sender;
    spawn_impl: SpawnsNothing;
    context: Checked;

    endpoints: {
        list: ENDPOINTS;

        | EndpointTy  | kind     | handler |
        | ----------  | ----     | ------- |
        | AddEndpoint | blocking | add     |
        | SubEndpoint | blocking | sub     |
        | MulEndpoint | blocking | mul     |
        | DivEndpoint | blocking | div     |
    };
    topics_in: {
        list: TOPICS_IN;

        | TopicTy | kind | handler |
        | ------- | ---- | ------- |
    };
    topics_out: {
        list: TOPICS_OUT;
    };
}

#[entry]
fn main() -> ! {
    static STORAGE: Storage = Storage::new();
    static FRAME: ConstStaticCell<[u8; 64]> = ConstStaticCell::new([0; 64]);
    polled::serve(&STORAGE, FRAME.take(), App::new(Checked, SpawnsNothing))
}
