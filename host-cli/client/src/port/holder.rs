//! Finds the process that has a port open, if the system says.

#[cfg(target_os = "linux")]
use crate::safe;
use std::fmt;
#[cfg(target_os = "linux")]
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A process that has a port open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process ID.
    pub process: u32,
    /// The program's name.
    pub program: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (process {})", self.program, self.process)
    }
}

/// Returns another process that has the file at `path` open: the last to start, because it may have
/// taken the port from the first. The process that offers this pseudo-terminal, and those it started,
/// keep it open too, but they are the device, and do not count.
///
/// Linux lets a user see this for processes of the same user, and root for all. Elsewhere, and for
/// other users' processes, the result is None.
#[cfg(target_os = "linux")]
pub fn holder(path: &str) -> Option<Holder> {
    let port = fs::canonicalize(path).ok()?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let holders = processes.filter_map(|entry| {
        let process: u32 = entry.file_name().to_str()?.parse().ok()?;
        let holds = process != std::process::id() && has_open(process, &port);
        (holds && !is_device(process, &port)).then_some(process)
    });
    let process = holders.max()?;
    let program = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(Holder {
        process,
        program: safe::line(program.trim_end()),
    })
}

/// Returns true if a process has a file open.
#[cfg(target_os = "linux")]
fn has_open(process: u32, file: &Path) -> bool {
    open_files(process, "fd").any(|entry| fs::read_link(entry).is_ok_and(|open| open == file))
}

/// Returns true if a process offers the port, which is a pseudo-terminal, or was started by one that
/// does. The system tells the number of the terminal of which a process has the other end.
#[cfg(target_os = "linux")]
fn is_device(process: u32, port: &Path) -> bool {
    let Ok(number) = port.strip_prefix("/dev/pts") else {
        return false;
    };
    let offered = format!("tty-index:\t{}", number.display());
    let offers = |process| {
        open_files(process, "fdinfo").any(|entry| {
            let about = fs::read_to_string(entry).unwrap_or_default();
            about.lines().any(|line| line == offered)
        })
    };
    offers(process) || parent(process).is_some_and(offers)
}

/// Returns an entry of that folder for each file that a process has open.
#[cfg(target_os = "linux")]
fn open_files(process: u32, folder: &str) -> impl Iterator<Item = PathBuf> {
    let files = fs::read_dir(format!("/proc/{process}/{folder}")).into_iter();
    files.flatten().flatten().map(|entry| entry.path())
}

#[cfg(target_os = "linux")]
fn parent(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

/// Returns None: this system does not say.
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
