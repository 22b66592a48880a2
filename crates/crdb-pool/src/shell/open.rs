//! Opening sessions.

use std::sync::Arc;
use std::time::Duration;

use super::{Inner, now};
use crate::connector::{Connector, ErrorClass};
use crate::core::{Failed, Opening};
use crate::observer::{ConnectFailed, Opened};

/// Opens a session in the background: whoever asked for it may be gone by the time that it is there.
pub(super) fn spawn<C: Connector>(inner: &Arc<Inner<C>>, opening: Opening) {
    let task = OpenTask {
        inner: inner.clone(),
        opening: Some(opening),
    };
    drop(inner.runtime.spawn(task.run()));
}

/// Sees to it that the pool learns how an attempt ended, also when the task is aborted or panics.
struct OpenTask<C: Connector> {
    inner: Arc<Inner<C>>,
    opening: Option<Opening>,
}

impl<C: Connector> OpenTask<C> {
    async fn run(mut self) {
        let Some(opening) = &self.opening else { return };
        let started = now();
        let result = tokio::select! {
            biased;
            () = self.inner.until_unwanted(|core| core.wants(opening, now().saturating_duration_since(started))) => return,
            result = tokio::time::timeout(opening.timeout, connect(&self.inner, opening)) => result,
        };
        let ended = now();
        let took = ended.saturating_duration_since(started);
        let Some(opening) = self.opening.take() else {
            return;
        };
        let inner = &self.inner;
        match result {
            Ok(Ok(session)) => {
                if let Some(observer) = &inner.observer {
                    observer.opened(&Opened {
                        node: opening.node,
                        address: &opening.address,
                        took,
                    });
                }
                tracing::debug!(node = %opening.address, ?took, "session opened");
                inner.decide(|core, fx| core.opened(&opening, session, took, ended, fx));
            }
            Ok(Err(error)) => {
                let class = inner.connector.classify(&error);
                self.failed(&opening, (class, Arc::new(error)), took);
            }
            Err(_elapsed) => {
                let error = TimedOut {
                    what: "opening a session",
                    after: opening.timeout,
                };
                self.failed(&opening, (ErrorClass::Dead, Arc::new(error)), took);
            }
        }
    }

    fn failed(&self, opening: &Opening, failed: Failed, took: Duration) {
        tracing::debug!(node = %opening.address, error = %failed.1, "could not open a session");
        if let Some(observer) = &self.inner.observer {
            let error = failed.1.as_ref();
            observer.connect_failed(&ConnectFailed {
                node: opening.node,
                address: &opening.address,
                took,
                error,
            });
        }
        let at = now();
        self.inner
            .decide(|core, fx| core.open_failed(opening, failed, at, fx));
    }
}

impl<C: Connector> Drop for OpenTask<C> {
    fn drop(&mut self) {
        if let Some(opening) = self.opening.take() {
            let at = now();
            self.inner
                .decide(|core, fx| core.open_abandoned(&opening, at, fx));
        }
    }
}

async fn connect<C: Connector>(
    inner: &Inner<C>,
    opening: &Opening,
) -> Result<C::Session, C::Error> {
    let mut session = inner.connector.connect(&opening.address).await?;
    if let Some(hook) = &inner.hooks.after_connect {
        hook(&mut session, &opening.address).await?;
    }
    Ok(session)
}

/// A bound of the pool's own has passed.
#[derive(Debug)]
pub(super) struct TimedOut {
    pub(super) what: &'static str,
    pub(super) after: Duration,
}

impl std::fmt::Display for TimedOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} took longer than {:?}", self.what, self.after)
    }
}

impl std::error::Error for TimedOut {}
