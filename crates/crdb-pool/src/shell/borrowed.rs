//! A session that is out of its slot, and the ways back.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::open::TimedOut;
use super::{Inner, background, now};
use crate::connector::{Condition, Connector, ErrorClass};
use crate::core::{Failed, Grant, Loan, Pooled};
use crate::hooks::{Hook, HookError, HookFailed};
use crate::observer::{Checked, CloseReason, Released, Reset};

/// Owns a session and its slot. Dropping it destroys the session and frees the slot: so a session that is dropped in the middle
/// of an operation is never lent again.
pub(crate) struct Borrowed<C: Connector> {
    inner: Arc<Inner<C>>,
    /// Present until the session has gone back.
    pooled: Option<Box<Pooled<C::Session>>>,
}

/// What a session without a borrower was found to be.
#[derive(Debug)]
enum Found {
    Closed,
    ShuttingDown,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "a session was found closed",
            Self::ShuttingDown => "the node told a session that it is shutting down",
        })
    }
}

impl std::error::Error for Found {}

impl<C: Connector> Borrowed<C> {
    #[inline]
    pub(super) fn new(inner: Arc<Inner<C>>, grant: Grant<C::Session>, since: Instant) -> Self {
        let mut pooled = grant.pooled;
        pooled.loan = Loan::new(grant.borrow, since);
        Self {
            inner,
            pooled: Some(pooled),
        }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner<C>> {
        &self.inner
    }

    pub(crate) fn pooled(&self) -> &Pooled<C::Session> {
        // Only `self`-consuming methods take it out.
        #[expect(clippy::expect_used, reason = "present until the value is consumed")]
        self.pooled
            .as_ref()
            .expect("a session until it has gone back")
    }

    pub(crate) fn pooled_mut(&mut self) -> &mut Pooled<C::Session> {
        #[expect(clippy::expect_used, reason = "present until the value is consumed")]
        self.pooled
            .as_mut()
            .expect("a session until it has gone back")
    }

    /// The borrower is done, and wants the session to be closed.
    fn discard(self) {
        if let Some(observer) = &self.inner.observer {
            let pooled = self.pooled();
            let held = now().saturating_duration_since(pooled.loan.since);
            observer.released(&Released {
                node: pooled.node,
                address: &pooled.address,
                held,
            });
        }
        self.destroy(CloseReason::Discarded);
    }

    /// Destroys the session.
    fn destroy(mut self, reason: CloseReason) {
        self.destroy_now(reason);
    }

    fn destroy_now(&mut self, reason: CloseReason) {
        if let Some(pooled) = self.pooled.take() {
            self.inner.close_session(&pooled, reason);
            let borrow = pooled.loan.borrow;
            let unused = (!pooled.was_lent).then_some(pooled.born);
            drop(pooled);
            let at = now();
            self.inner
                .decide(|core, fx| core.lost(borrow, unused, at, fx));
        }
    }

    /// Notes what was seen on the session.
    pub(crate) fn report(&self, failed: Failed) {
        let (pooled, at) = (self.pooled(), now());
        self.inner
            .decide(|core, fx| core.report(pooled.node, pooled.term, failed, at, fx));
    }

    /// Looks at a session that was idle. `None`: it is not fit to be used, and is being reset or has been destroyed.
    #[inline]
    pub(super) fn look(mut self) -> Option<Self> {
        let pooled = self.pooled.as_mut()?;
        match self.inner.connector.condition(&mut pooled.session) {
            Condition::Clean => return Some(self),
            Condition::NeedsReset => {
                self.clean_in_background(true, None);
                return None;
            }
            Condition::Draining => {
                self.report(Failed::new(ErrorClass::Draining, Found::ShuttingDown));
            }
            Condition::Broken => self.report(Failed::new(ErrorClass::Dead, Found::Closed)),
        }
        self.destroy(CloseReason::Broken);
        None
    }

    /// Proves that the session works, within the check's own bound and `deadline`. `None`: it does not, and has been
    /// destroyed.
    pub(super) async fn check(mut self, deadline: Option<Instant>) -> Option<Self> {
        let began = now();
        let (bound, own) = bound(self.inner.config.check_timeout, began, deadline);
        let inner = self.inner.clone();
        let result = timeout(bound, inner.connector.check(&mut self.pooled_mut().session)).await;
        let at = now();
        let pooled = self.pooled();
        if let Some(observer) = &inner.observer {
            observer.checked(&Checked {
                node: pooled.node,
                address: &pooled.address,
                took: at.saturating_duration_since(began),
                ok: matches!(result, Ok(Ok(()))),
            });
        }
        match result {
            Ok(Ok(())) => {
                inner.lock().proved(pooled.node, began);
                return Some(self);
            }
            Ok(Err(error)) => {
                self.report(Failed::new(inner.connector.classify(&error), error));
            }
            Err(_) if own => {
                let failed = Failed::silent(TimedOut {
                    what: "a check",
                    after: bound,
                });
                let (node, term) = (pooled.node, pooled.term);
                inner.decide(|core, fx| core.check_unanswered(node, term, failed, began, at, fx));
            }
            // The caller's deadline says nothing about the node.
            Err(_) => {}
        }
        self.destroy(CloseReason::Failed);
        None
    }

    /// Runs the service's own step before the session is lent. `None`: it failed, and the session has been destroyed.
    pub(super) async fn before_acquire(
        mut self,
        hook: &Hook<C>,
        deadline: Instant,
    ) -> Option<Self> {
        let (bound, own) = bound(self.inner.config.check_timeout, now(), Some(deadline));
        let pooled = self.pooled_mut();
        let result = timeout(bound, hook(&mut pooled.session, &pooled.address)).await;
        match result {
            Ok(Ok(())) => return Some(self),
            Err(_) if !own => {}
            result => self.hook_failed("before_acquire", result, bound),
        }
        self.destroy(CloseReason::Failed);
        None
    }

    /// Notes that a hook failed, with its name. It says nothing about the node: the hook is the service's own.
    fn hook_failed(
        &self,
        hook: &'static str,
        result: Result<Result<(), HookError>, Elapsed>,
        bound: Duration,
    ) {
        let class = ErrorClass::Harmless;
        let failed = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => Failed::new(class, HookFailed::new(hook, error)),
            Err(_) => {
                let error = TimedOut {
                    what: hook,
                    after: bound,
                };
                Failed::new(class, HookFailed::new(hook, error.into()))
            }
        };
        tracing::warn!(node = %self.pooled().address, hook, error = %failed.error, "a hook failed, and the session is closed");
        let (pooled, at) = (self.pooled(), now());
        self.inner
            .lock()
            .hook_failed(pooled.node, pooled.term, failed, at);
    }

