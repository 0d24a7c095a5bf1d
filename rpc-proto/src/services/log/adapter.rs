//! From the crate `log`, which libraries and firmware log through, to events.

use super::{Level, LogRecord};
use crate::events::Emit;
use core::fmt::{self, Write};
use heapless::String;
use log::{LevelFilter, Metadata, Record};

/// What stands at the end of a text that is longer than there is room for.
const CUT: char = '…';

/// Tells of what is logged through the crate `log`.
///
/// `E` is where the events go, a reference to an [`EventQueue`](crate::events::EventQueue); `TEXT` is
/// how many bytes a line may have. A longer one is cut at a character, and ends in `…`. A line,
/// together with its target, must fit a frame of the server's; what does not is counted as lost.
///
/// Logging never waits: while nobody has subscribed the text is not even formatted, and what finds the
/// queue full is dropped and counted. It takes `TEXT` bytes of stack, and may be done in an interrupt.
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
    /// A logger of what matters at least as much as `most`.
    pub const fn new(events: E, most: LevelFilter) -> Self {
        Self { events, most }
    }
}

#[cfg(target_has_atomic = "ptr")]
impl<E: Emit + Send + Sync, const TEXT: usize> EventLogger<E, TEXT> {
    /// Makes this the logger of the program.
    ///
    /// A processor that cannot compare and swap, such as a Cortex-M0, has `log::set_logger_racy`
    /// instead, and `log::set_max_level_racy`.
    ///
    /// # Errors
    /// When there is another already.
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
        // It fails where the text is cut.
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

/// As much of a text as there is room for.
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

    /// Keeps the encoded events, if somebody listens.
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

    /// What a logger with room for 8 bytes says of these texts, level and target first.
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
