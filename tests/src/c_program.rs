//! Programs in C with generated code: written to a folder, compiled, and run at the end of a socket.

use serial_rpc::link::Link;
use serial_rpc_generator::generate_c;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The warnings that generated code is free of.
const WARNINGS: [&str; 6] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wshadow",
    "-Werror",
];

/// Returns the reason why a compiler cannot be used here, with a remedy.
#[must_use]
pub fn missing(compiler: &str) -> Option<String> {
    let version = Command::new(compiler).arg("--version").output();
    let works = version.is_ok_and(|output| output.status.success());
    let package = match compiler {
        "clang++" => "clang",
        other => other,
    };
    (!works).then(|| format!("{compiler} is not installed: sudo apt install {package}"))
}

/// Flags that let a program end at a mistake that it would not notice itself.
pub const SANITIZED: [&str; 3] = [
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// Returns the reason why programs cannot be built with gcc's sanitizers here, with a remedy.
#[must_use]
pub fn missing_sanitizers() -> Option<String> {
    let nothing = || -> io::Result<bool> {
        let folder = tempfile::tempdir()?;
        let source = folder.path().join("nothing.c");
        fs::write(&source, "int main(void) { return 0; }\n")?;
        let mut gcc = Command::new("gcc");
        let gcc = gcc.args(SANITIZED).arg(&source).arg("-o");
        let output = gcc.arg(folder.path().join("nothing")).output()?;
        Ok(output.status.success())
    };
    let reason = "gcc has no sanitizers: install libasan and libubsan";
    missing("gcc").or_else(|| (!nothing().unwrap_or_default()).then(|| reason.to_owned()))
}

/// A folder with the library and generated code.
pub struct Program {
    folder: TempDir,
    name: String,
}

impl Program {
    /// Writes the library, and the code for an interface.
    ///
    /// # Panics
    /// Panics if there is no code for it, or the disk is full.
    #[must_use]
    pub fn of(description: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let files = generate_c(description, true).unwrap_or_else(|error| panic!("{error}"));
        let name = files[0].name.trim_end_matches(".h").to_owned();
        let program = Self { folder, name };
        for file in files {
            program.write(&file.name, &file.text);
        }
        program.write(serial_rpc_c::HEADER_NAME, &serial_rpc_c::header());
        program.write(serial_rpc_c::SOURCE_NAME, &serial_rpc_c::source());
        program
    }

    /// Returns the beginning of the names of its files.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text of a file.
    ///
    /// # Panics
    /// Panics if there is no such file.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("it is there")
    }

    /// Writes a file.
    ///
    /// # Panics
    /// Panics if the disk is full.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("there is room");
    }

    /// Compiles the generated files, each alone, as C or C++.
    ///
    /// # Errors
    /// Returns the compiler's output if it says anything.
    pub fn check(&self, compiler: &str, flags: &[&str]) -> Result<(), String> {
        for source in [
            format!("{}.c", self.name),
            format!("{}_client.c", self.name),
        ] {
            let language: &[&str] = match compiler.ends_with("++") {
                true => &["-x", "c++", "-std=c++11"],
                false => &["-std=c99"],
            };
            let object = format!("{source}.o");
            self.run(
                Command::new(compiler)
                    .args(language)
                    .args(WARNINGS)
                    .args(flags)
                    .args(["-c", &source, "-o", &object]),
            )?;
        }
        Ok(())
    }

    /// Compiles sources to a program, and returns its path.
    ///
    /// # Errors
    /// Returns the compiler's output if it says anything.
    pub fn link(
        &self,
        compiler: &str,
        flags: &[&str],
        sources: &[&str],
    ) -> Result<PathBuf, String> {
        self.run(
            Command::new(compiler)
                .args(["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-g"])
                .args(WARNINGS)
                .args(flags)
                .args(sources)
                .args(["-o", "program"]),
        )?;
        Ok(self.folder.path().join("program"))
    }

    fn run(&self, command: &mut Command) -> Result<(), String> {
        let output = command.current_dir(self.folder.path()).output();
        let output = output.map_err(|error| error.to_string())?;
        let told = String::from_utf8_lossy(&output.stderr);
        match output.status.success() && told.is_empty() {
            true => Ok(()),
            false => Err(format!("{command:?}: {told}")),
        }
    }
}

/// A program that runs until this is dropped, whose input and output are a link.
pub struct Running {
    child: Child,
    socket: UnixStream,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// Fails if it cannot be started.
    pub fn start(program: &Path) -> io::Result<Self> {
        let (socket, other) = UnixStream::pair()?;
        let input = OwnedFd::from(other.try_clone()?);
        let child = Command::new(program)
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(OwnedFd::from(other)))
            .stderr(Stdio::piped())
            .spawn()?;
        Ok(Self { child, socket })
    }

    /// Waits for its end, and returns what it has said on stderr.
    ///
    /// # Errors
    /// Returns what it has said if it has failed.
    pub fn end(mut self) -> Result<String, String> {
        let mut told = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            stderr
                .read_to_string(&mut told)
                .map_err(|error| error.to_string())?;
        }
        match self.child.wait().is_ok_and(|status| status.success()) {
            true => Ok(told),
            false => Err(told),
        }
    }

    /// Returns the socket that its input and output are.
    #[must_use]
    pub fn socket(&self) -> &UnixStream {
        &self.socket
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A link to what is at the other end of a socket.
pub struct SocketLink(pub UnixStream);

impl Link for SocketLink {
    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        // A time limit of 0 is none.
        let timeout = timeout.max(Duration::from_millis(1));
        self.0.set_read_timeout(Some(timeout))?;
        match (&self.0).read(buffer) {
            Ok(0) => Err(ErrorKind::BrokenPipe.into()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            other => other,
        }
    }

    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        (&self.0).write(bytes)
    }
}
