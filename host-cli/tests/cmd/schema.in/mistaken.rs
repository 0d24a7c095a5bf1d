//! A lamp whose source does not tell what it takes.

#[rpc_proto::service]
pub trait Lamp {
    fn set(&mut self, colour: palette::Srgb);
}

rpc_proto::interface! {
    struct DeskLamp("desk-lamp", "1.0.0") {
        lamp: LampService<Bulb>,
    }
}
