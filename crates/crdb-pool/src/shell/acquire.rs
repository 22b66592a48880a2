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

/// How often a caller lets others run before it joins the queue, where that may spare it the queue.
const YIELDS: u32 = 4;

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
        let at = if self.ticket.is_none() {
            started
        } else {
            now()
        };
        if at >= deadline && self.ticket.is_some() {
            return Err(self.timed_out(started));
        }
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => match self.first_attempt(request, at) {
                (_, Some(grant)) => return Ok(grant),
                (ticket, None) => ticket,
            },
        };
        let answer = (self.inner).decide(|core, fx| core.acquire(ticket, request, at, fx));
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

    /// Takes a session that is free. Where sessions come back within microseconds, gives the processor to those who have
    /// them a few times before joining the queue: once there is one, every session is handed from thread to thread, each
    /// time at the price of waking the next.
    fn first_attempt(
        &mut self,
        request: Request,
        at: Instant,
    ) -> (Ticket, Option<Grant<C::Session>>) {
        let mut core = self.inner.lock();
        let ticket = core.arrive();
        self.ticket = Some(ticket);
        for _ in 0..YIELDS {
            let granted = core.try_acquire(ticket, request, at);
            if granted.is_some() || !core.turns_over_at_once() {
                return (ticket, granted);
            }
            drop(core);
            std::thread::yield_now();
            core = self.inner.lock();
        }
        (ticket, core.try_acquire(ticket, request, at))
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
