//! Checks the assumption of the search: states with the same hash behave the same.
//!
//! The ends of a session leave everything without effect out of their hashes: counts, places in
//! rings, bytes that are done with. Here states are distinguished by their whole content, as their
//! `Debug` shows it. Those of the same hash must allow the same steps, to states of the same hashes
//! again. By induction they then behave the same for ever.

use crate::search::{Model, hash};
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;

/// Visits every reachable state, and returns the number of states and of hashes.
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
