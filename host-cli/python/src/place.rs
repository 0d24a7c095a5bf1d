//! Keeps something that one thread or task uses at a time, and that another may end.

use crate::errors;
use pyo3::prelude::*;
use std::future::poll_fn;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::Notify;

/// The place of something that one thread or task uses at a time.
pub struct Place<S: Send>(Arc<Shared<S>>);

struct Shared<S> {
    content: Mutex<Content<S>>,
    ended: Notify,
}

enum Content<S> {
    Here(S),
    /// Somebody uses it, and will put it back.
    Away,
    Ended,
}

/// Something that was taken from its place. It is put back even if its user gives up.
pub struct Taken<S> {
    shared: Arc<Shared<S>>,
    /// None if it has been ended.
    content: Option<S>,
}

impl<S> Shared<S> {
    fn content(&self) -> MutexGuard<'_, Content<S>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Send> Place<S> {
    pub fn new(content: S) -> Self {
        Self(Arc::new(Shared {
            content: Mutex::new(Content::Here(content)),
            ended: Notify::new(),
        }))
    }

    /// Takes what is here, until the returned value is dropped.
    ///
    /// # Errors
    /// Fails if somebody else has it.
    pub fn take(&self, py: Python<'_>) -> PyResult<Taken<S>> {
        let mut place = self.0.content();
        let content = match mem::replace(&mut *place, Content::Away) {
            Content::Here(content) => Some(content),
            Content::Away => return Err(errors::busy(py)),
            Content::Ended => {
                *place = Content::Ended;
                None
            }
        };
        Ok(Taken {
            shared: Arc::clone(&self.0),
            content,
        })
    }

    /// Ends it: whoever uses it is told, and whoever wants to use it finds nothing. Returns it, if it was
    /// here.
    pub fn end(&self) -> Option<S> {
        let content = mem::replace(&mut *self.0.content(), Content::Ended);
        self.0.ended.notify_waiters();
        match content {
            Content::Here(content) => Some(content),
            Content::Away | Content::Ended => None,
        }
    }

    /// Looks at what is here, if it is.
    pub fn look<T>(&self, look: impl FnOnce(&S) -> T) -> Option<T> {
        match &*self.0.content() {
            Content::Here(content) => Some(look(content)),
            Content::Away | Content::Ended => None,
        }
    }
}

/// Gives up Python's lock, because what is here may wait for a simulated device that is written in
/// Python and runs on another thread.
impl<S: Send> Drop for Place<S> {
    fn drop(&mut self) {
        let content = self.end();
        // Where Python ends, no other thread of it runs.
        let _ = Python::try_attach(|py| py.detach(|| drop(content)));
    }
}

impl<S> Taken<S> {
    /// Returns it, if it has not been ended.
    pub const fn content(&mut self) -> Option<&mut S> {
        self.content.as_mut()
    }

    /// Runs a future that uses it. Returns None if it has been ended, before or meanwhile.
    pub async fn until_ended<T>(&mut self, run: impl AsyncFnOnce(&mut S) -> T) -> Option<T> {
        let Self { shared, content } = self;
        let mut ended = pin!(shared.ended.notified());
        // From here on, it is told.
        ended.as_mut().enable();
        if matches!(*shared.content(), Content::Ended) {
            return None;
        }
        let mut running = pin!(run(content.as_mut()?));
        poll_fn(|context| match ended.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => running.as_mut().poll(context).map(Some),
        })
        .await
    }
}

impl<S> Drop for Taken<S> {
    fn drop(&mut self) {
        let mut place = self.shared.content();
        if let (Some(content), Content::Away) = (self.content.take(), &*place) {
            *place = Content::Here(content);
        }
    }
}
