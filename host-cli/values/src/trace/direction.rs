//! The two directions of a link.

use serde::Serialize;
use std::fmt;

/// A direction of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the caller to the device.
    ToDevice,
    /// From the device to the caller.
    FromDevice,
}

impl fmt::Display for Direction {
    /// Writes `>` for to the device, `<` for from it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ToDevice => ">",
            Self::FromDevice => "<",
        })
    }
}
