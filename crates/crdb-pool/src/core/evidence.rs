//! Signs that a node may not be well, and the looks that tell whether it is.
//!
//! That a session ends says little about its node: servers, balancers and administrators end the sessions of healthy nodes,
//! also with the code for a shutdown (57P01). So a *sign* only makes the pool *look*: it opens a session there and checks it.
//! What counts against a node is such an attempt that fails, or any other attempt to connect.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pauses::PauseCause;
use super::slots::{Failure, NodeSlots};
use super::time::later;
use super::{Change, Core, Effects, OpeningKind};
use crate::connector::ErrorClass;
use crate::node::NodeId;
use crate::observer::CloseReason;
use crate::status::{NodeState, OutCause};

/// After a look that found the node well, signs make the pool look again this much later at the earliest: where sessions keep
/// ending there, they cost no more than two logins a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// A pool that no caller has used for this long is not in use.
const UNUSED: Duration = Duration::from_secs(60);
/// A look that has had no room for this long is given some. Usually the session that ended leaves it its own.
const LOOK_PATIENCE: Duration = Duration::from_millis(100);

/// Why something failed at a node.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) class: ErrorClass,
    pub(crate) error: Arc<dyn std::error::Error + Send + Sync>,
    /// Nothing came within the pool's own bound.
    pub(crate) silent: bool,
}

impl Failed {
    pub(crate) fn new(
        class: ErrorClass,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            class,
            error: Arc::new(error),
            silent: false,
        }
    }

    /// Nothing came within the pool's own bound.
    pub(crate) fn silent(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            silent: true,
            ..Self::new(ErrorClass::Dead, error)
        }
    }
}

/// What is to be cleared up by a look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspicion {
    /// The latest sign. An attempt that began before says nothing about it.
    since: Instant,
    /// The first sign of a shutdown.
    draining_since: Option<Instant>,
    /// Checks that were not answered, one after the other.
    unanswered: u32,
    look_at: Instant,
}

impl Suspicion {
    fn new(since: Instant, look_at: Instant) -> Self {
        Self {
            since,
            draining_since: None,
            unanswered: 0,
            look_at,
        }
    }
}

impl<S> NodeSlots<S> {
    /// An attempt that began at `began` reached the node, and was answered.
    pub(super) fn answered(&mut self, began: Instant) {
        self.suspicion.take_if(|suspicion| suspicion.since <= began);
    }

    /// Whether an attempt that began at `began` confirms that the node is shutting down, when it fails.
    fn confirms_draining(&self, began: Instant) -> bool {
        self.suspicion
            .and_then(|suspicion| suspicion.draining_since)
            .is_some_and(|since| since <= began)
    }
}

impl<S, W> Core<S, W> {
    /// A session opened in `term` has ended or failed, or its borrower says so.
    pub(crate) fn report(
        &mut self,
        node: NodeId,
        term: u32,
        failed: Failed,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let Some(index) = self.position(node) else {
            return;
        };
        let class = failed.class;
        // Otherwise it is old news: the node has been out of rotation since. Or none at all.
        if term != self.nodes[index].term || class == ErrorClass::Harmless {
            return;
        }
        self.nodes[index].failure = Some(Failure::new(failed, now));
        match class {
            ErrorClass::Draining | ErrorClass::Dead => {
                self.suspect(index, class == ErrorClass::Draining, now, fx);
            }
            ErrorClass::Overloaded => {
                let pauses = &mut self.nodes[index].pauses;
                pauses.begin(PauseCause::Overloaded, now, &mut self.random);
            }
            ErrorClass::Authentication | ErrorClass::Harmless => {}
        }
        self.serve(now, fx);
    }

    /// A hook failed on a session opened in `term`. It is shown, and says nothing about the node.
    pub(crate) fn hook_failed(&mut self, node: NodeId, term: u32, failed: Failed, now: Instant) {
        if let Some(node) = self.node_mut(node).filter(|node| node.term == term) {
            node.failure = Some(Failure::new(failed, now));
        }
    }

    /// A check that began at `began`, of a session opened in `term`, was not answered in time.
    ///
    /// The session may have been forgotten on the way, as balancers do with idle ones: so it counts once a look fails too, and
    /// checks that were under way side by side count once.
    pub(crate) fn check_unanswered(
        &mut self,
        node: NodeId,
        term: u32,
        failed: Failed,
        began: Instant,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        self.report(node, term, failed, now, fx);
        if let Some(node) = self.node_mut(node).filter(|node| node.term == term)
            && let Some(suspicion) = &mut node.suspicion
            && node.silent_since.is_none_or(|last| last <= began)
        {
            node.silent_since = Some(now);
            suspicion.unanswered = suspicion.unanswered.saturating_add(1);
        }
    }

    /// A session answered a check that began at `began`.
    pub(crate) fn proved(&mut self, node: NodeId, began: Instant) {
        if let Some(node) = self.node_mut(node) {
            node.breaker.record_success();
            // Nodes that are shutting down answer on the sessions that are there.
            if node
                .suspicion
                .is_some_and(|suspicion| suspicion.draining_since.is_none())
            {
                node.answered(began);
            }
        }
    }

    /// Notes a sign, and looks as soon as may be.
    fn suspect(&mut self, index: usize, draining: bool, now: Instant, fx: &mut Effects<S, W>) {
        let node = &mut self.nodes[index];
        if !node.in_rotation() {
            return;
        }
        node.suspect_since = Some(now);
        let looked = node.looked.map(|at| later(at, LOOK_INTERVAL));
        let suspicion = node
            .suspicion
            .get_or_insert_with(|| Suspicion::new(now, looked.unwrap_or(now).max(now)));
        suspicion.since = now;
        if draining {
            suspicion.draining_since.get_or_insert(now);
        }
        let look_at = suspicion.look_at;
        self.suspicious = true;
        self.look(now, fx);
        self.want_tick(look_at, fx);
    }

