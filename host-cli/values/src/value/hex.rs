//! Writes and reads bytes as hexadecimal text, the form used in JSON and shells.

/// Returns bytes as text: `0x`, and two digits for each.
///
/// ```
/// assert_eq!(serial_rpc_values::value::hex(&[0, 255]), "0x00ff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Reads the bytes from such text; returns None for any other text.
///
/// ```
/// assert_eq!(serial_rpc_values::value::from_hex("0x00FF"), Some(vec![0, 255]));
/// assert_eq!(serial_rpc_values::value::from_hex("00ff"), None);
/// ```
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.strip_prefix("0x")?.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok())
        .collect()
}
