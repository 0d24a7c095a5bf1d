//! A service that records its calls.

/// Adds up numbers.
#[rpc_proto::service]
pub trait Tally {
    /// Adds `amount` to the total and returns it.
    fn add(&mut self, amount: u32) -> u32;
    /// Always ends in an error that is the given code.
    fn fail(&mut self, code: u8) -> Result<(), u8>;
    /// As many bytes as asked for, 1000 at most.
    fn fill(&mut self, len: u16) -> &[u8];
}

/// The number of [`Tally::add`].
pub const ADD: u16 = 8;
/// The number of [`Tally::fail`].
pub const FAIL: u16 = 9;
/// The number of [`Tally::fill`].
pub const FILL: u16 = 10;
/// A number that no procedure has.
pub const NO_PROCEDURE: u16 = 11;

/// One procedure that ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// [`Tally::add`] of that amount.
    Add(u32),
    /// [`Tally::fail`] with that code.
    Fail(u8),
    /// [`Tally::fill`] of that length.
    Fill(u16),
}

/// An implementation that remembers every call.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The procedures that ran, in order.
    pub ran: Vec<Ran>,
    total: u32,
}

impl Tally for Ledger {
    fn add(&mut self, amount: u32) -> u32 {
        self.ran.push(Ran::Add(amount));
        self.total = self.total.wrapping_add(amount);
        self.total
    }

    fn fail(&mut self, code: u8) -> Result<(), u8> {
        self.ran.push(Ran::Fail(code));
        Err(code)
    }

    fn fill(&mut self, len: u16) -> &[u8] {
        self.ran.push(Ran::Fill(len));
        &[0x5A; 1000][..usize::from(len.min(1000))]
    }
}