    /// Puts a session back that no caller worked with, and that has been `proven` or only looked at.
    pub(super) fn put_back(mut self, proven: bool) {
        if let Some(pooled) = self.pooled.take() {
            let at = now();
            let borrow = pooled.loan.borrow;
            self.inner.decide(|core, fx| {
                if proven {
                    core.give_back(pooled, borrow, None, at, fx);
                } else {
                    core.put_back(pooled, borrow, at, fx);
                }
            });
        }
    }

    /// A borrower is done: the session goes back, is cleaned first, or is destroyed.
    pub(crate) fn release(mut self) {
        if self.pooled().loan.doomed {
            self.discard();
            return;
        }
        let Some(mut pooled) = self.pooled.take() else {
            return;
        };
        let at = now();
        let loan = pooled.loan;
        let held = at.saturating_duration_since(loan.since);
        if let Some(observer) = &self.inner.observer {
            observer.released(&Released {
                node: pooled.node,
                address: &pooled.address,
                held,
            });
        }
        self.inner.connector.take_back(&mut pooled.session);
        let condition = self.inner.connector.condition(&mut pooled.session);
        let always = self.inner.config.reset_always;
        if condition == Condition::Clean && !always && self.inner.hooks.after_release.is_none() {
            self.inner.decide(|core, fx| {
                if !loan.measured {
                    core.measured(pooled.node, held);
                }
                core.give_back(pooled, loan.borrow, Some(held), at, fx);
            });
            return;
        }
        self.pooled = Some(pooled);
        match condition {
            Condition::Clean => self.clean_in_background(always, Some(held)),
            Condition::NeedsReset => self.clean_in_background(true, Some(held)),
            // It may be the borrower's doing: a statement that was abandoned.
            Condition::Broken => self.destroy(CloseReason::Broken),
            Condition::Draining => {
                self.report(Failed::new(ErrorClass::Draining, Found::ShuttingDown));
                self.destroy(CloseReason::Broken);
            }
        }
    }

