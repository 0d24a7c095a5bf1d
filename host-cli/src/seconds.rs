//! Reads times as people write them.

use std::time::Duration;

/// Reads a time: a number of seconds, such as `0.5`, or one with a unit, such as `100ms`.
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
    match Duration::try_from_secs_f64(number * unit) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("expected more than 0 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_some_seconds_or_has_a_unit() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(seconds("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("2min"), Ok(Duration::from_secs(120)));
        assert_eq!(seconds("1h"), Ok(Duration::from_secs(3600)));
        for text in ["0", "-1", "nan", "inf", "1e300", "1m", "ms", "0ms", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
