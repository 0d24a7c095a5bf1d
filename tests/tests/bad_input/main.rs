//! Whatever arrives, in whatever pieces: neither end panics, no procedure runs for a frame that
//! does not check, and both ends work again as soon as the line does.

mod caller;
mod device;
mod line;
