//! From the crate `log`, which libraries and firmware log through, to events.

use super::{Level, LogRecord};
use crate::events::Emit;
use core::fmt::{self, Write};
use heapless::String;
use log::{LevelFilter, Metadata, Record};

/// The end of a text that was cut because it is too long.
const CUT: char = '…';

/// A logger that sends the records of the crate `log` as events.
///
/// `E` is the destination of the events, a reference to an [`EventQueue`](crate::events::EventQueue);
/// `TEXT` is the maximum number of bytes of a line. A longer one is cut at a character, and ends in
/// `…`. A line that does not fit a frame of the server together with its target is counted as lost.
///
/// Logging never waits: without a subscription the text is not even formatted, and if the queue is
/// full, the line is dropped and counted. It takes `TEXT` bytes of stack, and may be used in an
/// interrupt.
///
/// ```
/// use rpc_proto::events::EventQueue;
/// use rpc_proto::services::log::EventLogger;
/// use log::LevelFilter;
///
/// static EVENTS: EventQueue<1024> = EventQueue::new();
/// static LOGGER: EventLogger<&EventQueue<1024>> = EventLogger::new(&EVENTS, LevelFilter::Info);
///
/// LOGGER.install().expect("there is no other logger");
/// log::warn!(target: "pump", "it runs dry after {} s", 12);
/// ```
#[derive(Debug)]
pub struct EventLogger<E, const TEXT: usize = 96> {
    events: E,
    most: LevelFilter,
}

impl<E, const TEXT: usize> EventLogger<E, TEXT> {
    /// Creates a logger of records whose level is at most `most`.
    pub const fn new(events: E, most: LevelFilter) -> Self {
        Self { events, most }
    }
}

#[cfg(target_has_atomic = "ptr")]
impl<E: Emit + Send + Sync, const TEXT: usize> EventLogger<E, TEXT> {
    /// Makes this the logger of the program.
    ///
    /// For a processor without compare-and-swap, such as a Cortex-M0, use `log::set_logger_racy` and
    /// `log::set_max_level_racy` instead.
    ///
    /// # Errors
    /// Fails if there is another logger already.
    pub fn install(&'static self) -> Result<(), log::SetLoggerError> {
        log::set_logger(self)?;
        log::set_max_level(self.most);
        Ok(())
    }
}

impl<E: Emit + Send + Sync, const TEXT: usize> log::Log for EventLogger<E, TEXT> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= self.most && self.events.is_wanted::<LogRecord<'_>>()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut text = Text::<TEXT>(String::new());
        // It fails if the text is cut.
        let _ = text.write_fmt(*record.args());
        self.events.emit(&LogRecord {
            level: record.level().into(),
            target: record.target(),
            text: &text.0,
        });
    }

    fn flush(&self) {}
}

impl From<log::Level> for Level {
    fn from(level: log::Level) -> Self {
        match level {
            log::Level::Error => Self::Error,
            log::Level::Warn => Self::Warn,
            log::Level::Info => Self::Info,
            log::Level::Debug => Self::Debug,
            log::Level::Trace => Self::Trace,
        }
    }
}

/// The part of a text that fits.
struct Text<const BYTES: usize>(String<BYTES>);

impl<const BYTES: usize> Write for Text<BYTES> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.0.push_str(part).is_ok() {
            return Ok(());
        }
        for character in part.chars() {
            if self.0.push(character).is_err() {
                break;
            }
        }
        while self.0.push(CUT).is_err() && self.0.pop().is_some() {}
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::service::Event;
    use log::Log;
    use std::string::ToString;
    use std::sync::Mutex;
    use std::vec::Vec;

    /// Keeps the encoded events if there is a subscription.
    struct Kept {
        events: Mutex<Vec<Vec<u8>>>,
        is_wanted: bool,
    }

    impl Emit for Kept {
        fn emit<E: Event>(&self, event: &E) {
            let encoded = postcard::to_stdvec(event).unwrap();
            self.events.lock().unwrap().push(encoded);
        }

        fn is_wanted<E: Event>(&self) -> bool {
            self.is_wanted
        }
    }

    /// Returns level, target and text as a logger with room for 8 bytes sends them.
    fn logged(
        most: LevelFilter,
        is_wanted: bool,
        lines: &[(log::Level, &str)],
    ) -> Vec<std::string::String> {
        let kept = Kept {
            events: Mutex::default(),
            is_wanted,
        };
        let logger = EventLogger::<_, 8>::new(&kept, most);
        for (level, text) in lines {
            let mut record = Record::builder();
            logger.log(
                &record
                    .level(*level)
                    .target("pump")
                    .args(format_args!("{text}"))
                    .build(),
            );
        }
        let events = kept.events.lock().unwrap();
        let shown = events.iter().map(|event| {
            let LogRecord {
                level,
                target,
                text,
            } = postcard::from_bytes(event).unwrap();
            std::format!("{level:?} {target}: {text}")
        });
        shown.collect()
    }

    #[test]
    fn what_matters_enough_is_told_if_somebody_listens() {
        let lines = [(log::Level::Warn, "dry"), (log::Level::Info, "started")];
        assert_eq!(
            logged(LevelFilter::Info, true, &lines),
            ["Warn pump: dry", "Info pump: started"]
        );
        assert_eq!(logged(LevelFilter::Warn, true, &lines), ["Warn pump: dry"]);
        assert_eq!(logged(LevelFilter::Off, true, &lines), [""; 0]);
        assert_eq!(logged(LevelFilter::Trace, false, &lines), [""; 0]);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_says_so() {
        for (text, cut) in [
            ("12345678", "12345678"),
            ("123456789", "12345…"),
            ("1234567é", "12345…"),
            ("1234éé", "1234éé"),
            ("1234ééé", "1234…"),
            ("ééééé", "éé…"),
        ] {
            let line = "Info pump: ".to_string() + cut;
            assert_eq!(
                logged(LevelFilter::Info, true, &[(log::Level::Info, text)]),
                [line]
            );
        }
    }

    #[test]
    fn nothing_is_written_behind_a_cut() {
        let mut text = Text::<8>(String::new());
        assert!(write!(text, "{}{}", 123_456_789, 0).is_err());
        assert_eq!(text.0, "12345…");
        let mut none = Text::<2>(String::new());
        assert!(write!(none, "123").is_err());
        assert_eq!(none.0, "");
    }
}
