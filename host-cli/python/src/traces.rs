//! The traffic of a link in words, for the report of a test that failed.

use serial_rpc::link::Tap;
use serial_rpc::trace::Decoder;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The number of lines that are kept, the newest.
const KEPT: usize = 200;

/// A trace of what passed on a link, in lines.
#[derive(Clone)]
pub struct Trace(Arc<Mutex<Recorded>>);

struct Recorded {
    decoder: Decoder,
    lines: VecDeque<String>,
}

impl Trace {
    /// Creates a trace of nothing. The device's description is learned when it passes.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Recorded {
            decoder: Decoder::default(),
            lines: VecDeque::new(),
        })))
    }

    /// Returns the tap that records what passes.
    pub fn tap(&self) -> Tap {
        let trace = self.clone();
        Arc::new(move |direction, bytes: &[u8]| {
            let mut recorded = trace.recorded();
            for event in recorded.decoder.take(direction, bytes) {
                if recorded.lines.len() == KEPT {
                    recorded.lines.pop_front();
                }
                recorded.lines.push_back(event.to_string());
            }
        })
    }

    /// Returns the newest lines, from the oldest.
    pub fn lines(&self) -> Vec<String> {
        self.recorded().lines.iter().cloned().collect()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
