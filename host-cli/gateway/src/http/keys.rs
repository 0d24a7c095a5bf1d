//! Idempotency keys: the outcome of a call is kept for a while, so that a client that has not seen it can
//! ask again by the same key, and the call runs exactly once all the same.
//!
//! The outcome is kept whether or not the first client still waits for it. That of a call that never ran is
//! not, nor that of one that failed and may run again, so that the same key tries again. Nothing survives the
//! gateway itself.

use super::problem::{Answer, Kind, PROBLEM, Problem};
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rpc_proto::describe::DIGEST;
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The header with the key.
pub const KEY: &str = "idempotency-key";

/// The header of an outcome that is repeated.
const REPEATED: HeaderName = HeaderName::from_static("idempotency-repeated");

/// The pattern of a key, for the document.
pub const PATTERN: &str = r#"^"?[A-Za-z0-9._~:+/=-]{1,255}"?$"#;

/// The longest key.
const MAX_KEY: usize = 255;

/// The limits on what is kept.
#[derive(Clone, Copy, Debug)]
pub struct KeyLimits {
    /// The most keys.
    pub keys: usize,
    /// The most bytes of outcomes.
    pub bytes: usize,
    /// The time for which an outcome is kept.
    pub kept: Duration,
}

impl Default for KeyLimits {
    fn default() -> Self {
        Self {
            keys: 4096,
            bytes: 8 << 20,
            kept: Duration::from_secs(600),
        }
    }
}

/// The keys that were seen.
#[derive(Debug)]
pub struct Keys {
    limits: KeyLimits,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    by_name: HashMap<Name, Kept>,
    /// The number of bytes of all outcomes.
    bytes: usize,
}

/// A key, and the device that it is for.
type Name = (String, String);

#[derive(Debug)]
struct Kept {
    request: [u8; DIGEST],
    outcome: watch::Receiver<Option<Outcome>>,
    /// The end of the time for which it is kept, once it has ended.
    until: Option<Instant>,
    bytes: usize,
}

/// The outcome of a call.
#[derive(Clone, Debug)]
pub struct Outcome {
    status: StatusCode,
    media_type: HeaderValue,
    body: Bytes,
    /// True if the same call must not be made again.
    is_final: bool,
}

impl Outcome {
    /// Makes an outcome of an answer; `idempotent` is true if calling again does no harm.
    pub fn new(answer: &Answer<Value>, idempotent: bool) -> Self {
        let (status, media_type, body, is_final) = match answer {
            Ok(value) => (
                StatusCode::OK,
                HeaderValue::from_static("application/json"),
                value.to_string(),
                true,
            ),
            Err(problem) => (
                problem.kind.status(),
                PROBLEM,
                problem.to_json().to_string(),
                problem.is_final(idempotent),
            ),
        };
        Self {
            status,
            media_type,
            body: body.into(),
            is_final,
        }
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        (self.status, [(CONTENT_TYPE, self.media_type)], self.body).into_response()
    }
}

/// Returns the key that the client gives.
pub fn given(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(key) = headers.get(KEY) else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default();
    // The draft of the standard has it in quotes.
    let key = key.strip_prefix('"').unwrap_or(key);
    let key = key.strip_suffix('"').unwrap_or(key);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:+/=-".contains(&byte);
    if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(is_plain) {
        let message = format!(
            "the idempotency key is not of 1 to {MAX_KEY} letters, digits and . _ ~ : + / = -"
        );
        return Err(Problem::new(Kind::Mistaken, message));
    }
    Ok(Some(key.to_owned()))
}

impl Keys {
    /// Creates an empty memory.
    pub fn new(limits: KeyLimits) -> Self {
        Self {
            limits,
            seen: Mutex::default(),
        }
    }

