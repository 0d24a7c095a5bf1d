//! The interface of a lamp.

use heapless::{String, Vec};
use rpc_proto::Schema;
use rpc_proto::service::Items;
use serde::{Deserialize, Serialize};

/// A lamp.
#[rpc_proto::service]
pub trait Lamp {
    /// Switches it.
    #[idempotent]
    fn set(&mut self, on: bool);
    /// Dims it.
    fn dim(&mut self, percent: u8) -> Result<State, TooBright>;
    /// Names it.
    fn rename(&mut self, name: String<16>);
    /// Shows colours, one after the other, for so many milliseconds each.
    fn play(&mut self, duration: u32, colours: Items<'_, Colour>);
    /// The last states.
    fn states(&self) -> impl Iterator<Item = State>;
    /// Sets the pixels.
    fn pixels(&mut self, pixels: Vec<Colour, 8>) -> Option<u8>;
    /// Somebody has turned the knob.
    #[event]
    fn turned(double: i16);
}

/// More than 100 percent.
#[derive(Serialize, Deserialize, Schema)]
pub struct TooBright;

/// Red, green and blue.
#[derive(Serialize, Deserialize, Schema)]
pub struct Colour(pub u8, pub u8, pub u8);

/// What it does. */ #error "A comment ends where its writer wants it to." /*
#[derive(Serialize, Deserialize, Schema)]
pub enum State {
    /// No light.
    Off,
    /// Light of a colour.
    On {
        /// The colour.
        colour: Colour,
        /// How bright it is.
        percent: u8,
    },
    Broken(String<8>),
}

rpc_proto::interface! {
    struct DeskLamp("desk-lamp", "1.0.0") {
        lamp: LampService<Bulb>,
    }
}
