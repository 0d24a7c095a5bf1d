//! The program `serial-rpc-gateway`: opens the devices and serves them until it is stopped.

use clap::Parser;
use serial_rpc::failure::{Class, Failure};
use serial_rpc::safe;
use serial_rpc_gateway::access::{Access, Token};
use serial_rpc_gateway::device::Device;
use serial_rpc_gateway::devices::Devices;
use serial_rpc_gateway::failure::print;
use serial_rpc_gateway::http::{self, Limits, Shared};
use serial_rpc_gateway::listening::Listening;
use serial_rpc_gateway::logs;
use serial_rpc_gateway::options::{Named, Options, SafetyOptions};
use serial_rpc_gateway::sharing::{self, Sharing};
use serial_rpc_gateway::stop::{Stop, Stopper};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::{ExitCode, exit};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tracing::{info, warn};

/// The exit code after a second signal, that of Ctrl-C.
const STOPPED_AT_ONCE: i32 = 130;

/// Time for telling programs how their calls have ended, once these have been ended.
const TELLING: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let options = Options::parse();
    let as_json = options.operation.log_json;
    let result = logs::begin(&options.operation)
        .and_then(|()| Runtime::new().map_err(|error| internal("cannot begin", &error)))
        .and_then(|runtime| {
            let result = runtime.block_on(run(&options));
            // A thread that waits for a port is not waited for.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ExitCode::from(print(&failure, as_json)),
    }
}

fn internal(what: &str, error: &io::Error) -> Failure {
    Failure::new(Class::Internal, format!("{what}: {error}"))
}

/// Serves the devices until the gateway is stopped.
async fn run(options: &Options) -> Result<(), Failure> {
    let access = access(options)?;
    check_names(&options.devices)?;
    let stop = stop_on_signals().map_err(|error| internal("cannot handle signals", &error))?;
    let addresses = options.outward.listen();
    let listening = Listening::on(&addresses).await?;

    let devices = Arc::new(Devices::default());
    for Named { name, place } in &options.devices {
        devices.add(Device::open(name.clone(), place, options.link.connection()));
    }
    let limits = sharing::Limits {
        access: Arc::new(access.clone()),
        stop: stop.clone(),
    };
    let sharing = Sharing::begin(&options.outward, &devices, limits).await?;
    let shared = Shared::new(
        Arc::clone(&devices),
        access,
        stop.clone(),
        Limits::default(),
    );
    let page = listening
        .page()
        .map_err(|error| internal("the system does not tell the address", &error))?;
    say(&page)?;
    let pages = listening.serve(http::router(shared), Limits::default(), &stop);
    let serving = async {
        tokio::join!(pages, sharing.ended());
    };
    end_in_time(serving, &devices, &stop, options.operation.stop_within).await;
    info!("stopped");
    Ok(())
}

/// Returns the limits of what programs may do.
fn access(options: &Options) -> Result<Access, Failure> {
    let SafetyOptions {
        token_file,
        read_only,
        allow,
        host,
    } = &options.safety;
    let addresses = options.outward.listen();
    if token_file.is_none() && !addresses.iter().all(|address| address.is_here()) {
        return Err(Failure::new(
            Class::Usage,
            "other machines can reach that address, so that HTTP needs a token",
        )
        .hint(
            "make one with `(umask 077; openssl rand -hex 32 > token)`, and add --token-file token",
        ));
    }
    Ok(Access {
        read_only: *read_only,
        allowed: allow.clone(),
        hosts: host.clone(),
        token: token_file.as_deref().map(Token::read).transpose()?,
    })
}

/// Fails if two devices have the same name.
fn check_names(devices: &[Named]) -> Result<(), Failure> {
    let mut names = BTreeSet::new();
    match devices.iter().find(|device| !names.insert(&device.name)) {
        Some(Named { name, .. }) => Err(Failure::new(
            Class::Usage,
            format!("two devices have the name {name}"),
        )
        .hint(format!("give one another name, such as {name}-2=PORT"))),
        None => Ok(()),
    }
}

/// Prints a line on stdout, at once.
fn say(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(|error| internal("cannot write the address of the page", &error))
}

/// Lets the first signal request the stop, and the second end the program.
fn stop_on_signals() -> io::Result<Stop> {
    let mut signals = Signals::new()?;
    let stopper = Stopper::new();
    let stop = stopper.stop();
    tokio::spawn(async move {
        signals.next().await;
        info!("stopping once calls in flight have ended; a second signal stops at once");
        stopper.request();
        signals.next().await;
        warn!("stopped at once");
        exit(STOPPED_AT_ONCE);
    });
    Ok(stop)
}

/// Serves until the stop and on until calls in flight have ended; ends those that do not in time.
async fn end_in_time(
    serving: impl Future<Output = ()>,
    devices: &Devices,
    stop: &Stop,
    stop_within: Duration,
) {
    let patience = async {
        stop.requested().await;
        tokio::time::sleep(stop_within).await;
    };
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => return,
        () = patience => {}
    }
    for device in devices.all() {
        match device.metrics().in_flight() {
            0 => {}
            calls => warn!(
                device = safe::line(device.name()),
                calls, "ending calls in flight"
            ),
        }
        device.connection().cancel();
    }
    // Who does not read the answer by then does not get it.
    let _ = timeout(TELLING, serving).await;
}

/// The signals that ask the program to end.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The signals that ask the program to end.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
