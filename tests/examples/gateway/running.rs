//! The gateway as a program of its own, and devices on pseudo-terminals.

use serial_rpc::link::Offer;
use serial_rpc_simulator::line::{Faults, Pace};
use serial_rpc_simulator::{SimulatedDevice, Simulation};
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

/// Longer than any measurement: without anything to read, a thread sleeps.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A gateway that runs until this is dropped.
pub struct Gateway {
    child: Child,
    /// The address and port of HTTP.
    pub address: String,
    /// The folder of its Unix sockets.
    sockets: tempfile::TempDir,
    /// The TCP ports of the devices.
    pub tcp: Vec<String>,
}

impl Gateway {
    /// Starts a gateway with these devices, each on a TCP port, too.
    pub fn with(devices: &[&str]) -> Self {
        let sockets = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(program());
        command
            .args([
                "--listen",
                "127.0.0.1:0",
                "--log",
                "error",
                "--no-cache",
                "--sockets",
            ])
            .arg(sockets.path())
            .args(devices);
        // All of them are kept until there is an address for each device.
        let free: Vec<TcpListener> = devices
            .iter()
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"))
            .collect();
        let mut tcp = Vec::new();
        for (device, free) in devices.iter().zip(&free) {
            let name = device.split('=').next().unwrap_or(device);
            let address = free.local_addr().expect("its address").to_string();
            command.arg("--tcp").arg(format!("{name}={address}"));
            tcp.push(address);
        }
        drop(free);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the gateway starts");
        let mut page = String::new();
        BufReader::new(child.stdout.take().expect("it is piped"))
            .read_line(&mut page)
            .expect("it is text");
        assert!(!page.is_empty(), "the gateway has not begun");
        let address = page
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        Self {
            child,
            address: address.to_owned(),
            sockets,
            tcp,
        }
    }

    /// Returns the Unix socket of a device.
    pub fn socket(&self, device: &str) -> PathBuf {
        self.sockets.path().join(format!("{device}.sock"))
    }

    /// Returns its resident memory in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("Linux says it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("a number")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the path of the gateway; the first call builds it as this program was built.
fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(built);
    &PROGRAM
}

fn built() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "serial-rpc-gateway",
        ])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .status()
        .expect("cargo starts");
    assert!(status.success());
    let own = env::current_exe().expect("the path of this program");
    own.ancestors()
        .map(|folder| folder.join("release/serial-rpc-gateway"))
        .find(|program| program.is_file())
        .expect("what was built")
}

/// A device on a pseudo-terminal.
pub struct Terminal(Offer);

impl Terminal {
    /// Offers a device at the end of a line of that pace, on a thread that ends with this program.
    pub fn new(pace: Pace) -> Self {
        let offer = Offer::pty().expect("a pseudo-terminal");
        let link = offer.accept().expect("its other end");
        thread::spawn(move || {
            Simulation::of(SimulatedDevice::new(), pace, Faults::NONE, 0).serve(&*link)
        });
        Self(offer)
    }

    /// Returns the path to open.
    pub fn path(&self) -> String {
        self.0.port().to_string()
    }
}

/// Copies bytes between a Unix socket and a port, as the least that a program in between can do, for one program
/// at a time. Returns the socket's path in that folder.
pub fn copier(port: &str, folder: &Path) -> String {
    let path = folder.join("copier.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let port = serialport::new(port, 115_200).timeout(FOREVER);
    let mut port = port.open_native().expect("the port opens");
    let mut back = port.try_clone_native().expect("a second handle");
    thread::spawn(move || {
        let (mut program, _) = listener.accept()?;
        let mut answers = program.try_clone()?;
        thread::spawn(move || io::copy(&mut back, &mut answers));
        io::copy(&mut program, &mut port)
    });
    path.display().to_string()
}
