//! Shares devices by the protocol itself: any number of programs on TCP and on Unix sockets, each with a session
//! of its own.
//!
//! A device has addresses of its own, because the protocol names none: a Unix socket, and a TCP port if that is
//! wanted. `addresses` begins, `session` is one program, which has a `stream` and has `asked` for calls, and `sockets` has the
//! Unix sockets, which programs find by the port that they would open.

mod addresses;
mod asked;
mod session;
#[cfg(unix)]
pub mod sockets;
mod stream;

use crate::access::Access;
use crate::device::Device;
use crate::metrics::Way;
use crate::stop::Stop;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use stream::Stream;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

/// The most programs at an address at once. Others find it closed.
const MOST_PROGRAMS: usize = 1024;

/// The time to wait when the system has no room for another connection.
const WITHOUT_ROOM: Duration = Duration::from_millis(100);

/// The limits of what programs may do, and for how long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The procedures that they may call.
    pub access: Arc<Access>,
    /// The end.
    pub stop: Stop,
}

/// The addresses on which devices are shared.
#[derive(Debug)]
pub struct Sharing {
    limits: Limits,
    addresses: JoinSet<()>,
}

/// A place where programs connect.
trait Listen: Send + 'static {
    const WAY: Way;

    type Accepted: Stream + 'static;

    /// Waits for the next program.
    fn next(&self) -> impl Future<Output = io::Result<Self::Accepted>> + Send;
}

impl Listen for TcpListener {
    const WAY: Way = Way::Tcp;

    type Accepted = tokio::net::TcpStream;

    async fn next(&self) -> io::Result<Self::Accepted> {
        let (stream, _) = self.accept().await?;
        // Frames are short and each is waited for.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

#[cfg(unix)]
impl Listen for UnixListener {
    const WAY: Way = Way::Unix;

    type Accepted = tokio::net::UnixStream;

    async fn next(&self) -> io::Result<Self::Accepted> {
        Ok(self.accept().await?.0)
    }
}

impl Sharing {
    /// Shares nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            addresses: JoinSet::new(),
        }
    }

    /// Shares a device on a TCP port; 0 selects a free one. Returns the address.
    ///
    /// # Errors
    /// Fails if the address cannot be had.
    pub async fn on_tcp(
        &mut self,
        device: &Arc<Device>,
        address: SocketAddr,
    ) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        info!(device = device.name(), %address, "shared");
        self.share(device, listener);
        Ok(address)
    }

    /// Shares a device on a Unix socket in that folder.
    ///
    /// # Errors
    /// Fails if another gateway shares a device of that name there, or the system refuses.
    #[cfg(unix)]
    pub fn on_socket(&mut self, device: &Arc<Device>, folder: &sockets::Folder) -> io::Result<()> {
        let socket = folder.bind(device.name())?;
        let listener = UnixListener::from_std(socket.listener()?)?;
        info!(device = device.name(), socket = %socket.path().display(), "shared");
        self.share(device, listener);
        let (device, stop) = (Arc::clone(device), self.limits.stop.clone());
        self.addresses.spawn(sockets::follow(socket, device, stop));
        Ok(())
    }

    fn share(&mut self, device: &Arc<Device>, listener: impl Listen) {
        let (device, limits) = (Arc::clone(device), self.limits.clone());
        self.addresses.spawn(serve(listener, device, limits));
    }

    /// Waits until the gateway stops and all programs have been told how their calls ended.
    pub async fn ended(mut self) {
        while self.addresses.join_next().await.is_some() {}
    }
}

/// Serves the programs at an address until the gateway stops.
async fn serve<L: Listen>(listener: L, device: Arc<Device>, limits: Limits) {
    let room = Arc::new(Semaphore::new(MOST_PROGRAMS));
    let mut programs = JoinSet::new();
    loop {
        let stream = tokio::select! {
            stream = listener.next() => stream,
            Some(_) = programs.join_next() => continue,
            () = limits.stop.requested() => break,
        };
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                warn!(device = device.name(), %error, "cannot accept a program");
                tokio::time::sleep(WITHOUT_ROOM).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            warn!(
                device = device.name(),
                "too many programs at once: one was sent away"
            );
            continue;
        };
        debug!(
            device = device.name(),
            way = L::WAY.name(),
            "a program has come"
        );
        let (device, limits) = (Arc::clone(&device), limits.clone());
        programs.spawn(async move {
            session::serve(stream, device, L::WAY, limits).await;
            drop(place);
        });
    }
    while programs.join_next().await.is_some() {}
}
