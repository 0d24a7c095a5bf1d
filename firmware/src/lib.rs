//! The calculator itself.
#![no_std]
