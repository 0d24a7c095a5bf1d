//! Shows the traffic of a link while a command runs (`-v`, `-vv`), and records it (`--capture`).

use crate::failure::Failure;
use anstream::eprintln;
use serial_rpc::cache::Cache;
use serial_rpc::link::Tap;
use serial_rpc::trace::capture::Record;
use serial_rpc::trace::{Decoder, Direction, Event, Frame, Happening};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Returns the tap that the options ask for, if any. The traffic of devices in the cache is shown
/// in words.
pub fn tap(
    verbosity: u8,
    capture: Option<&Path>,
    cache: Option<Cache>,
) -> Result<Option<Tap>, Failure> {
    let capture = match capture {
        Some(path) => {
            let file = File::create(path);
            Some(file.map_err(|error| Failure::unwritable(path.display(), error))?)
        }
        None if verbosity == 0 => return Ok(None),
        None => None,
    };
    let tapping = Mutex::new(Tapping {
        started: Instant::now(),
        verbosity,
        capture,
        decoder: decoder(cache),
    });
    Ok(Some(Arc::new(move |direction, bytes: &[u8]| {
        let mut tapping = tapping.lock().unwrap_or_else(PoisonError::into_inner);
        tapping.take(direction, bytes);
    })))
}

/// Returns a decoder that knows the devices in the cache.
pub fn decoder(cache: Option<Cache>) -> Decoder {
    Decoder::new(move |fingerprint| {
        let cached = cache.as_ref()?.with_fingerprint(fingerprint)?;
        Some(Arc::new(cached.description))
    })
}

struct Tapping {
    started: Instant,
    verbosity: u8,
    capture: Option<File>,
    decoder: Decoder,
}

impl Tapping {
    fn take(&mut self, direction: Direction, bytes: &[u8]) {
        let record = Record {
            time: Some(self.started.elapsed().as_secs_f64()),
            direction,
            bytes: bytes.to_vec(),
        };
        if let Some(file) = &mut self.capture
            && let Err(error) = writeln!(file, "{record}")
        {
            // A full disk is no reason to abort a call.
            eprintln!("the capture ends here: {error}");
            self.capture = None;
        }
        if self.verbosity > 1 {
            eprintln!("\x1b[2m{record}\x1b[0m");
        }
        for event in self.decoder.take(direction, bytes) {
            self.show(record.time, &event);
        }
    }

    fn show(&self, time: Option<f64>, event: &Event) {
        if self.verbosity > 0 {
            eprintln!("{}", line(time, event));
        }
    }
}

impl Drop for Tapping {
    fn drop(&mut self) {
        for event in self.decoder.finish() {
            self.show(None, &event);
        }
    }
}

/// Returns a line of a trace; errors are red.
pub fn line(time: Option<f64>, event: &Event) -> String {
    let time = time.map_or_else(String::new, |time| format!("{time:.3}"));
    let colour = match &event.happening {
        Happening::Broken(_) | Happening::Frame(Frame { spoilt: true, .. }) => "\x1b[31m",
        Happening::Frame(Frame { again: true, .. }) => "\x1b[33m",
        Happening::Text(_) => "\x1b[36m",
        Happening::Frame(_) => "",
    };
    format!("{time:>9} {colour}{event}\x1b[0m")
}
