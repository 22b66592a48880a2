//! Sessions being opened: how attempts end, and which of them are still wanted.

use std::time::{Duration, Instant};

use super::evidence::Failed;
use super::pauses::PauseCause;
use super::racing::GivenUp;
use super::slots::{Failure, Pooled};
use super::time::later;
use super::{BorrowKey, Core, Effects, Loan, Opening, OpeningKind, TICK_WHILE_WAITING};
use crate::connector::ErrorClass;
use crate::node::NodeId;
use crate::status::OutCause;

/// A session that ends this soon after it was opened, and was never lent, counts as one that could not be opened.
const STILLBORN: Duration = Duration::from_millis(500);

impl<S, W> Core<S, W> {
    /// A session was opened.
    pub(crate) fn opened(
        &mut self,
        opening: &Opening,
        session: S,
        took: Duration,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let expires = self
            .config
            .max_lifetime
            .map(|limit| later(now, self.random.shortened(limit, self.config.jitter)));
        let idle_limit = self
            .config
            .idle_timeout
            .map(|limit| self.random.shortened(limit, self.config.jitter));
        let number = self.next_session;
        self.next_session += 1;
        let mut pooled = Box::new(Pooled {
            session,
            number,
            node: opening.node,
            address: opening.address.clone(),
            born: now,
            expires,
            idle_limit,
            proven: now,
            looked_at: now,
            used: now,
            was_lent: false,
            term: opening.term,
            loan: Loan::new(BorrowKey::default(), now),
        });
        let still_waiting = self.gate.waiting() > 0;
        let rules = self.rules();
        self.credentials.end();
        self.given_up = GivenUp::default();
        if let Some(index) = self.end_opening(opening) {
            let node = &mut self.nodes[index];
            let from = node.state();
            node.connect_time.add(took);
            node.given_up = GivenUp::default();
            node.refused = false;
            node.pauses.opened();
            node.answered(opening.began);
            match opening.kind {
                OpeningKind::Normal => node.breaker.record_success(),
                OpeningKind::Look => {
                    node.looked = Some(opening.began);
                    node.breaker.record_success();
                }
                OpeningKind::Probe { .. } => {
                    if node.breaker.probe_succeeded() && !node.removed {
                        node.return_to_rotation(now, rules);
                    }
                    pooled.term = node.term;
                }
            }
            node.window = node.window.saturating_add(1);
            Self::note_change(node, from, fx);
        }
        self.growth.succeeded(took, still_waiting);
        self.keep_or_close(pooled, now, fx);
        self.serve(now, fx);
        self.note_quiet(fx);
    }

    /// A session could not be opened.
    pub(crate) fn open_failed(
        &mut self,
        opening: &Opening,
        failed: Failed,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        self.growth.failed();
        let class = failed.class;
        if let Some(index) = self.end_opening(opening) {
            let node = &mut self.nodes[index];
            let from = node.state();
            node.failure = Some(Failure::new(failed.clone(), now));
            node.refused = class == ErrorClass::Authentication;
            if node.refused {
                self.credentials.begin(now, &mut self.random);
            }
            if let OpeningKind::Probe { .. } = opening.kind
                && class == ErrorClass::Harmless
            {
                // The node is back: what is in the way is not its doing.
                let rules = self.rules();
                let node = &mut self.nodes[index];
                if node.breaker.probe_succeeded() && !node.removed {
                    node.return_to_rotation(now, rules);
                }
                let pauses = &mut node.pauses;
                pauses.begin(PauseCause::Unusable, now, &mut self.random);
            } else if let OpeningKind::Probe { .. } = opening.kind {
                let cause = match class {
                    ErrorClass::Draining => OutCause::Draining,
                    ErrorClass::Authentication => OutCause::Authentication,
                    _ => OutCause::Failing,
                };
                node.breaker.probe_failed(cause, now, &mut self.random);
            } else if opening.term == node.term && node.in_rotation() {
                self.attempt_failed(index, &failed, opening.began, now, fx);
            }
            self.settle_change(index, from, fx);
        }
        self.serve(now, fx);
        self.want_tick(now, fx);
        self.note_quiet(fx);
    }

    /// Whether it still makes sense to go on opening a session that was begun `ago`: not once its node has left rotation,
    /// and not for long once a node that was being probed has come back without it.
    pub(crate) fn wants(&self, opening: &Opening, ago: Duration) -> bool {
        let Some(node) = self.node(opening.node).filter(|_| !self.closed) else {
            return false;
        };
        match opening.kind {
            OpeningKind::Normal | OpeningKind::Look => {
                let given_up =
                    opening.kind == OpeningKind::Normal && node.has_given_up(opening.began);
                node.in_rotation() && node.term == opening.term && !given_up
            }
            OpeningKind::Probe { .. } => {
                let late = node.breaker.is_closed() && ago >= self.config.probe_timeout;
                !node.removed && !late
            }
        }
    }

    /// Opening a session was given up without a result.
    pub(crate) fn open_abandoned(
        &mut self,
        opening: &Opening,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let given_up = self
            .node(opening.node)
            .is_some_and(|node| node.has_given_up(opening.began));
        if let Some(index) = self.end_opening(opening)
            && let OpeningKind::Probe { .. } = opening.kind
        {
            self.nodes[index].breaker.probe_abandoned();
        }
        if given_up {
            self.serve(now, fx);
        }
        // Else not served at once: a runtime that is shutting down drops every attempt, and the next would follow without end.
        self.want_tick(later(now, TICK_WHILE_WAITING), fx);
        self.note_quiet(fx);
    }

    /// A session is gone that was never lent.
    pub(super) fn lost_unused(&mut self, node: NodeId, born: Instant, now: Instant) {
        if now.saturating_duration_since(born) < STILLBORN
            && let Some(index) = self.position(node)
        {
            let pauses = &mut self.nodes[index].pauses;
            pauses.begin(PauseCause::Unusable, now, &mut self.random);
        }
    }

    /// A session has been lent for the first time: sessions of this node are of use.
    pub(crate) fn lent_first(&mut self, node: NodeId) {
        if let Some(node) = self.node_mut(node) {
            node.pauses.lent();
        }
    }

    /// Whether to try a login on a node. Where it refused our credentials the last time, one attempt is made at a time in the
    /// whole pool, and a pause that grows lies between two: accounts are locked after a number of them.
    pub(super) fn may_log_in(&self, index: usize, now: Instant) -> bool {
        !self.nodes[index].refused || self.may_try_refused(now)
    }

    /// Whether to try a login on a node that refused our credentials the last time.
    pub(super) fn may_try_refused(&self, now: Instant) -> bool {
        let under_way = |node: &super::slots::NodeSlots<S>| node.refused && node.opening > 0;
        self.credentials.is_over(now) && !self.nodes.iter().any(under_way)
    }

    fn end_opening(&mut self, opening: &Opening) -> Option<usize> {
        let index = self.position(opening.node)?;
        let node = &mut self.nodes[index];
        node.opening = node.opening.saturating_sub(1);
        match opening.kind {
            OpeningKind::Probe { patient } => node.patient_probe &= !patient,
            OpeningKind::Look => node.looking = false,
            OpeningKind::Normal => {}
        }
        if let Some(position) = node
            .under_way
            .iter()
            .position(|attempt| attempt.began == opening.began)
        {
            node.under_way.remove(position);
        }
        Some(index)
    }
}
