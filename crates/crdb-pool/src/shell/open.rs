//! Opening sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;

use super::{Inner, background, now};
use crate::connector::{Condition, Connector, ErrorClass};
use crate::core::{Failed, Opening, chain};
use crate::hooks::{HookFailed, LeftUnclean};
use crate::observer::{ConnectFailed, Opened};

/// Opens a session in the background: the caller that asked for it may be gone by the time that it is there.
pub(super) fn spawn<C: Connector>(inner: &Arc<Inner<C>>, opening: Opening) {
    let task = OpenTask {
        inner: inner.clone(),
        opening: Some(opening),
    };
    background::spawn(&inner.runtime, task.run());
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
        let in_hook = AtomicBool::new(false);
        let result = tokio::select! {
            biased;
            () = self.inner.until_unwanted(|core| core.wants(opening, now().saturating_duration_since(started))) => return,
            result = timeout(opening.timeout, connect(&self.inner, opening, &in_hook)) => result,
        };
        let ended = now();
        let took = ended.saturating_duration_since(started);
        let Some(opening) = self.opening.take() else {
            return;
        };
        let inner = &self.inner;
        match result {
            Ok(Ok(session)) => {
                match &inner.observer {
                    Some(observer) => observer.opened(&Opened {
                        node: opening.node,
                        address: &opening.address,
                        took,
                    }),
                    None => {
                        tracing::debug!(node = %opening.address, ?took, "session opened");
                    }
                }
                inner.decide(|core, fx| core.opened(&opening, session, took, ended, fx));
            }
            Ok(Err(failed)) => self.failed(&opening, failed, took),
            Err(_elapsed) => {
                let what = match in_hook.into_inner() {
                    true => "opening a session, in the after_connect hook,",
                    false => "opening a session",
                };
                let error = TimedOut {
                    what,
                    after: opening.timeout,
                };
                self.failed(&opening, Failed::silent(error), took);
            }
        }
    }

    fn failed(&self, opening: &Opening, failed: Failed, took: Duration) {
        match &self.inner.observer {
            Some(observer) => observer.connect_failed(&ConnectFailed {
                node: opening.node,
                address: &opening.address,
                took,
                error: failed.error.as_ref(),
            }),
            None => tracing::debug!(
                node = %opening.address,
                error = %chain(failed.error.as_ref()),
                "could not open a session"
            ),
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

/// Opens a session and brings it into its ground state; `in_hook` says whether the hook has begun.
async fn connect<C: Connector>(
    inner: &Inner<C>,
    opening: &Opening,
    in_hook: &AtomicBool,
) -> Result<C::Session, Failed> {
    let connector = &inner.connector;
    let failed = |error: C::Error| Failed::new(connector.classify(&error), error);
    let mut session = connector.connect(&opening.address).await.map_err(failed)?;
    if opening.kind.is_checked() {
        connector.check(&mut session).await.map_err(failed)?;
    }
    let Some(hook) = &inner.hooks.after_connect else {
        return Ok(session);
    };
    in_hook.store(true, Ordering::Relaxed);
    hook(&mut session, &opening.address)
        .await
        .map_err(|error| {
            // Whatever the error is: the node has let us in, and what ends a session says little about it.
            let error = HookFailed::new("after_connect", error);
            Failed::new(ErrorClass::Harmless, error)
        })?;
    connector.mark_clean(&mut session);
    if connector.condition(&mut session) == Condition::NeedsReset {
        return Err(Failed::new(ErrorClass::Harmless, LeftUnclean));
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
