//! Takes the addresses of the page and of HTTP, and serves them until the gateway stops.

use crate::http::Limits;
use crate::http::serve::serve;
use crate::options::Listen;
use crate::stop::Stop;
use axum::Router;
use serial_rpc::failure::{Class, Failure};
use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing::info;

/// The addresses that the gateway has taken.
#[derive(Debug)]
pub struct Listening(Vec<TcpListener>);

impl Listening {
    /// Takes the addresses.
    ///
    /// # Errors
    /// Fails if one of them cannot be had.
    pub async fn on(addresses: &[Listen]) -> Result<Self, Failure> {
        let mut listeners = Vec::new();
        for address in addresses {
            listeners.extend(take(*address).await?);
        }
        Ok(Self(listeners))
    }

    /// Returns the address of the page.
    ///
    /// # Errors
    /// Fails if the system does not tell the address that it has given.
    pub fn page(&self) -> io::Result<String> {
        let first = self.0.first().ok_or(ErrorKind::AddrNotAvailable)?;
        Ok(format!("http://{}/", first.local_addr()?))
    }

    /// Serves requests until the stop is requested and those in flight have been answered.
    pub async fn serve(self, router: Router, limits: Limits, stop: &Stop) {
        let mut servers = JoinSet::new();
        for listener in self.0 {
            let (router, stop) = (router.clone(), stop.clone());
            servers.spawn(async move {
                if let Ok(address) = listener.local_addr() {
                    info!(%address, "listening");
                }
                serve(listener, router, &limits, &stop).await;
            });
        }
        servers.join_all().await;
    }
}

/// Takes the addresses of a group: the first, and those of the others that this machine has.
async fn take(listen: Listen) -> Result<Vec<TcpListener>, Failure> {
    let mut taken: Vec<TcpListener> = Vec::new();
    for mut address in listen.addresses() {
        // If the system chose the port of the first, the others have the same.
        if let Some(Ok(first)) = taken.first().map(TcpListener::local_addr) {
            address.set_port(first.port());
        }
        match TcpListener::bind(address).await {
            Ok(listener) => taken.push(listener),
            // Somebody else's program would get what is meant for this one.
            Err(error) if taken.is_empty() || error.kind() == ErrorKind::AddrInUse => {
                return Err(refused(address, &error));
            }
            Err(_) => {}
        }
    }
    Ok(taken)
}

fn refused(address: SocketAddr, error: &io::Error) -> Failure {
    let (reason, hint) = match error.kind() {
        ErrorKind::AddrInUse => (
            "another program does".to_owned(),
            "a gateway may run already: use that one, or choose another port with --listen",
        ),
        ErrorKind::AddrNotAvailable => (
            "this machine does not have that address".to_owned(),
            "choose one that it has with --listen",
        ),
        ErrorKind::PermissionDenied => (
            "you are not permitted to".to_owned(),
            "choose a port from 1024 on with --listen",
        ),
        _ => (error.to_string(), "choose another address with --listen"),
    };
    Failure::new(Class::Port, format!("cannot listen on {address}: {reason}")).hint(hint)
}
