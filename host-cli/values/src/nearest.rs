//! Finds existing names similar to one that does not exist.

use strsim::damerau_levenshtein;

/// The most suggestions that are still helpful.
const MOST: usize = 3;

/// Returns the candidates closest to `name` that differ from it by a typing mistake or two.
///
/// Differences in case, or between `-` and `_`, do not count.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let name = folded(name);
    let tolerated = (name.chars().count() + 1) / 3;
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        // The distance is at least the difference in length, which rules out most of them cheaply.
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * tolerated)
        .map(|candidate| (damerau_levenshtein(&name, &folded(candidate)), candidate))
        .filter(|(distance, _)| *distance <= tolerated)
        .collect();
    found.sort();
    found.dedup();
    let least = found.first().map_or(0, |(distance, _)| *distance);
    found
        .into_iter()
        .take_while(|(distance, _)| *distance == least)
        .take(MOST)
        .map(|(_, candidate)| candidate.to_owned())
        .collect()
}

/// Returns the end of an error message: `; did you mean ...?`, or nothing.
pub(crate) fn did_you_mean(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("; did you mean {}?", quoted.join(" or "))
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["add", "sub", "accumulate", "DivideByZero"];

    #[test]
    fn a_typing_mistake_finds_the_name() {
        assert_eq!(nearest("ad", NAMES), ["add"]);
        assert_eq!(nearest("acumulate", NAMES), ["accumulate"]);
        assert_eq!(nearest("divide-byzero", NAMES), ["DivideByZero"]);
    }

    #[test]
    fn a_name_in_the_wrong_case_is_the_one() {
        assert_eq!(nearest("ADD", ["and", "add"]), ["add"]);
        assert_eq!(nearest("Y", ["x", "y"]), ["y"]);
        assert_eq!(nearest("odd", ["and", "add"]), ["add"]);
    }

    #[test]
    fn something_else_finds_nothing() {
        assert_eq!(nearest("reset", NAMES), [""; 0]);
        assert_eq!(nearest("", NAMES), [""; 0]);
        assert_eq!(nearest("z", ["x", "y"]), [""; 0]);
    }

    #[test]
    fn the_suggestion_reads_as_the_end_of_a_sentence() {
        assert_eq!(did_you_mean(&[]), "");
        assert_eq!(
            did_you_mean(&["add".into(), "and".into()]),
            "; did you mean `add` or `and`?"
        );
    }
}
