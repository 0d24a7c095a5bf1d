//! Converts floating-point numbers to text and to JSON, which has no NaN and no infinities.

use serde_json::{Number, Value};

/// The two types of floating-point numbers.
pub(crate) trait Float: Copy {
    /// Reads a JSON number or a string, if it is within range.
    fn from_json(value: &Value) -> Option<Self>;

    /// Reads a word, if it is a number within range.
    fn from_text(text: &str) -> Option<Self>;

    /// Returns a JSON number, or one of the strings `nan`, `inf` and `-inf`.
    fn to_json(self) -> Value;
}

impl Float for f64 {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => Self::from_text(text),
            _ => None,
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| {
            // Infinity must be written as such: digits that round to it are out of range.
            number.is_finite() || !text.contains(|c: char| c.is_ascii_digit())
        })
    }

    fn to_json(self) -> Value {
        match Number::from_f64(self) {
            Some(number) => Value::Number(number),
            None if self.is_nan() => "nan".into(),
            None if self > 0.0 => "inf".into(),
            None => "-inf".into(),
        }
    }
}

impl Float for f32 {
    fn from_json(value: &Value) -> Option<Self> {
        let wide = f64::from_json(value)?;
        let narrow = wide as Self;
        (narrow.is_finite() || !wide.is_finite()).then_some(narrow)
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::from_json(&f64::from_text(text)?.to_json())
    }

    fn to_json(self) -> Value {
        // The shortest digits, unless reading them through an f64 would round twice.
        let shortest = format!("{self:e}").parse::<f64>().ok();
        shortest
            .filter(|wide| *wide as Self == self)
            .unwrap_or(self.into())
            .to_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_f32_shows_its_own_digits() {
        assert_eq!(1.1_f32.to_json().to_string(), "1.1");
        assert_eq!(f32::MAX.to_json().to_string(), "3.4028235e+38");
        assert_eq!((-0.0_f32).to_json().to_string(), "-0.0");
    }

    #[test]
    fn an_f32_whose_digits_would_round_twice_shows_more_of_them() {
        let number = 7.038_531e-26_f32;
        assert_ne!(7.038_531e-26_f64 as f32, number);
        assert_eq!(f32::from_json(&number.to_json()), Some(number));
    }

    #[test]
    fn what_json_lacks_has_a_name() {
        for (number, name) in [
            (f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(number.to_json(), name);
            assert_eq!((number as f32).to_json(), name);
            let back = f64::from_text(name).unwrap();
            assert!(back == number || back.is_nan() && number.is_nan());
        }
    }

    #[test]
    fn a_number_out_of_range_is_refused_rather_than_infinite() {
        assert_eq!(f64::from_text("1e400"), None);
        assert_eq!(f32::from_text("1e39"), None);
        assert_eq!(f32::from_json(&1e39.into()), None);
        assert_eq!(f32::from_text("inf"), Some(f32::INFINITY));
    }
}
