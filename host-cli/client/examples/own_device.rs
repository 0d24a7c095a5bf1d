//! Tests firmware of one's own on the desktop: the procedures that the board will run, called by the
//! program that will call the board.
//!
//! `cargo test --example own_device` runs the tests below.

use serial_rpc::Connection;
use serial_rpc_simulator::SimulatedDevice;
use std::error::Error;

/// A lamp that can be dimmed.
#[rpc_proto::service]
pub trait Lamp {
    /// Sets the brightness in percent and returns what it was.
    fn dim(&mut self, percent: u8) -> Result<u8, TooBright>;
}

/// More than 100 percent.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
pub struct TooBright;

/// The firmware: it knows nothing of the board.
struct Dimmer(u8);

impl Lamp for Dimmer {
    fn dim(&mut self, percent: u8) -> Result<u8, TooBright> {
        match percent {
            0..=100 => Ok(std::mem::replace(&mut self.0, percent)),
            _ => Err(TooBright),
        }
    }
}

/// The program: it knows nothing of the device but its port.
fn blink(device: &Connection) -> Result<u8, Box<dyn Error>> {
    let mut lamp = LampClient::new(device);
    lamp.dim(100)?;
    Ok(lamp.dim(0)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Connection::to(SimulatedDevice::with(LampService(Dimmer(30))));
    println!("the lamp was at {} percent", blink(&device)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serial_rpc::CallError;

    #[test]
    fn a_lamp_that_blinks_was_on() {
        let device = Connection::to(SimulatedDevice::with(LampService(Dimmer(30))));
        assert_eq!(blink(&device).unwrap(), 100);
    }

    #[test]
    fn a_lamp_that_was_reset_is_dark() {
        let board = SimulatedDevice::with(LampService(Dimmer(30)));
        let mut lamp = LampClient::new(Connection::to(board.clone()));
        assert_eq!(lamp.dim(101), Err(CallError::Error(TooBright)));
        assert_eq!(lamp.dim(50), Ok(30));
        board.power_cycle(LampService(Dimmer(0)));
        assert_eq!(lamp.dim(50), Ok(0));
    }
}
