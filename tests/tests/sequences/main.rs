//! Tests streams, feeds and blocks over bad links and through resets: they arrive complete and
//! once, or end in an error that says so.

mod blocks;
mod streams;
