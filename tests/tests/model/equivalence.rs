//! Checks what the search relies on: that states which hash the same do the same.
//!
//! The ends of a session leave out of their hashes what decides nothing: counts, places in rings,
//! bytes that are done with. Here states are told apart by all that they consist of, as their
//! `Debug` shows it, and those of the same hash must allow the same steps, to states of the same
//! hashes again. By induction they then do the same for ever.

use crate::search::{Model, hash};
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;

/// Looks at every state that can be reached, and tells how many there are and how many hashes.
pub fn check_equivalence<M: Model + Debug>(start: M) -> (usize, usize) {
    let mut seen = HashSet::from([hash(&format!("{start:?}"))]);
    let mut classes = HashMap::new();
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        let mut outcomes = Vec::new();
        for step in state.steps() {
            let mut next = state.clone();
            let taken = next.take(step);
            outcomes.push((step, taken, hash(&next)));
            if seen.insert(hash(&format!("{next:?}"))) {
                open.push(next);
            }
        }
        let outcomes_of_same = classes
            .entry(hash(&state))
            .or_insert_with(|| outcomes.clone());
        assert_eq!(
            *outcomes_of_same, outcomes,
            "differs from a state of its hash: {state:?}"
        );
    }
    (seen.len(), classes.len())
}
