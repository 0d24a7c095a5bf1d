//! The tables of batches: what a device answers.

use crate::end;
use crate::messages::{PROTOCOL, hex, unhex};

/// Checks the table of batches behind that text.
fn check_batches(of: &str, answer: impl Fn(&[u8]) -> Vec<u8>) {
    let (_, table) = PROTOCOL.split_once(of).unwrap();
    let batches = table.lines().skip_while(|line| !line.starts_with('|'));
    let batches = batches
        .take_while(|line| line.starts_with('|'))
        .filter(|line| line.starts_with("| position "));
    let batches: Vec<Vec<&str>> = batches
        .map(|line| {
            line.split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect()
        })
        .collect();
    assert_eq!(batches.len(), 5);
    for cells in batches {
        assert_eq!(hex(&answer(&unhex(cells[2]))), cells[3], "{}", cells[1]);
    }
}

#[test]
fn batches_of_a_stream_have_the_bytes_given() {
    check_batches("\nOf `counter.up", end::counter);
}

#[test]
fn batches_of_a_moving_stream_have_the_bytes_given() {
    check_batches("\nOf `ring.last", end::ring);
}

#[test]
fn a_feeds_call_has_the_bytes_given() {
    let (_, rest) = PROTOCOL.split_once("\nbody `").unwrap();
    let (body, _) = rest.split_once('`').unwrap();
    let encoded = postcard::to_allocvec(&(9_u16, 3_u8, &[1_u16, 300][..])).unwrap();
    assert_eq!(unhex(body), encoded);
    assert_eq!(
        end::counter(&encoded),
        postcard::to_allocvec(&903_u32).unwrap()
    );
}
