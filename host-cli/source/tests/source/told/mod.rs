//! A service whose docs and limits are written in every way.

mod limits;

use self::limits as most;
use heapless::{String as Text, Vec};
use limits::*;
use rpc_proto::Schema;
use serde::{Deserialize, Serialize};

/// A comment of several lines,
/// with letters beyond ASCII — ä, 漢, 🦀 — and more than 127 bytes long, so that its length takes
/// two bytes.
///
/// It has an empty line, too.
#[rpc_proto::service]
pub trait Told {
    /** Framed
     *  by stars. */
    fn stars(&mut self, name: Text<8>);
    #[doc = include_str!("described.md")]
    fn included(&mut self, list: Vec<Side, MOST>) -> Vec<u8, { most::TWICE }>;
    /// Before
    #[doc = concat!("said ", "in ", 2, " parts")]
    /// after.
    fn joined(
        &mut self,
        list: Vec<Side, { MOST + 1 }>,
        text: heapless::String<{ super::told::limits::TWICE }>,
    );
    /// Says\
    /// "much" \
    fn own_text(&mut self, #[allow(unused)] array: [Side; most::FEW]) -> most::inner::Name;
}

/// A side.
#[derive(Serialize, Deserialize, Schema)]
pub enum Side {
    /// To the left.
    Left,
    Right,
}

impl Told for () {
    fn stars(&mut self, _: Text<8>) {}
    fn included(&mut self, _: Vec<Side, MOST>) -> Vec<u8, { most::TWICE }> {
        Vec::new()
    }
    fn joined(&mut self, _: Vec<Side, { MOST + 1 }>, _: heapless::String<{ limits::TWICE }>) {}
    fn own_text(&mut self, _: [Side; most::FEW]) -> most::inner::Name {
        Text::new()
    }
}
