//! Summarises samples without losing them to rounding, overflow or underflow.
//!
//! The textbook's `Σx² - (Σx)²/n` cancels catastrophically, and squares leave the range of `f64`
//! long before the samples do. So the samples are scaled by a power of two, without relevant
//! rounding, until the largest lies between 0.5 and 1; then the deviations from the mean are
//! squared, not the samples. The result is right to a few units in the last place for all finite
//! samples, and the mean never lies outside of them.
//!
//! Infinite samples are included in the minimum, the maximum and the mean, which is NaN if there
//! are infinities of both signs; the deviation is NaN then. One NaN makes all four NaN.

use crate::interface::{MathError, Summary};

/// Summarises samples; fails if there are none. The interface allows at most 16, so that they can
/// be counted in `u8`.
pub fn summarise(samples: &[f64]) -> Result<Summary, MathError> {
    let count = u8::try_from(samples.len()).unwrap_or(u8::MAX);
    let (&first, rest) = samples.split_first().ok_or(MathError::NoSamples)?;
    let (min, max) = rest.iter().fold((first, first), |(min, max), &sample| {
        (lesser(min, sample), greater(max, sample))
    });
    let (mean, deviation) = if min.is_finite() && max.is_finite() {
        moments(samples, f64::from(count), min, max)
    } else {
        // The infinity, or NaN if there is one of either sign; NaN stays NaN.
        (min + max, f64::NAN)
    };
    Ok(Summary {
        count,
        min,
        max,
        mean,
        deviation,
    })
}

/// Returns the mean and the standard deviation of `count` finite samples between `min` and `max`.
fn moments(samples: &[f64], count: f64, min: f64, max: f64) -> (f64, f64) {
    let (_, exponent) = libm::frexp(greater(-min, max));
    let scaled = || samples.iter().map(|&x| libm::scalbn(x, -exponent));

    let estimate = scaled().sum::<f64>() / count;
    // The estimate is rounded; the sum of the deviations from it is its error.
    let error = scaled().map(|x| x - estimate).sum::<f64>();
    let squares = scaled()
        .map(|x| (x - estimate) * (x - estimate))
        .sum::<f64>();
    let variance = greater(0.0, (squares - error * error / count) / count);

    let mean = libm::scalbn(estimate + error / count, exponent);
    let deviation = libm::scalbn(libm::sqrt(variance), exponent);
    (lesser(greater(mean, min), max), deviation)
}

/// Returns the lesser of both, or NaN if either is, where `f64::min` would hide it.
fn lesser(x: f64, y: f64) -> f64 {
    if x < y || x.is_nan() { x } else { y }
}

/// Returns the greater of both, or NaN if either is, where `f64::max` would hide it.
fn greater(x: f64, y: f64) -> f64 {
    if x > y || x.is_nan() { x } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(samples: &[f64]) -> Summary {
        summarise(samples).expect("there are samples")
    }

    #[test]
    fn the_samples_are_counted_bounded_and_averaged() {
        let expected = Summary {
            count: 8,
            min: 2.0,
            max: 9.0,
            mean: 5.0,
            deviation: 2.0,
        };
        assert_eq!(summary(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), expected);
    }

    #[test]
    fn no_samples_are_an_error() {
        assert_eq!(summarise(&[]), Err(MathError::NoSamples));
    }

    #[test]
    fn a_single_sample_does_not_deviate() {
        for sample in [-3.5, 0.0, f64::MAX, f64::MIN_POSITIVE] {
            let summary = summary(&[sample]);
            assert_eq!(
                (summary.min, summary.max, summary.mean, summary.deviation),
                (sample, sample, sample, 0.0)
            );
        }
    }

    #[test]
    fn a_large_offset_does_not_drown_the_deviation() {
        let summary = summary(&[1e16, 1e16 + 2.0]);
        assert_eq!(summary.deviation, 1.0);
    }

    #[test]
    fn samples_at_the_ends_of_the_range_do_not_overflow() {
        let spread = summary(&[f64::MAX, f64::MIN]);
        assert_eq!((spread.mean, spread.deviation), (0.0, f64::MAX));
        let equal = summary(&[f64::MAX; 16]);
        assert_eq!((equal.mean, equal.deviation), (f64::MAX, 0.0));
    }

    #[test]
    fn the_smallest_samples_do_not_underflow() {
        let summary = summary(&[1e-320, 3e-320]);
        assert_eq!(summary.mean, 2e-320);
        assert_eq!(summary.deviation, 1e-320);
    }

    #[test]
    fn the_mean_lies_between_the_extremes() {
        let summary = summary(&[0.1; 7]);
        assert_eq!((summary.mean, summary.deviation), (0.1, 0.0));
    }

    #[test]
    fn infinite_samples_show_in_all_but_the_deviation() {
        let positive = summary(&[1.0, f64::INFINITY, 2.0]);
        assert_eq!(
            (positive.min, positive.max, positive.mean),
            (1.0, f64::INFINITY, f64::INFINITY)
        );
        assert!(positive.deviation.is_nan());

        let both = summary(&[f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!((both.min, both.max), (f64::NEG_INFINITY, f64::INFINITY));
        assert!(both.mean.is_nan() && both.deviation.is_nan());
    }

    #[test]
    fn one_nan_makes_everything_but_the_count_nan() {
        for samples in [
            [f64::NAN, 1.0, 2.0],
            [1.0, f64::NAN, 2.0],
            [1.0, 2.0, f64::NAN],
        ] {
            let summary = summary(&samples);
            assert_eq!(summary.count, 3);
            for value in [summary.min, summary.max, summary.mean, summary.deviation] {
                assert!(value.is_nan(), "{samples:?} gave {summary:?}");
            }
        }
    }
}
