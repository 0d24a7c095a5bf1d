//! Call procedures of a microcontroller from the host.
