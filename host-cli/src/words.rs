//! Splits a line into words as a shell does, except that JSON needs no quotes.
//!
//! `'…'`, `"…"` and `\` quote. A bracket or brace at the start of a word, or after the `=` of a
//! named argument, begins JSON: it is taken as it is up to the matching one. `#` at the start of a
//! word begins a comment. Words have the same meaning as after `serial-rpc call` in a POSIX shell;
//! a library for shell words would take the quotes out of JSON.

use std::iter::Peekable;
use std::str::Chars;

/// The line ends within an open construct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclosed {
    /// A quoted part.
    #[error("a quotation mark is not closed")]
    Quote,
    /// JSON.
    #[error("a bracket or brace is not closed")]
    Bracket,
    /// Nothing follows a backslash.
    #[error("a backslash ends the line")]
    Backslash,
}

/// Splits a line into words.
pub fn split(line: &str) -> Result<Vec<String>, Unclosed> {
    let mut words = Vec::new();
    let mut rest = line.chars().peekable();
    loop {
        match rest.peek() {
            None => return Ok(words),
            Some('#') => while rest.next_if(|&c| c != '\n').is_some() {},
            Some(c) if c.is_whitespace() => drop(rest.next()),
            Some(_) => words.push(word(&mut rest)?),
        }
    }
}

fn word(rest: &mut Peekable<Chars<'_>>) -> Result<String, Unclosed> {
    let mut word = String::new();
    while let Some(c) = rest.next_if(|c| !c.is_whitespace()) {
        match c {
            '\'' | '"' => quoted(c, rest, &mut word)?,
            '\\' => word.push(rest.next().ok_or(Unclosed::Backslash)?),
            '[' | '{' if word.is_empty() || word.ends_with('=') => json(c, rest, &mut word)?,
            c => word.push(c),
        }
    }
    Ok(word)
}

/// Takes the text after a quotation mark, up to the next. A backslash quotes only in `"…"`, and
/// only characters that have a meaning there.
fn quoted(mark: char, rest: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Unclosed> {
    while let Some(c) = rest.next() {
        if c == mark {
            return Ok(());
        }
        let quotes = mark == '"' && c == '\\';
        let quoted = rest.next_if(|next| quotes && matches!(next, '"' | '\\'));
        word.push(quoted.unwrap_or(c));
    }
    Err(Unclosed::Quote)
}

/// Takes JSON up to the bracket that matches the first. It is parsed later.
fn json(first: char, rest: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Unclosed> {
    word.push(first);
    let mut depth = 1;
    let mut in_string = false;
    while let Some(c) = rest.next() {
        word.push(c);
        match c {
            '"' => in_string = !in_string,
            '\\' if in_string => word.extend(rest.next()),
            '[' | '{' if !in_string => depth += 1,
            ']' | '}' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(());
        }
    }
    Err(Unclosed::Bracket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        for (line, words) in [
            ("", &[][..]),
            ("  a \t b\n", &["a", "b"]),
            ("'a b' \"c d\" e' 'f", &["a b", "c d", "e f"]),
            (r#"a\ b '\' "\"\\\n""#, &["a b", "\\", "\"\\\\n"]),
            ("'' \"\"", &["", ""]),
            ("a # b", &["a"]),
            ("a#b '#'", &["a#b", "#"]),
            ("2*(3+4) -5", &["2*(3+4)", "-5"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn json_needs_no_quotes() {
        for (line, words) in [
            ("f [1, 2] 3", &["f", "[1, 2]", "3"][..]),
            (
                r#"f at={"x": [1, "]\""]}"#,
                &["f", r#"at={"x": [1, "]\""]}"#],
            ),
            ("f [1,\n 2]", &["f", "[1,\n 2]"]),
            ("a[0 ]", &["a[0", "]"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
    }

    #[test]
    fn what_is_not_closed_is_named() {
        for (line, unclosed) in [
            ("'a", Unclosed::Quote),
            ("\"a\\\"", Unclosed::Quote),
            ("f [1, \"]\"", Unclosed::Bracket),
            ("f {\"a", Unclosed::Bracket),
            ("a \\", Unclosed::Backslash),
        ] {
            assert_eq!(split(line), Err(unclosed), "{line}");
        }
    }
}
