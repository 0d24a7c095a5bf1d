//! The interface of the next lamp, and of another.

#[rpc_proto::service]
pub trait Lamp {
    /// Switches it.
    #[idempotent]
    fn set(&mut self, on: bool);
    /// Dims it.
    fn dim(&mut self, permille: u16);
}

rpc_proto::interface! {
    struct DeskLamp("desk-lamp", "2.0.0") {
        lamp: LampService<Bulb>,
    }
}

rpc_proto::interface! {
    struct NightLamp("night-lamp", "1.0.0") {
        lamp: LampService<Candle>,
    }
}
