//! A session that is out of its slot, and the ways back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::open::TimedOut;
use super::{Inner, now};
use crate::connector::{Condition, Connector, ErrorClass};
use crate::core::{Failed, Grant, Loan, Pooled};
use crate::hooks::Hook;
use crate::observer::{Checked, CloseReason, Released, Reset};

/// Owns a session and its slot. Dropping it destroys the session and frees the slot: so whatever is dropped in the middle of
/// an operation is never lent again.
pub(crate) struct Borrowed<C: Connector> {
    inner: Arc<Inner<C>>,
    /// Present until the session has gone back.
    pooled: Option<Box<Pooled<C::Session>>>,
}

/// The server closed a session that nobody was using.
#[derive(Debug)]
struct ClosedWhileIdle;

impl std::fmt::Display for ClosedWhileIdle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a session was found closed while it was idle")
    }
}

impl std::error::Error for ClosedWhileIdle {}

/// The node said that it is shutting down.
#[derive(Debug)]
struct ToldToLeave;

impl std::fmt::Display for ToldToLeave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the node said that it is shutting down")
    }
}

impl std::error::Error for ToldToLeave {}

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

    /// A borrower is done, and does not want anybody to have the session after it.
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
            drop(pooled);
            let at = now();
            self.inner.decide(|core, fx| core.lost(borrow, at, fx));
        }
    }

    /// Charges the session's node.
    pub(crate) fn report(&self, failed: Failed) {
        let pooled = self.pooled();
        self.inner.report(pooled.node, pooled.term, failed);
    }

    /// Looks at a session that was idle. `None`: it was not fit to be used, and has been destroyed.
    #[inline]
    pub(super) fn look(mut self) -> Option<Self> {
        let pooled = self.pooled.as_mut()?;
        match self.inner.connector.condition(&mut pooled.session) {
            Condition::Clean => return Some(self),
            Condition::Draining => self.report((ErrorClass::Draining, Arc::new(ToldToLeave))),
            Condition::Broken => self.report((ErrorClass::Dead, Arc::new(ClosedWhileIdle))),
            Condition::NeedsReset => {}
        }
        self.destroy(CloseReason::Broken);
        None
    }

    /// Proves that the session works, within the check's own bound and `deadline`. `None`: it does not, and has been
    /// destroyed.
    pub(super) async fn check(mut self, deadline: Option<Instant>) -> Option<Self> {
        let started = now();
        let (bound, own) = bound(self.inner.config.check_timeout, started, deadline);
        let inner = self.inner.clone();
        let result =
            tokio::time::timeout(bound, inner.connector.check(&mut self.pooled_mut().session))
                .await;
        let took = now().saturating_duration_since(started);
        if let Some(observer) = &inner.observer {
            let pooled = self.pooled();
            observer.checked(&Checked {
                node: pooled.node,
                address: &pooled.address,
                took,
                ok: matches!(result, Ok(Ok(()))),
            });
        }
        let result = result
            .map(|checked| checked.map_err(|error| (inner.connector.classify(&error), error)));
        if self.judge(result, "a check", bound, own) {
            inner.lock().proved(self.pooled().node);
            Some(self)
        } else {
            self.destroy(CloseReason::Failed);
            None
        }
    }

    /// Runs the service's own step before the session is lent.
    pub(super) async fn before_acquire(
        mut self,
        hook: &Hook<C>,
        deadline: Instant,
    ) -> Option<Self> {
        let (bound, own) = bound(self.inner.config.check_timeout, now(), Some(deadline));
        let pooled = self.pooled_mut();
        let result = tokio::time::timeout(bound, hook(&mut pooled.session, &pooled.address)).await;
        let result =
            result.map(|ran| ran.map_err(|error| (self.inner.connector.classify(&error), error)));
        if self.judge(result, "before_acquire", bound, own) {
            Some(self)
        } else {
            self.destroy(CloseReason::Failed);
            None
        }
    }

    /// Whether a bounded step succeeded; charges the node if not.
    fn judge(
        &self,
        result: Result<Result<(), (ErrorClass, C::Error)>, tokio::time::error::Elapsed>,
        what: &'static str,
        bound: Duration,
        own_bound: bool,
    ) -> bool {
        match result {
            Ok(Ok(())) => return true,
            Ok(Err((class, error))) => self.report((class, Arc::new(error))),
            // The caller's deadline says nothing about the node.
            Err(_) if own_bound => {
                self.report((ErrorClass::Dead, Arc::new(TimedOut { what, after: bound })));
            }
            Err(_) => {}
        }
        false
    }

    /// Puts a session back that nobody worked with, and that has been `proven` or only looked at.
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
        if condition == Condition::Clean && self.inner.hooks.after_release.is_none() {
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
            Condition::Clean | Condition::NeedsReset => {
                self.inner.lock().set_internal(loan.borrow, true);
                let runtime = self.inner.runtime.clone();
                drop(runtime.spawn(self.clean(condition == Condition::NeedsReset, held)));
            }
            Condition::Broken => self.destroy(CloseReason::Broken),
            Condition::Draining => {
                self.report((ErrorClass::Draining, Arc::new(ToldToLeave)));
                self.destroy(CloseReason::Broken);
            }
        }
    }

    async fn clean(mut self, reset: bool, held: Duration) {
        let inner = self.inner.clone();
        let bound = inner.config.reset_timeout;
        if reset {
            let started = now();
            let pooled = self.pooled_mut();
            let result =
                tokio::time::timeout(bound, inner.connector.reset(&mut pooled.session)).await;
            let ok = matches!(result, Ok(Ok(())))
                && inner.connector.condition(&mut pooled.session) == Condition::Clean;
            if let Some(observer) = &inner.observer {
                let took = now().saturating_duration_since(started);
                observer.reset(&Reset {
                    node: pooled.node,
                    address: &pooled.address,
                    took,
                    ok,
                });
            }
            if !ok {
                let result = result
                    .map(|reset| reset.map_err(|error| (inner.connector.classify(&error), error)));
                self.judge(result, "a reset", bound, true);
                self.destroy(CloseReason::Failed);
                return;
            }
        }
        if let Some(hook) = &inner.hooks.after_release {
            let pooled = self.pooled_mut();
            let result =
                tokio::time::timeout(bound, hook(&mut pooled.session, &pooled.address)).await;
            let clean = inner.connector.condition(&mut pooled.session) == Condition::Clean;
            if !matches!(result, Ok(Ok(()))) || !clean {
                self.destroy(CloseReason::Failed);
                return;
            }
        }
        if let Some(pooled) = self.pooled.take() {
            let at = now();
            let borrow = pooled.loan.borrow;
            inner.decide(|core, fx| core.give_back(pooled, borrow, Some(held), at, fx));
        }
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