    /// Makes the call, unless one by that key was made already or is still made: then returns its
    /// outcome.
    ///
    /// # Errors
    /// Fails if the key belongs to another request, or if there are too many keys.
    pub async fn once(
        self: &Arc<Self>,
        device: &str,
        key: String,
        request: [u8; DIGEST],
        make: impl Future<Output = Outcome> + Send + 'static,
    ) -> Answer<Response> {
        let name = (device.to_owned(), key);
        let (outcome, is_repeated) = match self.seen(&name, request)? {
            Some(outcome) => (outcome, true),
            None => (self.begin(name, request, make)?, false),
        };
        let mut response = ended(outcome).await?.into_response();
        if is_repeated {
            let headers = response.headers_mut();
            headers.insert(REPEATED, HeaderValue::from_static("true"));
        }
        Ok(response)
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the outcome of the call by that key, which may be to come.
    fn seen(
        &self,
        name: &Name,
        request: [u8; DIGEST],
    ) -> Answer<Option<watch::Receiver<Option<Outcome>>>> {
        let mut seen = self.lock();
        let now = Instant::now();
        match seen.by_name.get(name) {
            None => Ok(None),
            Some(kept) if kept.is_over(now) => {
                seen.forget(name);
                Ok(None)
            }
            Some(kept) if kept.request == request => Ok(Some(kept.outcome.clone())),
            Some(_) => Err(Problem::new(
                Kind::KeyReused,
                "another request with this idempotency key was made before",
            )
            .hint("use a new key for each call, and the same only to repeat it")),
        }
    }

    /// Begins a call, which goes on if nobody waits for it any more.
    fn begin(
        self: &Arc<Self>,
        name: Name,
        request: [u8; DIGEST],
        make: impl Future<Output = Outcome> + Send + 'static,
    ) -> Answer<watch::Receiver<Option<Outcome>>> {
        let (sender, outcome) = watch::channel(None);
        let mut seen = self.lock();
        seen.make_room(&self.limits)?;
        let kept = Kept {
            request,
            outcome: outcome.clone(),
            until: None,
            bytes: 0,
        };
        match seen.by_name.entry(name.clone()) {
            // Another has begun it just now.
            Entry::Occupied(other) if other.get().request == request => {
                return Ok(other.get().outcome.clone());
            }
            Entry::Occupied(_) => {
                let message = "another request with this idempotency key was made just now";
                return Err(Problem::new(Kind::KeyReused, message));
            }
            Entry::Vacant(place) => drop(place.insert(kept)),
        }
        drop(seen);
        let keys = Arc::clone(self);
        tokio::spawn(async move {
            // If it panics, what it has done is not known, and the key is not used again.
            let mut forgotten = Forgotten {
                keys,
                name,
                outcome: None,
            };
            let made = make.await;
            forgotten.outcome = Some(made.clone());
            drop(forgotten);
            sender.send_replace(Some(made));
        });
        Ok(outcome)
    }
}

/// Notes the end of a call, however it ends.
struct Forgotten {
    keys: Arc<Keys>,
    name: Name,
    /// None if the call panicked.
    outcome: Option<Outcome>,
}

impl Drop for Forgotten {
    fn drop(&mut self) {
        let mut seen = self.keys.lock();
        let bytes = self.outcome.as_ref().map_or(0, |made| made.body.len());
        if self.outcome.as_ref().is_some_and(|made| !made.is_final) {
            seen.forget(&self.name);
        } else if let Some(kept) = seen.by_name.get_mut(&self.name) {
            kept.until = Some(Instant::now() + self.keys.limits.kept);
            kept.bytes = bytes;
            seen.bytes += bytes;
        }
    }
}

/// Waits for an outcome.
async fn ended(mut outcome: watch::Receiver<Option<Outcome>>) -> Answer<Outcome> {
    let ended = outcome.wait_for(Option::is_some).await;
    let outcome = ended.ok().and_then(|outcome| outcome.clone());
    outcome.ok_or_else(|| {
        let message = "the call by this key came to no end: it may have run, once, or not";
        Problem::new(Kind::Internal, message).may_have_run()
    })
}

impl Kept {
    fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl Seen {
    fn forget(&mut self, name: &Name) {
        if let Some(kept) = self.by_name.remove(name) {
            self.bytes -= kept.bytes;
        }
    }

    /// Forgets what is old, and fails if there is no room even so: what is not old may be asked for.
    fn make_room(&mut self, limits: &KeyLimits) -> Answer<()> {
        let is_full = |seen: &Self| seen.by_name.len() >= limits.keys || seen.bytes >= limits.bytes;
        if is_full(self) {
            let now = Instant::now();
            self.by_name.retain(|_, kept| !kept.is_over(now));
            self.bytes = self.by_name.values().map(|kept| kept.bytes).sum();
        }
        if is_full(self) {
            let message = "the gateway keeps as many idempotency keys as it can";
            return Err(Problem::new(Kind::TooMany, message)
                .hint("it forgets each after some minutes; idempotent procedures need none"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    fn keys() -> Arc<Keys> {
        Arc::new(Keys::new(KeyLimits {
            keys: 3,
            ..KeyLimits::default()
        }))
    }

    fn outcome(answer: Answer<Value>) -> Outcome {
        Outcome::new(&answer, false)
    }

    /// Counts its runs, and returns their number.
    async fn run(runs: Arc<AtomicU32>) -> Outcome {
        let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
        outcome(Ok(json!(run)))
    }

    const REQUEST: [u8; DIGEST] = [1; DIGEST];
    const OTHER: [u8; DIGEST] = [2; DIGEST];

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_repeated_runs_once_until_its_key_is_forgotten() {
        let (keys, runs) = (keys(), Arc::new(AtomicU32::new(0)));
        for _ in 0..3 {
            let made = keys.once("sim", "a".into(), REQUEST, run(Arc::clone(&runs)));
            assert_eq!(made.await.unwrap().status(), StatusCode::OK);
            assert_eq!(runs.load(Ordering::SeqCst), 1);
        }
        // Another device's key is another.
        let made = keys.once("other", "a".into(), REQUEST, run(Arc::clone(&runs)));
        assert!(made.await.is_ok());
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        tokio::time::advance(KeyLimits::default().kept).await;
        let made = keys.once("sim", "a".into(), REQUEST, run(Arc::clone(&runs)));
        assert!(made.await.is_ok());
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_call_whose_client_has_gone_goes_on_and_the_next_client_gets_its_outcome() {
        let (keys, runs) = (keys(), Arc::new(AtomicU32::new(0)));
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = {
            let (runs, begun, go_on) = (Arc::clone(&runs), Arc::clone(&begun), Arc::clone(&go_on));
            async move {
                begun.notify_one();
                go_on.notified().await;
                run(runs).await
            }
        };
        let first = tokio::spawn({
            let keys = Arc::clone(&keys);
            async move { keys.once("sim", "a".into(), REQUEST, slow).await }
        });
        begun.notified().await;
        first.abort();
        let second = tokio::spawn({
            let (keys, runs) = (Arc::clone(&keys), Arc::clone(&runs));
            async move { keys.once("sim", "a".into(), REQUEST, run(runs)).await }
        });
        go_on.notify_one();
        let response = second.await.unwrap().unwrap();
        assert_eq!(response.headers()[REPEATED], "true");
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_key_of_another_request_is_refused() {
        let (keys, runs) = (keys(), Arc::new(AtomicU32::new(0)));
        let made = keys.once("sim", "a".into(), REQUEST, run(Arc::clone(&runs)));
        assert!(made.await.is_ok());
        let other = keys.once("sim", "a".into(), OTHER, run(Arc::clone(&runs)));
        assert_eq!(other.await.unwrap_err().kind, Kind::KeyReused);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_call_that_never_ran_is_tried_again() {
        let keys = keys();
        let never = || async { outcome(Err(Problem::new(Kind::Port, "it is away"))) };
        let made = keys.once("sim", "a".into(), REQUEST, never()).await;
        assert_eq!(made.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
        let made = keys.once("sim", "a".into(), REQUEST, run(Arc::default()));
        assert_eq!(made.await.unwrap().status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_call_whose_outcome_is_unknown_is_not_made_again() {
        let keys = keys();
        let lost = async {
            let problem = Problem::new(Kind::OutcomeUnknown, "no answer came").may_have_run();
            outcome(Err(problem))
        };
        let made = keys.once("sim", "a".into(), REQUEST, lost).await.unwrap();
        let again = keys.once("sim", "a".into(), REQUEST, run(Arc::default()));
        assert_eq!(again.await.unwrap().status(), made.status());
    }

    #[tokio::test]
    async fn a_call_that_panics_is_not_made_again() {
        let keys = keys();
        let panics = async { panic!("as a test") };
        let made = keys.once("sim", "a".into(), REQUEST, panics).await;
        assert_eq!(made.unwrap_err().kind, Kind::Internal);
        let again = keys.once("sim", "a".into(), REQUEST, run(Arc::default()));
        assert_eq!(again.await.unwrap_err().kind, Kind::Internal);
    }

    #[tokio::test(start_paused = true)]
    async fn keys_that_may_be_asked_for_are_not_pushed_out_by_new_ones() {
        let (keys, runs) = (keys(), Arc::new(AtomicU32::new(0)));
        for key in 0..1000 {
            let made = keys.once("sim", key.to_string(), REQUEST, run(Arc::clone(&runs)));
            assert_eq!(made.await.is_ok(), key < 3);
        }
        assert_eq!(runs.load(Ordering::SeqCst), 3);
        let again = keys.once("sim", "0".into(), REQUEST, run(Arc::clone(&runs)));
        assert_eq!(again.await.unwrap().headers()[REPEATED], "true");
        tokio::time::advance(KeyLimits::default().kept).await;
        let made = keys.once("sim", "999".into(), REQUEST, run(Arc::clone(&runs)));
        assert!(made.await.is_ok());
        assert_eq!(keys.lock().by_name.len(), 1);
    }
}
