//! Reads any bytes as a description: they are read or refused, and a description that was read can
//! be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serial_rpc_values::description::Description;

fuzz_target!(|bytes: &[u8]| {
    let Ok(description) = Description::read(bytes) else {
        return;
    };
    for procedure in description.procedures() {
        assert!(!procedure.signature().to_string().is_empty());
        for ty in procedure.named_types() {
            assert!(!ty.definition().to_string().is_empty());
        }
        assert!(description.procedure(&procedure.path).is_ok());
    }
});
