//! Lets negative numbers of every notation be arguments: `-5`, `-0xff`, `-inf`.
//!
//! clap can take `-5` for an argument, but `-inf` only together with everything else that begins
//! with a hyphen, including options after the arguments. So those words are marked before clap sees
//! them. No option begins with a digit or is called `inf`.

use std::convert::Infallible;
use std::ffi::OsString;

/// The first character of a marked word. No word from outside can contain it.
const MARK: char = '\0';

/// Marks the negative numbers among the words of a command line.
pub fn marked(words: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    words.map(|word| match word.to_str() {
        Some(text) if is_negative(text) => format!("{MARK}{text}").into(),
        _ => word,
    })
}

/// Returns a word without its mark.
pub fn unmarked(word: &str) -> Result<String, Infallible> {
    Ok(word.strip_prefix(MARK).unwrap_or(word).to_owned())
}

fn is_negative(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|number| {
        let names = ["inf", "infinity", "nan"];
        number.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            || names.iter().any(|name| number.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_numbers_are_told_from_options() {
        for word in ["-5", "-.5", "-1e9", "-0xff", "-1_000", "-inf", "-NaN"] {
            assert!(is_negative(word), "{word}");
        }
        for word in ["-", "--", "-p", "-c5", "--5", "5", "-i", "--inf", ""] {
            assert!(!is_negative(word), "{word}");
        }
    }

    #[test]
    fn a_word_comes_out_as_it_went_in() {
        let words = ["call", "-inf", "--json", "-5"].map(OsString::from);
        let back: Vec<String> = marked(words.into_iter())
            .map(|word| unmarked(word.to_str().unwrap()).unwrap())
            .collect();
        assert_eq!(back, ["call", "-inf", "--json", "-5"]);
    }
}
