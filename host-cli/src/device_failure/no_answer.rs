//! Finds the likely reason why a device does not answer, from the bytes that did come.

use crate::failure::{Class, Failure};
use serial_rpc::port::holder;
use serial_rpc::safe;
use serial_rpc::{Connection, Port};

/// The length of a device's text that is shown: enough to recognise it.
const SHOWN: usize = 60;

/// The number of bytes of noise that are shown.
const BYTES_SHOWN: usize = 8;

/// Returns the failure for a deadline that has passed.
pub fn no_answer(device: &Connection) -> Failure {
    let name = device.name();
    let failure = Failure::new(
        Class::Timeout,
        format!("the device on {name} does not answer"),
    );
    let counters = device.counters();
    let stray = device.stray_bytes();
    if counters.sessions > 0 {
        return failure
            .hint("it did before: it may be busy for longer than --timeout allows, or hang");
    }
    if let Some(Port::Serial(path)) = device.port()
        && let Some(other) = holder(path)
    {
        return failure.hint(format!(
            "{other} has the port open too, and may take the answers: close it and try again"
        ));
    }
    if counters.received > 0 {
        return failure.hint(
            "what comes back are frames, but no answers: is the port's output wired to its own \
             input, or another caller on the same line?",
        );
    }
    if let Some(text) = text_in(&stray) {
        return failure.hint(format!(
            "it sends text, so the speed is right, but it does not speak serial-rpc: is the right \
             firmware on it? It says: {text}"
        ));
    }
    if !stray.is_empty() {
        let bytes: Vec<String> = stray
            .iter()
            .take(BYTES_SHOWN)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let speed = match device.port() {
            Some(Port::Serial(_)) => format!(
                "is {} baud the device's speed (see --baud)",
                device.options().baud
            ),
            _ => "does the program that offers the port use the device's speed".to_owned(),
        };
        return failure.hint(format!(
            "only noise came back, such as {}: {speed}, and are the grounds connected?",
            bytes.join(" ")
        ));
    }
    failure
        .hint("is it the right port, is the device running, and are its wires the right way round?")
}

/// Returns the beginning of a line of text, if the bytes are text.
fn text_in(bytes: &[u8]) -> Option<String> {
    let is_text = |byte: &&u8| matches!(**byte, b' '..=b'~' | b'\t' | b'\r' | b'\n' | 0x1b);
    let readable = bytes.iter().filter(is_text).count();
    // A UART of the wrong speed delivers readable bytes now and then, but never mostly.
    if bytes.len() < 4 || readable * 10 < bytes.len() * 9 {
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // The first line may lack its beginning.
    let (first, second) = (lines.next()?, lines.next());
    let line = safe::line(second.unwrap_or(first));
    Some(format!(
        "`{}`",
        line.chars().take(SHOWN).collect::<String>()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_noise() {
        let text = |bytes: &[u8]| text_in(bytes);
        assert_eq!(
            text(b"ing\r\nHello, world\r\n"),
            Some("`Hello, world`".into())
        );
        assert_eq!(text(b">>> "), Some("`>>>`".into()));
        assert_eq!(text(b"\x1b[2Jboot"), Some("`\\u{1b}[2Jboot`".into()));
        assert_eq!(text(b"\r\n\r\n"), None);
        assert_eq!(text(b"\x80\xfeab\xf0\x01\x80"), None);
        assert_eq!(text(b""), None);
    }
}
