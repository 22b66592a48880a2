//! How a caller gets a session.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::{Borrowed, Inner, now};
use crate::connector::{Connector, ErrorClass};
use crate::core::{Acquire, Grant, Refusal, Request, Ticket};
use crate::error::{Error, ErrorKind};
use crate::lease::Lease;
use crate::observer::{AcquireFailed, Acquired};

/// Gets a session that works, by `deadline`.
pub(crate) async fn acquire<C: Connector>(
    inner: &Arc<Inner<C>>,
    request: Request,
    deadline: Option<Instant>,
) -> Result<Lease<C>, Error> {
    let started = now();
    let deadline = deadline.unwrap_or(started + inner.config.acquire_timeout);
    let mut turn = Turn {
        inner,
        ticket: None,
        queued: false,
        has_waited: false,
    };
    let mut checked = false;
    loop {
        let grant = match turn.next_grant(request, started, deadline).await {
            Ok(grant) => grant,
            Err(error) => {
                if let Some(observer) = &inner.observer {
                    let waited = now().saturating_duration_since(started);
                    observer.acquire_failed(&AcquireFailed {
                        kind: error.kind(),
                        waited,
                    });
                }
                return Err(error);
            }
        };
        let check = grant.check;
        let Some(mut borrowed) = Borrowed::new(inner.clone(), grant).look() else {
            continue;
        };
        if check {
            checked = true;
            let Some(proven) = borrowed.check(Some(deadline)).await else {
                continue;
            };
            borrowed = proven;
        }
        if let Some(hook) = &inner.hooks.before_acquire {
            let Some(ready) = borrowed.before_acquire(hook, deadline).await else {
                continue;
            };
            borrowed = ready;
        }
        inner.connector.lend(&mut borrowed.pooled_mut().session);
        let since = if turn.has_waited || checked {
            now()
        } else {
            started
        };
        if let Some(observer) = &inner.observer {
            let pooled = borrowed.pooled();
            let waited = since.saturating_duration_since(started);
            observer.acquired(&Acquired {
                node: pooled.node,
                address: &pooled.address,
                waited,
                checked,
            });
        }
        return Ok(Lease::new(borrowed, since));
    }
}

/// A caller's turn. Dropping it leaves the queue, and passes on what had been granted and not been fetched.
struct Turn<'a, C: Connector> {
    inner: &'a Arc<Inner<C>>,
    /// The same from the first attempt to the last, so that a dead session does not cost the caller its place.
    ticket: Option<Ticket>,
    queued: bool,
    has_waited: bool,
}

impl<C: Connector> Turn<'_, C> {
    async fn next_grant(
        &mut self,
        request: Request,
        started: Instant,
        deadline: Instant,
    ) -> Result<Grant<C::Session>, Error> {
        let at = now();
        if at >= deadline && self.ticket.is_some() {
            return Err(self.timed_out(started));
        }
        let (answer, ticket) = self.inner.decide(|core, fx| {
            let ticket = self.ticket.unwrap_or_else(|| core.arrive());
            (core.acquire(ticket, request, at, fx), ticket)
        });
        self.ticket = Some(ticket);
        match answer {
            Acquire::Granted(grant) => return Ok(grant),
            Acquire::Refused(refusal) => return Err(self.refused(refusal)),
            Acquire::Wait => {}
        }
        self.queued = true;
        self.has_waited = true;
        let answer = Answer {
            inner: self.inner,
            ticket,
        };
        let answer = tokio::time::timeout_at(deadline.into(), answer).await;
        self.queued = answer.is_err();
        match answer {
            Ok(Ok(grant)) => Ok(grant),
            Ok(Err(refusal)) => Err(self.refused(refusal)),
            Err(_elapsed) => Err(self.timed_out(started)),
        }
    }

    fn refused(&self, refusal: Refusal) -> Error {
        let core = self.inner.lock();
        let status = core.status(now());
        match refusal {
            Refusal::Closed => Error::new(ErrorKind::Closed, "the pool is closed"),
            Refusal::TooManyWaiters => Error::new(
                ErrorKind::TooManyWaiters,
                "too many callers wait for a session already; raise max_waiters or max_size, or shed load earlier",
            )
            .with_status(status),
            Refusal::Authentication => Error::new(
                ErrorKind::Authentication,
                "no session: the nodes refuse our credentials; check user, password, certificate and database",
            )
            .with_source(core.latest_failure().map(|failure| failure.error.clone()))
            .with_status(status),
        }
    }

    fn timed_out(&self, started: Instant) -> Error {
        let core = self.inner.lock();
        let at = now();
        let waited = at.saturating_duration_since(started);
        let failure = core.latest_failure();
        let credentials = failure.is_some_and(|failure| {
            failure.class == ErrorClass::Authentication && failure.at >= started
        });
        let (kind, reason) = if credentials {
            (
                ErrorKind::Authentication,
                "and new ones cannot be opened, because our credentials are refused",
            )
        } else {
            (ErrorKind::Timeout, "by the deadline")
        };
        if let Some(failure) = core.topology_failure() {
            return Error::new(
                ErrorKind::Topology,
                format!("no session within {waited:.1?}, since no nodes are known: {failure}"),
            );
        }
        Error::new(
            kind,
            format!("no session came free within {waited:.1?} {reason}"),
        )
        .with_source(failure.map(|failure| failure.error.clone()))
        .with_status(core.status(at))
    }
}

impl<C: Connector> Drop for Turn<'_, C> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket
            && self.queued
        {
            let at = now();
            self.inner.decide(|core, fx| core.leave(ticket, at, fx));
        }
    }
}

/// Waits for the answer to a caller in the queue.
struct Answer<'a, C: Connector> {
    inner: &'a Arc<Inner<C>>,
    ticket: Ticket,
}

impl<C: Connector> Future for Answer<'_, C> {
    type Output = Result<Grant<C::Session>, Refusal>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let keep = |waker: Option<std::task::Waker>| match waker {
            Some(waker) if waker.will_wake(cx.waker()) => waker,
            _ => cx.waker().clone(),
        };
        match self.inner.lock().poll(self.ticket, now(), keep) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    }
}
