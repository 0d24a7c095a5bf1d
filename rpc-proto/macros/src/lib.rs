//! The `#[service]` attribute of `rpc-proto`.
