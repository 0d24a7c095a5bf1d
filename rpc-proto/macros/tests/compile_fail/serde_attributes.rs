use rpc_proto::Schema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize, Schema)]
#[serde(into = "u8", from = "u8")]
struct Percent(u16);

impl From<Percent> for u8 {
    fn from(percent: Percent) -> u8 {
        percent.0 as u8
    }
}

impl From<u8> for Percent {
    fn from(percent: u8) -> Self {
        Self(percent.into())
    }
}

#[derive(Serialize, Deserialize, Schema)]
enum Side {
    #[serde(skip)]
    Nowhere,
    Left,
    #[serde(rename = "Straight")]
    Right,
}

#[derive(Serialize, Deserialize, Schema)]
#[serde(untagged, rename_all = "lowercase")]
enum Level {
    Percent(u8),
    Steps {
        #[serde(skip_serializing_if = "Option::is_none")]
        up: Option<u8>,
    },
}

fn main() {}
