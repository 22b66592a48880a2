//! What becomes known about nodes: sessions opened or not, checks answered or not, what borrowers saw.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::breaker::OutCause;
use super::slots::{Failure, NodeSlots, Pooled};
use super::time::later;
use super::{BorrowKey, Change, Core, Effects, Loan, Opening, OpeningKind, TICK_WHILE_WAITING};
use crate::connector::ErrorClass;
use crate::node::NodeId;
use crate::observer::CloseReason;

/// Why something failed at a node.
pub(crate) type Failed = (ErrorClass, Arc<dyn std::error::Error + Send + Sync>);

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
            term: opening.term,
            loan: Loan::new(BorrowKey::default(), now),
        });
        let still_waiting = self.gate.waiting() > 0;
        let rules = self.rules();
        if let Some(index) = self.end_opening(opening) {
            let node = &mut self.nodes[index];
            let from = node.state();
            node.connect_time.add(took);
            node.pauses = rules.backoff;
            match opening.kind {
                OpeningKind::Normal => node.breaker.record_success(),
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
        let class = failed.0;
        self.growth.failed();
        if let Some(index) = self.end_opening(opening) {
            let has_sessions = self.nodes[index].size() > 0;
            let node = &mut self.nodes[index];
            let from = node.state();
            node.failure = Some(Failure {
                class,
                error: failed.1,
                at: now,
            });
            if let OpeningKind::Probe { .. } = opening.kind {
                let cause = match class {
                    ErrorClass::Draining => OutCause::Draining,
                    ErrorClass::Authentication => OutCause::Authentication,
                    _ => OutCause::Failing,
                };
                node.breaker.probe_failed(cause, now, &mut self.random);
            } else if opening.term == node.term {
                node.pause(now, &mut self.random);
                match class {
                    ErrorClass::Draining => {
                        node.breaker.trip(OutCause::Draining, now, &mut self.random);
                    }
                    // Sessions that were let in before still work.
                    ErrorClass::Authentication if !has_sessions => {
                        node.breaker
                            .trip(OutCause::Authentication, now, &mut self.random);
                    }
                    ErrorClass::Dead => {
                        node.breaker.record_failure(now, &mut self.random);
                    }
                    ErrorClass::Authentication | ErrorClass::Overloaded | ErrorClass::Harmless => {}
                }
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
            OpeningKind::Normal => node.in_rotation() && node.term == opening.term,
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
        if let Some(index) = self.end_opening(opening)
            && let OpeningKind::Probe { .. } = opening.kind
        {
            self.nodes[index].breaker.probe_abandoned();
        }
        // Not served at once: a runtime that is shutting down drops every attempt, and the next would follow for ever.
        self.want_tick(later(now, TICK_WHILE_WAITING), fx);
        self.note_quiet(fx);
    }

    /// Somebody saw a node fail, or not, through a session opened in `term`.
    pub(crate) fn report(
        &mut self,
        node: NodeId,
        term: u32,
        failed: Failed,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let Some(index) = self.nodes.iter().position(|candidate| candidate.id == node) else {
            return;
        };
        let (class, error) = failed;
        let node = &mut self.nodes[index];
        if class == ErrorClass::Harmless {
            node.breaker.record_success();
            return;
        }
        if term != node.term {
            // Old news: the node has been out of rotation since.
            return;
        }
        let from = node.state();
        node.failure = Some(Failure {
            class,
            error,
            at: now,
        });
        match class {
            ErrorClass::Draining => {
                node.breaker.trip(OutCause::Draining, now, &mut self.random);
            }
            ErrorClass::Dead => {
                node.suspect_since = Some(now);
                node.breaker.record_failure(now, &mut self.random);
            }
            ErrorClass::Overloaded => node.pause(now, &mut self.random),
            ErrorClass::Authentication | ErrorClass::Harmless => {}
        }
        self.settle_change(index, from, fx);
        self.serve(now, fx);
    }

    /// A session answered a check.
    pub(crate) fn proved(&mut self, node: NodeId) {
        if let Some(node) = self.node_mut(node) {
            node.breaker.record_success();
        }
    }

    /// How long an operation took on a node.
    pub(crate) fn measured(&mut self, node: NodeId, took: Duration) {
        if let Some(node) = self.node_mut(node) {
            node.latency.add(took);
        }
    }

    fn end_opening(&mut self, opening: &Opening) -> Option<usize> {
        let index = self.nodes.iter().position(|node| node.id == opening.node)?;
        let node = &mut self.nodes[index];
        node.opening = node.opening.saturating_sub(1);
        if opening.kind == (OpeningKind::Probe { patient: true }) {
            node.patient_probe = false;
        }
        Some(index)
    }

    /// Draws the conclusions when a node has left rotation.
    pub(super) fn settle_change(
        &mut self,
        index: usize,
        from: crate::status::NodeState,
        fx: &mut Effects<S, W>,
    ) {
        let node = &mut self.nodes[index];
        if from.in_rotation() && !node.in_rotation() {
            fx.close.extend(
                node.leave_rotation()
                    .into_iter()
                    .map(|pooled| (pooled, CloseReason::NodeOut)),
            );
        }
        let wakes_at = node.breaker.wakes_at();
        Self::note_change(node, from, fx);
        if let Some(at) = wakes_at {
            self.want_tick(at, fx);
        }
    }

    pub(super) fn note_change(
        node: &NodeSlots<S>,
        from: crate::status::NodeState,
        fx: &mut Effects<S, W>,
    ) {
        let to = node.state();
        if from != to {
            fx.changes.push(Change {
                node: node.id,
                address: node.address.clone(),
                from,
                to,
            });
        }
    }
}
