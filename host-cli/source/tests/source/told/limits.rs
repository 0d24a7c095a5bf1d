//! Limits, some of which are computed.

pub const MOST: usize = 16;
pub const TWICE: usize = 2 * self::inner::SAME - (1 << 3) / 4;
pub const FEW: usize = 0x3;

pub mod inner {
    pub const SAME: usize = super::MOST % 17;
    pub type Name = heapless::String<SAME>;
}
