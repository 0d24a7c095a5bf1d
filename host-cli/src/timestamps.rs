//! Formats times of arrival in the styles of common serial terminals.

use chrono::{DateTime, FixedOffset, Local};
use clap::ValueEnum;
use std::time::{Duration, Instant};

/// The format of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// No time.
    None,
    /// The time of day.
    #[value(name = "24hour")]
    Clock,
    /// The time since the start.
    #[value(name = "24hour-start")]
    SinceStart,
    /// The time since the previous one.
    #[value(name = "24hour-delta")]
    SincePrevious,
    /// Date, time and offset from UTC.
    #[value(name = "iso8601")]
    Iso,
}

/// The time of an arrival, by the clock of this machine.
#[derive(Clone, Debug)]
pub struct Moment {
    instant: Instant,
    date: DateTime<FixedOffset>,
}

impl Moment {
    /// Returns the current time.
    pub fn now() -> Self {
        Self {
            instant: Instant::now(),
            date: Local::now().fixed_offset(),
        }
    }

    /// Returns date, time and offset from UTC.
    pub fn iso(&self) -> String {
        self.date.format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }

    /// Returns the seconds since an earlier instant.
    pub fn seconds_since(&self, start: Instant) -> f64 {
        self.instant.duration_since(start).as_secs_f64()
    }
}

/// Formats times in one style.
#[derive(Debug)]
pub struct Timestamps {
    style: Style,
    started: Instant,
    previous: Instant,
}

impl Timestamps {
    /// Starts now.
    pub fn new(style: Style) -> Self {
        let now = Instant::now();
        Self {
            style,
            started: now,
            previous: now,
        }
    }

    /// Returns the time in that style; None if no time is wanted.
    pub fn of(&mut self, moment: &Moment) -> Option<String> {
        let previous = std::mem::replace(&mut self.previous, moment.instant);
        Some(match self.style {
            Style::None => return None,
            Style::Clock => moment.date.format("%H:%M:%S%.3f").to_string(),
            Style::SinceStart => span(moment.instant.duration_since(self.started)),
            Style::SincePrevious => span(moment.instant.duration_since(previous)),
            Style::Iso => moment.iso(),
        })
    }
}

/// Formats hours, minutes, seconds and milliseconds.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let millis = duration.subsec_millis();
    format!("{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_counts_from_the_start_or_from_the_one_before() {
        let after = |timestamps: &Timestamps, millis| Moment {
            instant: timestamps.started + Duration::from_millis(millis),
            date: Local::now().fixed_offset(),
        };
        for (style, shown) in [
            (Style::SinceStart, ["00:00:01.500", "01:02:03.004"]),
            (Style::SincePrevious, ["00:00:01.500", "01:02:01.504"]),
        ] {
            let mut timestamps = Timestamps::new(style);
            let moments = [1_500, 3_723_004].map(|millis| after(&timestamps, millis));
            assert_eq!(moments.map(|moment| timestamps.of(&moment).unwrap()), shown);
        }
    }

    #[test]
    fn a_time_of_day_has_milliseconds_and_a_date_its_offset() {
        let moment = Moment {
            instant: Instant::now(),
            date: "2026-02-03T04:05:06.7891+01:00".parse().unwrap(),
        };
        let shown = |style| Timestamps::new(style).of(&moment);
        assert_eq!(shown(Style::Clock).unwrap(), "04:05:06.789");
        assert_eq!(shown(Style::Iso).unwrap(), "2026-02-03T04:05:06.789+01:00");
        assert_eq!(shown(Style::None), None);
    }
}
