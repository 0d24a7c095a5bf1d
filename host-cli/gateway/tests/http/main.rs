//! Tests the gateway's HTTP: what clients of every kind get, and that hostile ones harm no other.

mod bench;
mod blocks;
mod calls;
mod events;
mod hostile;
mod keys;
mod lines;
mod safety;
