//! How often each peer may ask: so many times a second, and as many at once.

use super::problem::{Kind, Problem};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// The most peers that are told apart. Others share a rate.
const PEERS: usize = 1024;

/// The rates of all peers.
#[derive(Debug)]
pub struct Rates {
    per_second: u32,
    peers: Mutex<HashMap<Option<IpAddr>, Bucket>>,
}

/// The requests that a peer may make at once.
#[derive(Debug)]
struct Bucket {
    left: f64,
    filled: Instant,
}

impl Rates {
    /// Lets each peer ask so many times a second.
    pub fn new(per_second: u32) -> Self {
        Self {
            per_second,
            peers: Mutex::default(),
        }
    }

    /// Counts a request of a peer.
    ///
    /// # Errors
    /// Fails if the peer has made too many.
    pub fn take(&self, peer: Option<IpAddr>) -> Result<(), Problem> {
        let most = f64::from(self.per_second);
        let now = Instant::now();
        let left = |bucket: &Bucket| {
            let since = now.duration_since(bucket.filled).as_secs_f64();
            (bucket.left + since * most).min(most)
        };
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= PEERS && !peers.contains_key(&peer) {
            // Who has not asked for a while is as one who never asked.
            peers.retain(|_, bucket| left(bucket) < most);
        }
        let peer = match peers.len() < PEERS || peers.contains_key(&peer) {
            true => peer,
            false => None,
        };
        let bucket = peers.entry(peer).or_insert(Bucket {
            left: most,
            filled: now,
        });
        (bucket.left, bucket.filled) = (left(bucket), now);
        if bucket.left < 1.0 {
            let message = format!(
                "there were more than {} requests in a second",
                self.per_second
            );
            return Err(Problem::new(Kind::TooMany, message));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;
    use std::time::Duration;
    use tokio::time::advance;

    fn peer(number: u128) -> Option<IpAddr> {
        Some(Ipv6Addr::from_bits(number).into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_asks_too_often_is_refused_until_time_has_passed_and_no_other_is() {
        let rates = Rates::new(10);
        for _ in 0..10 {
            assert!(rates.take(peer(1)).is_ok());
        }
        assert_eq!(rates.take(peer(1)).unwrap_err().kind, Kind::TooMany);
        assert!(rates.take(peer(2)).is_ok());
        advance(Duration::from_millis(200)).await;
        assert!(rates.take(peer(1)).is_ok() && rates.take(peer(1)).is_ok());
        assert!(rates.take(peer(1)).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn thousands_of_peers_take_bounded_memory() {
        let rates = Rates::new(10);
        let taken = (0..100_000).filter(|number| rates.take(peer(*number)).is_ok());
        // Those that are told apart, and the ones that share a rate.
        assert!(taken.count() <= PEERS + 10);
        assert!(rates.peers.lock().unwrap().len() <= PEERS + 1);
        advance(Duration::from_secs(1)).await;
        assert!(rates.take(peer(u128::MAX)).is_ok());
    }
}
