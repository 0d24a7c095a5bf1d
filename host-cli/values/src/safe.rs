//! Makes text that comes from a device safe to show: nothing in it commands a terminal, hides, or changes the
//! order of what stands around it.
//!
//! Characters that would do so are shown by their numbers. What is safe already stays as it is.

use std::fmt::Write;

/// Returns true if a character is not shown as itself: a control character, or one that has no width or changes
/// the direction of text (Unicode's "default ignorable" characters and the separators of lines).
///
/// ```
/// use serial_rpc_values::safe::is_hidden;
///
/// assert!(['\u{1b}', '\u{9b}', '\u{200b}', '\u{202e}', '\u{feff}'].into_iter().all(is_hidden));
/// assert!(!['a', ' ', 'é', '°', '漢', '🦀'].into_iter().any(is_hidden));
/// ```
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Returns text on one line.
///
/// ```
/// use serial_rpc_values::safe;
///
/// assert_eq!(safe::line("21 °C\n"), r"21 °C\n");
/// assert_eq!(safe::line("\u{9b}2J\u{202e}"), r"\u{9b}2J\u{202e}");
/// ```
pub fn line(text: &str) -> String {
    escaped(text, |_| false, by_number)
}

/// Returns text whose lines and tabs are kept.
///
/// ```
/// use serial_rpc_values::safe;
///
/// assert_eq!(safe::lines("a\n\tb\u{1b}[2J"), "a\n\tb\\u{1b}[2J");
/// ```
pub fn lines(text: &str) -> String {
    let is_kept = |character| matches!(character, '\n' | '\t');
    escaped(text, is_kept, by_number)
}

/// Returns JSON that means the same.
///
/// ```
/// use serial_rpc_values::safe;
///
/// let json = safe::json("\"a\u{7f}\u{e0041}\"");
/// assert_eq!(json, r#""a\u007f\udb40\udc41""#);
/// assert_eq!(serde_json::from_str::<String>(&json)?, "a\u{7f}\u{e0041}");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn json(json: &str) -> String {
    // Outside strings JSON has no hidden characters but these.
    let is_kept = |character| matches!(character, '\n' | '\r' | '\t');
    escaped(json, is_kept, |character| {
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units).iter();
        units.fold(String::new(), |mut escape, unit| {
            // Writing to a string cannot fail.
            let _ = write!(escape, "\\u{unit:04x}");
            escape
        })
    })
}

fn by_number(character: char) -> String {
    character.escape_default().to_string()
}

/// Replaces hidden characters by their escapes.
fn escaped(text: &str, is_kept: fn(char) -> bool, escape: fn(char) -> String) -> String {
    let mut shown = String::new();
    for character in text.chars() {
        if is_hidden(character) && !is_kept(character) {
            shown += &escape(character);
        } else {
            shown.push(character);
        }
    }
    shown
}
