//! Exhaustive search, breadth first, so that a counterexample is a shortest one.
//!
//! It is not `stateright`, whose `eventually` overlooks cycles: one property to be shown is that
//! every call ends, rather than being sent for ever. Here the graph of states is kept, and must
//! have no cycle. As there, a state is remembered by its 64-bit hash; the chance that two of ten
//! million coincide, and a state is overlooked, is three in a million.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The name of a property that does not hold.
pub type Violation = &'static str;

/// A system that takes steps. States with the same hash are one.
pub trait Model: Clone + Hash {
    /// A step.
    type Step: Copy + PartialEq + fmt::Debug;

    /// Returns the possible next steps.
    fn steps(&self) -> Vec<Self::Step>;

    /// Takes the step.
    fn take(&mut self, step: Self::Step) -> Result<(), Violation>;

    /// Returns true if nothing more has to happen.
    fn is_over(&self) -> bool;
}

/// The size of the search.
#[derive(Clone, Copy, Debug)]
pub struct Explored {
    pub states: usize,
    pub steps: usize,
    /// The number of steps to the farthest state.
    pub depth: usize,
}

impl fmt::Display for Explored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            states,
            steps,
            depth,
        } = self;
        write!(
            formatter,
            "{states} states, {steps} steps between them, {depth} deep"
        )
    }
}

/// A schedule that breaks a property.
#[derive(Debug)]
pub struct Counterexample<S> {
    pub violated: Violation,
    pub schedule: Vec<S>,
}

impl<S: fmt::Debug> fmt::Display for Counterexample<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "violated: {}", self.violated)?;
        for (number, step) in self.schedule.iter().enumerate() {
            writeln!(formatter, "{:4}. {step:?}", number + 1)?;
        }
        Ok(())
    }
}

/// Visits every reachable state.
pub fn explore<M: Model>(start: M) -> Result<Explored, Counterexample<M::Step>> {
    let mut graph = Graph::new(&start);
    let mut level = vec![(0, start)];
    let mut depth = 0;
    loop {
        let mut next_level = Vec::new();
        for (from, state) in level {
            let steps = state.steps();
            if steps.is_empty() && !state.is_over() {
                return Err(graph.counterexample("every call ends", from, None));
            }
            for step in steps {
                let mut state = state.clone();
                if let Err(violated) = state.take(step) {
                    return Err(graph.counterexample(violated, from, Some(step)));
                }
                if let Some(new) = graph.add(from, step, &state) {
                    next_level.push((new, state));
                }
            }
        }
        if next_level.is_empty() {
            break;
        }
        level = next_level;
        depth += 1;
    }
    if let Some(within) = graph.cycle() {
        return Err(graph.counterexample("nothing repeats for ever", within, None));
    }
    Ok(Explored {
        states: graph.reached_by.len(),
        steps: graph.edges.len(),
        depth,
    })
}

/// The states, numbered as they are found, and the steps between them.
struct Graph<S> {
    numbers: HashMap<u64, u32>,
    /// The state and the step that first led to each state.
    reached_by: Vec<Option<(u32, S)>>,
    edges: Vec<(u32, u32)>,
}

impl<S: Copy> Graph<S> {
    fn new<M: Hash>(start: &M) -> Self {
        Self {
            numbers: HashMap::from([(hash(start), 0)]),
            reached_by: vec![None],
            edges: Vec::new(),
        }
    }

    /// Adds a step, and returns the number of the state that it leads to if that is new.
    fn add<M: Hash>(&mut self, from: u32, step: S, to: &M) -> Option<u32> {
        let new = self.reached_by.len() as u32;
        let to = *self.numbers.entry(hash(to)).or_insert(new);
        self.edges.push((from, to));
        if to < new {
            return None;
        }
        self.reached_by.push(Some((from, step)));
        Some(new)
    }

    /// Returns the steps that lead from the start to a state, and one more.
    fn counterexample(
        &self,
        violated: Violation,
        mut state: u32,
        last: Option<S>,
    ) -> Counterexample<S> {
        let mut schedule = Vec::from_iter(last);
        while let Some((from, step)) = self.reached_by[state as usize] {
            schedule.push(step);
            state = from;
        }
        schedule.reverse();
        Counterexample { violated, schedule }
    }

    /// Returns a state in or behind a cycle, if there is one. Removes states that no step leads to
    /// as long as there are any; a state that remains is the result.
    fn cycle(&mut self) -> Option<u32> {
        self.edges.sort_unstable();
        let mut entries = vec![0_u32; self.reached_by.len()];
        for &(_, to) in &self.edges {
            entries[to as usize] += 1;
        }
        let mut free = if entries[0] == 0 { vec![0] } else { vec![] };
        while let Some(state) = free.pop() {
            let first = self.edges.partition_point(|&(from, _)| from < state);
            for &(_, to) in self.edges[first..]
                .iter()
                .take_while(|edge| edge.0 == state)
            {
                entries[to as usize] -= 1;
                if entries[to as usize] == 0 {
                    free.push(to);
                }
            }
        }
        let left = entries.iter().position(|&count| count > 0)?;
        u32::try_from(left).ok()
    }
}

/// Returns the hash by which a state is remembered.
pub fn hash<M: Hash>(state: &M) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
