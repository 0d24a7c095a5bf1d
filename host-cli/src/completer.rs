//! Completes words in a shell when the user presses Tab: available ports, and procedures of known
//! devices. No device is asked.

use crate::target::SIMULATED;
use clap_complete::CompletionCandidate;
use serial_rpc::cache::Cache;
use serial_rpc::description::Procedure;
use serial_rpc::port::serial_ports;
use std::collections::BTreeMap;
use std::ffi::OsStr;

/// Returns the ports that begin with this text.
pub fn ports(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    serial_ports()
        .into_iter()
        .filter(|port| port.path.starts_with(&*begun))
        .map(|port| {
            let help = port.usb.as_ref().map(ToString::to_string);
            CompletionCandidate::new(port.path).help(help.map(Into::into))
        })
        .chain(
            SIMULATED
                .starts_with(&*begun)
                .then(|| CompletionCandidate::new(SIMULATED)),
        )
        .collect()
}

/// Returns the procedures whose path begins with this text: those that can be called.
pub fn procedures(begun: &OsStr) -> Vec<CompletionCandidate> {
    candidates(begun, |procedure| !procedure.is_event())
}

/// Returns the procedures and events whose path begins with this text.
pub fn procedures_and_events(begun: &OsStr) -> Vec<CompletionCandidate> {
    candidates(begun, |_| true)
}

fn candidates(begun: &OsStr, is_meant: fn(&Procedure) -> bool) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let known = Cache::of_user().map(|cache| cache.all());
    let known = known.iter().flatten();
    let procedures = known.flat_map(|cached| cached.description.procedures());
    // Versions of one firmware share most of their procedures. The first is of the most recently
    // used one.
    let mut signatures = BTreeMap::new();
    for procedure in procedures.filter(|procedure| is_meant(procedure)) {
        if procedure.path.starts_with(&*begun) {
            let signature = || procedure.signature();
            signatures.entry(&procedure.path).or_insert_with(signature);
        }
    }
    signatures
        .into_iter()
        .map(|(path, signature)| CompletionCandidate::new(path).help(Some(signature.into())))
        .collect()
}
