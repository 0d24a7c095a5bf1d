//! The wire: bytes to frames, frames to messages (PROTOCOL.md, "Frames" and "Messages").
//!
//! Nothing here knows of sessions, procedures or links.

pub mod crc;
pub(crate) mod decode;
pub(crate) mod encode;
pub mod frame;
pub mod message;
pub mod seal;
