//! A gateway that runs as a program, and HTTP with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Longer than anything takes, so that a test that hangs ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway that runs.
pub struct Running {
    child: Option<Child>,
    /// The address of its page.
    pub page: String,
    /// The folder of its sockets, if it is its own.
    sockets: Option<TempDir>,
}

/// What a program has left behind.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub log: String,
}

/// An answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Running {
    /// Starts a gateway on a free port, with these arguments besides.
    pub fn with(arguments: &[&str]) -> Self {
        let sockets = TempDir::new().expect("a folder");
        let mut running = Self::in_folder(sockets.path(), arguments);
        running.sockets = Some(sockets);
        running
    }

    /// Starts a gateway that has its sockets in that folder.
    pub fn in_folder(sockets: &Path, arguments: &[&str]) -> Self {
        let mut child = program()
            .env("SERIAL_RPC_SOCKETS", sockets)
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut page = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut page)
            .expect("it is text");
        let page = page.trim_end().to_owned();
        if page.is_empty() {
            panic!("it has not begun: {:?}", child.wait_with_output());
        }
        Self {
            child: Some(child),
            page,
            sockets: None,
        }
    }

    /// Returns the address and port.
    pub fn address(&self) -> &str {
        let address = self.page.strip_prefix("http://").expect("a URL");
        address.trim_end_matches('/')
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request(&format!("GET {path} HTTP/1.1"), &[], "")
    }

    /// Makes a call that may take long.
    pub fn call(&self, path: &str, arguments: &str) -> Answer {
        let headers = ["Content-Type: application/json", "Timeout: 60"];
        self.request(&format!("POST {path} HTTP/1.1"), &headers, arguments)
    }

    pub fn request(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        request(self.address(), line, headers, body)
    }

    /// Asks until the answer is as it should be.
    pub fn get_until(&self, path: &str, is_right: impl Fn(&str) -> bool) -> String {
        loop {
            let body = self.get(path).body;
            if is_right(&body) {
                return body;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal, `INT` or `TERM`.
    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        let kill = Command::new("kill")
            .args([&format!("-{name}"), &child.id().to_string()])
            .status();
        assert!(kill.expect("the signal is sent").success());
    }

    /// Waits for its end.
    pub fn ended(mut self) -> Ended {
        let child = self.child.take().expect("it runs");
        let output = child.wait_with_output().expect("it ends");
        Ended {
            code: output.status.code(),
            log: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Returns the program, untouched by the environment of who tests.
pub fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_serial-rpc-gateway"));
    for name in ["PORT", "BAUD", "TIMEOUT", "RETRIES", "SOCKETS", "LOG"] {
        program.env_remove(format!("SERIAL_RPC_{name}"));
    }
    program.env("SERIAL_RPC_NO_CACHE", "1");
    program
}

/// Makes a request to that address on a connection of its own.
pub fn request(address: &str, line: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    let head = format!(
        "{line}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    stream
        .write_all((head + body).as_bytes())
        .expect("it reads the request");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status");
    Answer {
        status: status.parse().expect("a number"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
