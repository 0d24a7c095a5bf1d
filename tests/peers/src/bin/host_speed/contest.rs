//! Measures several ways to call in turn, so that other load on the machine affects all of them.

use std::time::Instant;

/// The number of times that each is measured.
const ROUNDS: usize = 51;

/// A way to make calls.
pub struct Contender {
    pub name: &'static str,
    /// Prepares everything, and returns a function that makes a number of calls.
    prepare: Box<dyn Fn() -> Box<dyn FnMut(u32)>>,
}

/// The result of a contender.
pub struct Outcome {
    pub name: &'static str,
    /// The median time of a call.
    pub nanos: f64,
    /// The median of the time's ratio to the first contender's in the same round.
    pub ratio: f64,
}

impl Contender {
    pub fn new<C: FnMut(u32) + 'static>(name: &'static str, prepare: fn() -> C) -> Self {
        Self {
            name,
            prepare: Box::new(move || Box::new(prepare())),
        }
    }

    /// Returns a function that makes a number of calls.
    pub fn prepare(&self) -> Box<dyn FnMut(u32)> {
        (self.prepare)()
    }
}

/// Lets each contender make that many calls a round.
pub fn hold(contenders: &[Contender], calls: u32) -> Vec<Outcome> {
    let mut prepared: Vec<_> = contenders.iter().map(Contender::prepare).collect();
    let mut times = vec![Vec::new(); contenders.len()];
    for call in &mut prepared {
        call(calls);
    }
    for _ in 0..ROUNDS {
        for (call, times) in prepared.iter_mut().zip(&mut times) {
            let began = Instant::now();
            call(calls);
            times.push(began.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    let outcome = |(contender, own): (&Contender, &Vec<f64>)| Outcome {
        name: contender.name,
        nanos: median(own.clone()),
        ratio: median(
            own.iter()
                .zip(&times[0])
                .map(|(own, first)| own / first)
                .collect(),
        ),
    };
    contenders.iter().zip(&times).map(outcome).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
