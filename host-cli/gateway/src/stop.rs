//! The request to stop, which all parts of the gateway see.

use tokio::sync::watch;

/// Requests the stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Sees the request.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// Creates one that has not requested anything.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Returns what sees the request.
    pub fn stop(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    /// Requests the stop.
    pub fn request(&self) {
        self.0.send_replace(true);
    }
}

impl Default for Stopper {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// Returns true if the gateway is to stop: no call begins any more.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the gateway is to stop. That never ends if nobody can request it any more.
    pub async fn requested(&self) {
        let mut seen = self.0.clone();
        if seen.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
