//! Pieces that the tests share.
