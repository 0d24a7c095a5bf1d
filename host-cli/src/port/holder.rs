//! Finds the process that has a port open, where the system tells.

use std::fmt;

/// A process that has a port open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process's number.
    pub process: u32,
    /// The program's name.
    pub program: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (process {})", self.program, self.process)
    }
}

/// Another process that has the file at `path` open.
///
/// Linux tells it about processes of the same user, and root about all. Elsewhere, and of other
/// users' processes, nothing is known.
#[cfg(target_os = "linux")]
pub fn holder(path: &str) -> Option<Holder> {
    use std::fs;

    let port = fs::canonicalize(path).ok()?;
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let process = entry.file_name().to_str()?.parse().ok()?;
        if process == std::process::id() {
            return None;
        }
        let mut files = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
        files.find(|file| fs::read_link(file.path()).is_ok_and(|open| open == port))?;
        let program = fs::read_to_string(entry.path().join("comm")).ok()?;
        Some(Holder {
            process,
            program: program.trim_end().replace(char::is_control, ""),
        })
    })
}

/// Nothing is known here.
#[cfg(not(target_os = "linux"))]
pub fn holder(_: &str) -> Option<Holder> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_that_has_a_file_open_is_found_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(holder(path), None, "this process does not count");

        let mut sleeping = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::from(file.reopen().unwrap()))
            .spawn()
            .unwrap();
        let found = holder(path);
        sleeping.kill().unwrap();
        sleeping.wait().unwrap();
        let found = found.unwrap();
        assert_eq!(found.process, sleeping.id());
        assert_eq!(
            found.to_string(),
            format!("sleep (process {})", sleeping.id())
        );
    }
}
