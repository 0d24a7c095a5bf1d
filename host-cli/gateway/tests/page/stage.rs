//! Two devices, a gateway that shares them, and the program that drives its page.

use crate::workbench::{WorkbenchDevice, workbench};
use libtest_mimic::Failed;
use serial_rpc_simulator::{SimulatedDevice, SimulatedInterface};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;
use tests::offered::Offered;
use tests::test_device::TestDevice;

/// No scenario takes longer, on any machine.
const TIME_LIMIT: Duration = Duration::from_secs(180);

/// Everything but the browser.
struct Stage {
    bench: Offered<TestDevice<WorkbenchDevice>>,
    /// A calculator that is not plugged in at first.
    lamp: Offered<TestDevice<SimulatedInterface>>,
    /// The gateway's token and its sockets.
    folder: TempDir,
    token: Option<String>,
    address: String,
    gateway: Option<Running>,
}

/// Returns the folder of the program that drives the page.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page")
}

/// Plays one scenario; `words` are what else it is told. The gateway asks for the token, if there is one.
pub fn play(scenario: &str, words: &[&str], token: Option<&str>) -> Result<(), Failed> {
    let mut stage = Stage::set(token)?;
    let mut driver = Running::start(
        Command::new("node")
            .arg(folder().join("drive.js"))
            .args([scenario, &stage.address])
            .args(words),
    )?;
    let mut said = String::new();
    while let Some(line) = driver.line()? {
        match line.strip_prefix("> ") {
            Some(order) => {
                stage.obey(order)?;
                driver.reply()?;
            }
            None => said += &format!("{line}\n"),
        }
    }
    match driver.child.wait()?.success() {
        true => Ok(()),
        false => Err(said.into()),
    }
}

impl Stage {
    fn set(token: Option<&str>) -> Result<Self, Failed> {
        let mut lamp = Offered::new(SimulatedDevice::new());
        lamp.pull_out();
        let mut stage = Self {
            bench: Offered::new(workbench()),
            lamp,
            folder: TempDir::new()?,
            token: token.map(str::to_owned),
            address: String::new(),
            gateway: None,
        };
        stage.start_gateway("127.0.0.1:0")?;
        Ok(stage)
    }

    fn start_gateway(&mut self, listen: &str) -> Result<(), Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_serial-rpc-gateway"));
        command.arg(format!("bench={}", self.bench.port()));
        command.arg(format!("lamp={}", self.lamp.port()));
        command.args([
            "--no-cache",
            "--log",
            "error",
            "--listen",
            listen,
            "--sockets",
        ]);
        command.arg(self.folder.path().join("sockets"));
        if let Some(token) = &self.token {
            let file = self.folder.path().join("token");
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options.open(&file)?.write_all(token.as_bytes())?;
            command.arg("--token-file").arg(file);
        }
        let mut gateway = Running::start(&mut command)?;
        self.address = gateway.line()?.ok_or("the gateway says no address")?;
        self.gateway = Some(gateway);
        Ok(())
    }

    fn obey(&mut self, order: &str) -> Result<(), Failed> {
        match order {
            "pull out bench" => self.bench.pull_out(),
            "plug in bench" => self.bench.plug_in(),
            "plug in lamp" => self.lamp.plug_in(),
            "kill the gateway" => self.gateway = None,
            "start the gateway" => {
                let listen = self.address.trim_start_matches("http://");
                let listen = listen.trim_end_matches('/').to_owned();
                self.start_gateway(&listen)?;
            }
            _ => return Err(format!("nobody knows how to {order}").into()),
        }
        Ok(())
    }
}

/// A program that is killed when this is dropped, and that must say something in time.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self, Failed> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("it has no standard output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for line in lines {
                // Nobody listens any more if the test has failed.
                let _ = sender.send(line);
            }
        });
        Ok(Self { child, lines })
    }

    /// Returns its next line, or None if it has ended.
    fn line(&mut self) -> Result<Option<String>, Failed> {
        match self.lines.recv_timeout(TIME_LIMIT) {
            Ok(line) => Ok(Some(line)),
            Err(mpsc::RecvTimeoutError::Disconnected) => Ok(None),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Err(format!("nothing was said for {TIME_LIMIT:?}").into())
            }
        }
    }

    fn reply(&mut self) -> Result<(), Failed> {
        let stdin = self.child.stdin.as_mut().ok_or("it has no input")?;
        Ok(writeln!(stdin, "done")?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
