//! Reads times as people write them.

use std::time::Duration;

/// The longest time, some 30 years: it can be added to any point in time.
pub const LONGEST: Duration = Duration::from_secs(1_000_000_000);

/// Reads a time: a number of seconds, such as `0.5`, or one with a unit, such as `100ms`. A longer
/// time than anybody waits becomes [`LONGEST`].
///
/// # Errors
/// Fails with a message for the user if the text is no time, or none that passes.
pub fn seconds(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, f64); 4] = [("ms", 1e-3), ("min", 60.0), ("s", 1.0), ("h", 3600.0)];
    let number_and_unit = |(unit, seconds)| Some((text.strip_suffix(unit)?, seconds));
    let units = UNITS.into_iter();
    let (number, unit) = units
        .filter_map(number_and_unit)
        .next()
        .unwrap_or((text, 1.0));
    let number: f64 = number.trim_end().parse().map_err(|_| {
        "expected a number of seconds, such as 0.5, or a time such as 100ms".to_owned()
    })?;
    if !number.is_finite() {
        return Err("expected a number of seconds that ends".to_owned());
    }
    let seconds = (number * unit).min(LONGEST.as_secs_f64());
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("expected more than 0 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_time_is_some_seconds_or_has_a_unit() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(seconds("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("2min"), Ok(Duration::from_secs(120)));
        assert_eq!(seconds("1h"), Ok(Duration::from_secs(3600)));
        for text in ["0", "-1", "nan", "inf", "1m", "ms", "0ms", "1e-30", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_that_outlasts_everybody_can_still_be_added_to_a_point_in_time() {
        for text in ["1e19", "1e300h", "1e308"] {
            assert_eq!(seconds(text), Ok(LONGEST), "{text}");
            assert!(Instant::now().checked_add(LONGEST + LONGEST).is_some());
        }
    }
}
