//! The C library of serial-rpc as text: a header and a source for a project to take in.
//!
//! Its files are in `library`, one job a file. They become two here, in an order in which each finds what it needs.

/// The name of the header.
pub const HEADER_NAME: &str = "serial_rpc.h";
/// The name of the source.
pub const SOURCE_NAME: &str = "serial_rpc.c";

/// A file of the library.
macro_rules! library {
    ($($name:literal),+ $(,)?) => {
        [$(include_str!(concat!("../library/", $name))),+]
    };
}

const HEADERS: &[&str] = &library![
    "crc.h",
    "message.h",
    "frame.h",
    "values.h",
    "service.h",
    "session.h",
    "events.h",
    "server.h",
    "blocks.h",
    "client.h",
    "client_caller.h",
    "client_stream.h",
    "client_feed.h",
];

const SOURCES: &[&str] = &library![
    "crc.c",
    "message.c",
    "frame.c",
    "values.c",
    "service.c",
    "session.c",
    "events.c",
    "own_service.c",
    "server.c",
    "blocks.c",
    "client_internal.h",
    "client.c",
    "client_timer.c",
    "client_session.c",
    "client_receiving.c",
    "client_events.c",
    "client_caller.c",
    "client_stream.c",
    "client_feed.c",
];

/// Returns the text of the header.
#[must_use]
pub fn header() -> String {
    let mut text = String::from(
        "/* serial-rpc for C: everything that a program needs to know. */\n#ifndef SERIAL_RPC_H\n#define SERIAL_RPC_H\n",
    );
    append(&mut text, HEADERS);
    text.push_str("\n#endif\n");
    text
}

/// Returns the text of the source.
#[must_use]
pub fn source() -> String {
    let mut text = format!("/* serial-rpc for C. */\n#include \"{HEADER_NAME}\"\n");
    append(&mut text, SOURCES);
    text
}

/// Adds files, without the lines by which they include each other.
fn append(text: &mut String, files: &[&str]) {
    for file in files {
        text.push('\n');
        for line in file.lines().filter(|line| !line.starts_with("#include \"")) {
            text.push_str(line);
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_file_of_the_library_is_taken() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/library");
        let files = fs::read_dir(folder).expect("the folder is there");
        let files = files.map(|file| file.expect("it can be read").path());
        for path in files {
            let text = fs::read_to_string(&path).expect("it can be read");
            let is_taken = [HEADERS, SOURCES].concat().contains(&&*text);
            assert!(is_taken, "{}", path.display());
        }
    }
}
