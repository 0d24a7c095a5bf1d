//! What a device counts of its link.

use postcard_schema::Schema;
use serde::ser::{Serialize, SerializeStruct, SerializeTuple, Serializer};

/// What a device has seen of its link since it started. Each counter wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Statistics {
    /// Frames received whole.
    pub frames: u32,
    /// Frames that did not decode or check.
    pub corrupt: u32,
    /// Frames longer than the longest that the device accepts.
    pub too_long: u32,
    /// Calls that came before one that was lost.
    pub out_of_order: u32,
    /// Calls that had run already and were answered from memory.
    pub duplicates: u32,
    /// Received bytes that there was no room for.
    pub overruns: u32,
}

impl Statistics {
    /// Nothing seen yet.
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

    /// The counters, in the order of their names.
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

/// As the derived implementation would have it. On the wire that is six numbers, written here in a
/// loop: unrolled, it would be a copy of the varint code for each.
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
