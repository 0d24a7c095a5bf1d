//! What firmware needs to be replaced over the link: the
//! [`Slots`](rpc_proto::services::update::Slots) of a boot loader over any NOR flash, and signatures.
//!
//! - [`EmbassyBoot`](embassy::EmbassyBoot) and [`Mcuboot`](mcuboot::Mcuboot) are the slots of these
//!   boot loaders.
//! - [`Ed25519`](ed25519::Ed25519) (feature `ed25519`) takes the images that are signed with a key.
//!   [`Unsigned`](rpc_proto::services::update::Unsigned) takes anyone's.
//! - [`Blocking`](blocking::Blocking) makes a flash of `embedded-storage` of one of
//!   `embedded-storage-async`.
#![no_std]
#![forbid(unsafe_code)]

pub mod blocking;
#[cfg(feature = "ed25519")]
pub mod ed25519;
pub mod embassy;
mod flash;
pub mod mcuboot;
