//! Serves the connections of a listener: not too many, and none for a client that says nothing.

use super::Limits;
use crate::stop::Stop;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

/// The time in which the header of a request must come, the next request's included.
const HEADER_WITHIN: Duration = Duration::from_secs(30);

/// The most bytes of a header.
const HEADER: usize = 64 << 10;

/// The pause after a connection could not be accepted, such as for want of memory.
const PAUSE: Duration = Duration::from_millis(100);

/// The addresses of both ends of a request's connection, as far as they are known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ends {
    /// That of this end.
    pub own: Option<IpAddr>,
    /// That of the client.
    pub peer: Option<IpAddr>,
}

/// Serves requests until the stop is requested and those in flight have been answered.
pub async fn serve(listener: TcpListener, router: Router, limits: &Limits, stop: &Stop) {
    let connections = Connections::new(limits);
    let graceful = GracefulShutdown::new();
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WITHIN)
        .max_header_size(HEADER);
    loop {
        let accepted = tokio::select! {
            () = stop.requested() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let peer = peer.ip().to_canonical();
        // One more than there may be is closed at once.
        let Some(place) = connections.place(peer) else {
            continue;
        };
        // Without it, answers are late; but they come.
        let _ = stream.set_nodelay(true);
        let ends = Ends {
            own: stream.local_addr().ok().map(|own| own.ip().to_canonical()),
            peer: Some(peer),
        };
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ends);
            router.clone().oneshot(request)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off harms nobody else.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The connections that there are.
struct Connections {
    all: Arc<Semaphore>,
    by_peer: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most_of_peer: usize,
}

/// A connection, until this is dropped.
struct Place {
    _permit: OwnedSemaphorePermit,
    by_peer: Arc<Mutex<HashMap<IpAddr, usize>>>,
    peer: IpAddr,
}

impl Connections {
    fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.connections)),
            by_peer: Arc::default(),
            // One machine does not keep all others out.
            most_of_peer: limits.connections.div_ceil(2),
        }
    }

    /// Returns a place for another connection of that peer, if there is one.
    fn place(&self, peer: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut by_peer = self.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_peer.entry(peer).or_default();
        if *count >= self.most_of_peer {
            return None;
        }
        *count += 1;
        drop(by_peer);
        Some(Place {
            _permit: permit,
            by_peer: Arc::clone(&self.by_peer),
            peer,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_peer = self.by_peer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_peer.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                by_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_cannot_take_all_connections() {
        let limits = Limits {
            connections: 4,
            ..Limits::default()
        };
        let connections = Connections::new(&limits);
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([10, 0, 0, last]));
        let mut places = vec![connections.place(one), connections.place(one)];
        assert!(connections.place(one).is_none());
        places.extend([connections.place(two), connections.place(two)]);
        assert!(places.iter().all(Option::is_some));
        assert!(connections.place(three).is_none());
        places.clear();
        assert!(connections.place(three).is_some());
        assert!(connections.by_peer.lock().unwrap().is_empty());
    }
}
