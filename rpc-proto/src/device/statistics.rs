//! The counters of a device's link.

use crate::Schema;
use serde::ser::{Serialize, SerializeStruct, SerializeTuple, Serializer};

/// The counters of a device's link since the device started. Each counter wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Statistics {
    /// Complete frames received.
    pub frames: u32,
    /// Frames that did not decode or check.
    pub corrupt: u32,
    /// Frames longer than the longest that the device accepts.
    pub too_long: u32,
    /// Calls received after a lost one.
    pub out_of_order: u32,
    /// Calls that had already run and were answered from memory.
    pub duplicates: u32,
    /// Received bytes that found no room.
    pub overruns: u32,
}

impl Statistics {
    /// All counters at zero.
    pub const NONE: Self = Self {
        frames: 0,
        corrupt: 0,
        too_long: 0,
        out_of_order: 0,
        duplicates: 0,
        overruns: 0,
    };
}

impl Statistics {
    const NAMES: [&'static str; 6] = [
        "frames",
        "corrupt",
        "too_long",
        "out_of_order",
        "duplicates",
        "overruns",
    ];

    /// Returns the counters, in the order of the fields.
    const fn counts(&self) -> [u32; 6] {
        [
            self.frames,
            self.corrupt,
            self.too_long,
            self.out_of_order,
            self.duplicates,
            self.overruns,
        ]
    }
}

/// Equivalent to the derived implementation. It writes six numbers in a loop, because the unrolled code
/// would have a copy of the varint code for each.
impl Serialize for Statistics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts = self.counts();
        if serializer.is_human_readable() {
            let mut fields = serializer.serialize_struct("Statistics", counts.len())?;
            for (name, count) in Self::NAMES.into_iter().zip(counts) {
                fields.serialize_field(name, &count)?;
            }
            fields.end()
        } else {
            let mut fields = serializer.serialize_tuple(counts.len())?;
            for count in counts {
                fields.serialize_element(&count)?;
            }
            fields.end()
        }
    }
}
