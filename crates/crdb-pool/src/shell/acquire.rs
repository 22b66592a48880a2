//! How a caller gets a session.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::{Borrowed, Inner, now};
use crate::connector::{Connector, ErrorClass};
use crate::core::{Acquire, Grant, Refusal, Request, Ticket, later};
use crate::error::{Error, ErrorKind};
use crate::lease::Lease;
use crate::observer::Acquiring;

/// Gets a session that works, by `deadline`.
#[expect(
    clippy::manual_async_fn,
    reason = "the arguments of an async fn are moved once more when it is first polled"
)]
pub(crate) fn acquire<C: Connector>(
    inner: &Arc<Inner<C>>,
    request: Request,
    deadline: Option<Instant>,
) -> impl Future<Output = Result<Lease<C>, Error>> + Send + use<'_, C> {
    async move {
        let started = now();
        let latest = later(started, Duration::MAX);
        let deadline = match deadline {
            Some(deadline) => deadline.min(latest),
            None => later(started, inner.config.acquire_timeout),
        };
        let acquiring = Acquiring::begin(inner.observer.as_deref(), request.avoid, started);
        let (ticket, mut granted) = first_attempt(inner, &request, started);
        let mut turn = Turn {
            inner,
            ticket,
            again: granted.is_some(),
            queued: false,
        };
        let mut at = started;
        let mut checked = false;
        loop {
            let grant = match granted.take() {
                Some(grant) => grant,
                None => match turn.next_grant(&request, started, deadline).await {
                    Ok(grant) => {
                        at = now();
                        grant
                    }
                    Err(error) => {
                        acquiring.failed(error.kind());
                        return Err(error);
                    }
                },
            };
            let check = grant.needs_check(inner.config.fresh_for, at);
            let Some(mut borrowed) = Borrowed::new(inner.clone(), grant, at).look() else {
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
            let pooled = borrowed.pooled_mut();
            if !pooled.was_lent {
                pooled.was_lent = true;
                inner.lock().lent_first(pooled.node);
            }
            inner.connector.lend(&mut pooled.session);
            let since = if check { now() } else { at };
            pooled.loan.since = since;
            acquiring.acquired(pooled.node, &pooled.address, checked, since);
            return Ok(Lease::new(borrowed));
        }
    }
}

/// How often a caller lets others run before it joins the queue, where that may spare it the queue.
const YIELDS: u32 = 4;

/// Comes to the pool, and takes a session if one is free. Where sessions come back within microseconds, gives the processor to
/// their borrowers a few times before joining the queue: once there is one, every session is handed from thread to thread,
/// each time at the price of waking the next.
#[inline]
fn first_attempt<C: Connector>(
    inner: &Inner<C>,
    request: &Request,
    at: Instant,
) -> (Ticket, Option<Grant<C::Session>>) {
    let mut core = inner.lock();
    let ticket = core.arrive();
    let mut granted = core.try_acquire(ticket, request, at);
    for _ in 0..YIELDS {
        if granted.is_some() || !core.turns_over_at_once() {
            break;
        }
        drop(core);
        std::thread::yield_now();
        core = inner.lock();
        granted = core.try_acquire(ticket, request, at);
    }
    (ticket, granted)
}

/// A caller's turn. Dropping it leaves the queue, and passes on what had been granted and not been fetched.
struct Turn<'a, C: Connector> {
    inner: &'a Arc<Inner<C>>,
    /// The same from the first attempt to the last, so that a dead session does not cost the caller its place.
    ticket: Ticket,
    /// It has been granted a session, which did not work.
    again: bool,
    queued: bool,
}

impl<C: Connector> Turn<'_, C> {
    async fn next_grant(
        &mut self,
        request: &Request,
        started: Instant,
        deadline: Instant,
    ) -> Result<Grant<C::Session>, Error> {
        let at = now();
        if self.again && at >= deadline {
            return Err(self.timed_out(started));
        }
        self.again = true;
        let ticket = self.ticket;
        let answer = (self.inner).decide(|core, fx| core.acquire(ticket, *request, at, fx));
        match answer {
            Acquire::Granted(grant) => return Ok(grant),
            Acquire::Refused(refusal) => return Err(self.refused(refusal)),
            Acquire::Wait => {}
        }
        self.queued = true;
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
        if self.queued {
            let at = now();
            self.inner
                .decide(|core, fx| core.leave(self.ticket, at, fx));
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
        match self.inner.lock().poll(self.ticket, keep) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    }
}