    fn clean_in_background(self, reset: bool, held: Option<Duration>) {
        self.inner
            .lock()
            .set_internal(self.pooled().loan.borrow, true);
        let runtime = self.inner.runtime.clone();
        background::spawn(&runtime, self.clean(reset, held));
    }

    /// Resets a session, runs the `after_release` hook where a caller has had it (for as long as `held`), and puts it back.
    async fn clean(mut self, reset: bool, held: Option<Duration>) {
        if reset && !self.reset().await {
            self.destroy(CloseReason::Failed);
            return;
        }
        let inner = self.inner.clone();
        if held.is_some()
            && let Some(hook) = &inner.hooks.after_release
        {
            let bound = inner.config.reset_timeout;
            let pooled = self.pooled_mut();
            let result = timeout(bound, hook(&mut pooled.session, &pooled.address)).await;
            if !matches!(result, Ok(Ok(()))) {
                self.hook_failed("after_release", result, bound);
                self.destroy(CloseReason::Failed);
                return;
            }
            // What the hook leaves behind is not for the next borrower either.
            let works = match inner.connector.condition(&mut self.pooled_mut().session) {
                Condition::Clean => true,
                Condition::NeedsReset => self.reset().await,
                Condition::Broken | Condition::Draining => false,
            };
            if !works {
                self.destroy(CloseReason::Failed);
                return;
            }
        }
        if let Some(pooled) = self.pooled.take() {
            let at = now();
            let borrow = pooled.loan.borrow;
            inner.decide(|core, fx| core.give_back(pooled, borrow, held, at, fx));
        }
    }

    /// Brings the session back to its ground state: as it was after it was opened and the `after_connect` hook had run. False
    /// when it could not be.
    async fn reset(&mut self) -> bool {
        let began = now();
        let inner = self.inner.clone();
        let ok = self.undo().await
            && self.prepare().await
            && inner.connector.condition(&mut self.pooled_mut().session) == Condition::Clean;
        if let Some(observer) = &inner.observer {
            let pooled = self.pooled();
            observer.reset(&Reset {
                node: pooled.node,
                address: &pooled.address,
                took: now().saturating_duration_since(began),
                ok,
            });
        }
        ok
    }

    /// The connector's part of a reset.
    async fn undo(&mut self) -> bool {
        let inner = self.inner.clone();
        let bound = inner.config.reset_timeout;
        let failed =
            match timeout(bound, inner.connector.reset(&mut self.pooled_mut().session)).await {
                Ok(Ok(())) => return true,
                Ok(Err(error)) => Failed::new(inner.connector.classify(&error), error),
                // What runs on the session may take longer; that says little about the node.
                Err(_) => Failed::new(
                    ErrorClass::Dead,
                    TimedOut {
                        what: "a reset",
                        after: bound,
                    },
                ),
            };
        self.report(failed);
        false
    }

    /// The hook's part of a reset.
    async fn prepare(&mut self) -> bool {
        let inner = self.inner.clone();
        let Some(hook) = &inner.hooks.after_connect else {
            return true;
        };
        let bound = inner.config.reset_timeout;
        let pooled = self.pooled_mut();
        let result = timeout(bound, hook(&mut pooled.session, &pooled.address)).await;
        inner.connector.mark_clean(&mut pooled.session);
        let ok = matches!(result, Ok(Ok(())));
        self.hook_failed("after_connect", result, bound);
        ok
    }
}

impl<C: Connector> Drop for Borrowed<C> {
    fn drop(&mut self) {
        self.destroy_now(CloseReason::Failed);
    }
}

/// The shorter of a bound of the pool's own and what is left until `deadline`, and whether it is the pool's own.
fn bound(own: Duration, now: Instant, deadline: Option<Instant>) -> (Duration, bool) {
    match deadline.map(|deadline| deadline.saturating_duration_since(now)) {
        Some(left) if left < own => (left, false),
        _ => (own, true),
    }
}
