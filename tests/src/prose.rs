//! Numbers as the documents write them.

use std::fmt::Display;

/// Returns the whole number with a comma between groups of three digits.
#[must_use]
pub fn grouped(number: impl Display) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_are_grouped_from_the_end() {
        let numbers = [0, 999, 1_000, 13_163_468].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "13,163,468"]);
    }
}
