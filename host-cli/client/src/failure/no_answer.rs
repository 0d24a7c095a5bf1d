//! Collects the likely reasons why a device does not answer, from all that was seen instead.

use super::{Class, Failure};
use crate::port::holder;
use crate::safe;
use crate::{Connection, Port};

/// The length of a device's text that is shown: enough to recognise it.
const SHOWN: usize = 60;

/// The number of bytes of noise that are shown.
const BYTES_SHOWN: usize = 8;

/// Returns the failure for a deadline that has passed.
pub fn no_answer(device: &Connection) -> Failure {
    let message = format!("the device on {} does not answer", device.name());
    let clues = clues(device);
    Failure::new(Class::Timeout, message).hint(if !clues.is_empty() {
        clues.join("\n")
    } else if device.counters().sessions > 0 {
        "it did before: it may be busy for longer than --timeout allows, or hang".to_owned()
    } else {
        "is it the right port, is the device running, and are its wires the right way round?"
            .to_owned()
    })
}

/// Returns the failure for a link that was lost and did not come back in time.
pub fn link_lost(device: &Connection) -> Failure {
    let message = format!("the link to {} was lost", device.name());
    Failure::new(Class::Port, message).hint(clues(device).join("\n"))
}

/// Returns what was seen, each with what it is a sign of, the surest first.
pub fn clues(device: &Connection) -> Vec<String> {
    let counters = device.counters();
    let port = device.port();
    let mut clues = Vec::new();
    let is_gateways = device.gateway().is_some();
    #[cfg(unix)]
    let is_gateways = is_gateways || matches!(port, Some(Port::Unix(_)));
    if let Some(Port::Serial(path)) = &port
        && !is_gateways
        && let Some(other) = holder(path)
    {
        clues.push(format!(
            "{other} has the port open too, and may take the answers: close it and try again"
        ));
    }
    if counters.lost_links > 0 {
        let often = if counters.lost_links == 1 {
            ""
        } else {
            " again and again"
        };
        clues.push(match port {
            _ if is_gateways => format!(
                "the gateway that has the port ended the session{often}: is it still running, and has the \
                 device other firmware now?"
            ),
            Some(Port::Tcp(_)) => format!(
                "the other end closed the connection{often}: is the device still there, and does what \
                 offers the port serve one program at a time?"
            ),
            _ => format!(
                "the port disappeared{often}: check the cable and whether the device is still there, \
                 or starts anew"
            ),
        });
    }
    if counters.refused > 0 {
        clues.push(format!(
            "the device got {} of {} frames damaged: does the line change some bytes, as parity, 7 \
             data bits, software flow control or telnet do?",
            counters.refused, counters.sent
        ));
    } else if counters.sessions == 0 && counters.received > 0 {
        clues.push(
            "what comes back are frames, but no answers: is the port's output wired to its own \
             input, or another caller on the same line?"
                .to_owned(),
        );
    }
    clues.extend(clue_in(&device.stray_bytes(), device));
    clues
}

/// Returns what the bytes that were in no frame are a sign of.
fn clue_in(bytes: &[u8], device: &Connection) -> Option<String> {
    /// A telnet server begins with requests: this byte, and one of these.
    const TELNET: u8 = 0xff;
    const REQUESTS: std::ops::RangeInclusive<u8> = 0xfb..=0xfe;
    let is_met = device.counters().sessions > 0;
    if let Some(text) = text_in(bytes) {
        return Some(if is_met {
            format!("meanwhile it said: {text}")
        } else {
            format!(
                "it sends text, so the speed is right: it may be starting, which --timeout 10 waits \
                 for, or is the right firmware on it? It says: {text}"
            )
        });
    }
    if bytes.is_empty() {
        return None;
    }
    let shown: Vec<String> = bytes
        .iter()
        .take(BYTES_SHOWN)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let shown = shown.join(" ");
    let is_request = |pair: &[u8]| matches!(pair, [TELNET, request] if REQUESTS.contains(request));
    Some(if bytes.windows(2).any(is_request) {
        format!(
            "it speaks telnet ({shown}): have what offers the port pass bytes as they are (raw)"
        )
    } else if bytes.len() >= BYTES_SHOWN && bytes.is_ascii() {
        format!(
            "only bytes below 80 came back, such as {shown}: does the line carry 7 data bits? It \
             needs 8, without parity"
        )
    } else if is_met {
        format!("bytes that are no frame came too, such as {shown}: is the line good?")
    } else {
        let speed = match device.port() {
            Some(Port::Serial(_)) => format!(
                "is {} baud the device's speed (see --baud)",
                device.options().baud
            ),
            _ => "does the program that offers the port use the device's speed".to_owned(),
        };
        format!("only noise came back, such as {shown}: {speed}, and are the grounds connected?")
    })
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