    /// Opens sessions on nodes that are suspected, where that is due and the pool has room.
    pub(super) fn look(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        if !self.suspicious || self.closed {
            return;
        }
        self.suspicious = false;
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let Some(suspicion) = node.suspicion.filter(|_| node.in_rotation()) else {
                continue;
            };
            self.suspicious = true;
            let due = self.look_due(node).is_some_and(|due| due <= now);
            if !due || !self.may_log_in(index, now) {
                continue;
            }
            let overdue = later(suspicion.look_at, LOOK_PATIENCE) <= now;
            let has_room = self.size() < self.config.max_size;
            if has_room || (overdue && self.make_room(index, fx)) {
                self.nodes[index].looking = true;
                let timeout = self.brisk_timeout(index);
                self.start_opening(index, OpeningKind::Look, timeout, now, fx);
            }
        }
    }

    /// When the next look is due.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.nodes
            .iter()
            .filter_map(|node| self.look_due(node))
            .min()
    }

    /// When the next look at a node is due, if it is suspected. Where no caller uses the pool, sessions that end are not
    /// replaced by looks.
    fn look_due(&self, node: &NodeSlots<S>) -> Option<Instant> {
        let suspicion = node.suspicion?;
        let lately = |used| suspicion.since.saturating_duration_since(used) < UNUSED;
        let wanted = suspicion.draining_since.is_some()
            || self.gate.waiting() > 0
            || self.last_use.is_some_and(lately)
            || self.size() < self.config.min_size;
        (wanted && !node.looking && node.in_rotation()).then_some(suspicion.look_at)
    }

    /// Whether a look should have begun a while ago, and has not for want of room.
    pub(super) fn look_is_overdue(&self, node: &NodeSlots<S>, now: Instant) -> bool {
        self.look_due(node)
            .is_some_and(|due| later(due, LOOK_PATIENCE) <= now)
    }

    /// An attempt that was no probe has failed, on a node that has been in rotation since it began.
    pub(super) fn attempt_failed(
        &mut self,
        index: usize,
        failed: &Failed,
        began: Instant,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let has_sessions = self.nodes[index].size() > 0;
        let (node, random) = (&mut self.nodes[index], &mut self.random);
        let confirms = node.confirms_draining(began);
        match failed.class {
            ErrorClass::Draining => {
                node.pauses.begin(PauseCause::Failing, now, random);
                if confirms {
                    node.breaker.trip(OutCause::Draining, now, random);
                } else {
                    self.suspect(index, true, now, fx);
                }
            }
            ErrorClass::Dead => {
                node.pauses.begin(PauseCause::Failing, now, random);
                // A node that is shutting down may close new connections without a word.
                if confirms && !failed.silent {
                    node.breaker.trip(OutCause::Draining, now, random);
                } else {
                    node.breaker.record_failure(now, random);
                }
                let next = node.pauses.until().unwrap_or(now);
                let suspicion = node
                    .suspicion
                    .get_or_insert_with(|| Suspicion::new(now, next));
                suspicion.look_at = next.max(suspicion.look_at);
                for _ in 0..std::mem::take(&mut suspicion.unanswered) {
                    node.breaker.record_failure(now, random);
                }
                self.suspicious = true;
            }
            ErrorClass::Authentication => {
                node.answered(began);
                node.pauses.begin(PauseCause::Credentials, now, random);
                // Sessions that were let in before still work.
                if !has_sessions {
                    node.breaker.trip(OutCause::Authentication, now, random);
                }
            }
            ErrorClass::Overloaded => {
                node.answered(began);
                node.pauses.begin(PauseCause::Overloaded, now, random);
            }
            ErrorClass::Harmless => {
                node.answered(began);
                node.pauses.begin(PauseCause::Unusable, now, random);
            }
        }
    }

    /// Takes the nodes out of rotation that refuse our credentials, have no session left, and may not be asked now: callers
    /// are told at once.
    pub(super) fn give_up_refused(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        for index in 0..self.nodes.len() {
            let may_try = self.may_log_in(index, now) && self.nodes[index].pauses.are_over(now);
            let node = &mut self.nodes[index];
            if node.refused && node.in_rotation() && node.size() == 0 && !may_try {
                let from = node.state();
                node.breaker
                    .trip(OutCause::Authentication, now, &mut self.random);
                self.settle_change(index, from, fx);
            }
        }
    }

    /// How long an attempt may take that only asks whether a node is well.
    pub(super) fn brisk_timeout(&self, index: usize) -> Duration {
        let whole = self.config.connect_timeout;
        let usual = self.nodes[index].connect_time.get();
        let usual = usual.map_or(whole, |usual| usual.saturating_mul(4));
        self.config.probe_timeout.max(usual).min(whole)
    }

    /// How long an operation took on a node.
    pub(crate) fn measured(&mut self, node: NodeId, took: Duration) {
        if let Some(node) = self.node_mut(node) {
            node.latency.add(took);
        }
    }

    /// Draws the conclusions when a node has left rotation.
    pub(super) fn settle_change(&mut self, index: usize, from: NodeState, fx: &mut Effects<S, W>) {
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

    pub(super) fn note_change(node: &NodeSlots<S>, from: NodeState, fx: &mut Effects<S, W>) {
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
