//! Traces: shows the traffic of a link in words.
//!
//! A [`Decoder`] turns the bytes of both directions into [`Event`]s. The bytes come from a link
//! while calls are made, or from a [`capture`] of an earlier conversation.

pub mod capture;
mod decoder;
mod direction;
mod event;
mod pieces;
mod seals;

pub use decoder::Decoder;
pub use direction::Direction;
pub use event::{Event, Frame, Happening};
pub use pieces::{Piece, Pieces};
pub use seals::Seals;
