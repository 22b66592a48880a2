//! What the passing of time brings: probes, reaping, pings, moving sessions between nodes, leaks.

use std::time::{Duration, Instant};

use super::time::later;
use super::{Core, Effects, Grant, OpeningKind, Pooled, TICK_WHILE_WAITING};
use crate::node::NodeId;
use crate::observer::CloseReason;

/// At most one session is moved to another node in this time.
const MOVE_INTERVAL: Duration = Duration::from_millis(50);
/// How often the condition of an idle session is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// The longest sleep between two ticks.
const LONGEST_SLEEP: Duration = Duration::from_millis(500);

impl<S, W> Core<S, W> {
    /// Does what is due at `now`, and says when there may be something to do again.
    pub(crate) fn tick(
        &mut self,
        place: &'static std::panic::Location<'static>,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) -> Instant {
        self.finish_recoveries(now, fx);
        self.start_probes(now, fx);
        self.look(now, fx);
        self.reap(now, fx);
        self.move_one(now, fx);
        self.serve(now, fx);
        self.fill(now, fx);
        self.ping(place, now, fx);
        self.find_leaks(now, fx);
        self.forget_removed();
        let next = self.next_tick_after(now);
        self.next_tick = Some(next);
        next
    }

    /// Asks for a tick at `at` if none is due by then.
    pub(super) fn want_tick(&mut self, at: Instant, fx: &mut Effects<S, W>) {
        if self.next_tick.is_none_or(|next| at < next) {
            self.next_tick = Some(at);
            fx.wake_maintenance = true;
        }
    }

    /// Lets probes through to nodes whose pause is over.
    pub(super) fn start_probes(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        for index in 0..self.nodes.len() {
            if self.closed || self.nodes[index].removed || !self.may_log_in(index, now) {
                continue;
            }
            let node = &mut self.nodes[index];
            let from = node.state();
            node.breaker.half_open(now);
            Self::note_change(node, from, fx);
            let mut allowed = node.breaker.probes_allowed();
            if node.refused {
                allowed = allowed.min(1);
            }
            while allowed > 0 && self.make_room(index, fx) {
                let node = &mut self.nodes[index];
                node.breaker.probe_started();
                // The first is brisk, so that it is soon repeated; a second one waits for a node that has become slow.
                let patient = node.breaker.probing() > 1 && !node.patient_probe;
                node.patient_probe |= patient;
                let timeout = if patient {
                    self.config.connect_timeout
                } else {
                    self.brisk_timeout(index)
                };
                self.start_opening(index, OpeningKind::Probe { patient }, timeout, now, fx);
                allowed -= 1;
            }
        }
    }

    /// Sees to it that the pool can open one more session for a node that has none, if need be by closing an idle one
    /// elsewhere.
    pub(super) fn make_room(&mut self, index: usize, fx: &mut Effects<S, W>) -> bool {
        if self.size() < self.config.max_size {
            return true;
        }
        let fullest = (0..self.nodes.len())
            .filter(|other| *other != index && !self.nodes[*other].idle.is_empty())
            .max_by_key(|other| self.nodes[*other].size());
        match fullest {
            Some(other) => {
                fx.close
                    .push((self.nodes[other].idle.remove(0), CloseReason::Rebalanced));
                true
            }
            None => false,
        }
    }

    fn finish_recoveries(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        for node in &mut self.nodes {
            if node
                .back_since
                .is_some_and(|since| now.saturating_duration_since(since) >= self.config.slow_start)
            {
                let from = node.state();
                node.back_since = None;
                Self::note_change(node, from, fx);
            }
        }
    }

    fn reap(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        let mut spare = self.size().saturating_sub(self.config.min_size);
        let mut excess = self.size().saturating_sub(self.config.max_size);
        for node in &mut self.nodes {
            node.idle.retain_mut_into(&mut fx.close, |pooled| {
                if excess > 0 {
                    excess -= 1;
                    return Some(CloseReason::Resized);
                }
                if pooled.expires.is_some_and(|expires| expires <= now) {
                    return Some(CloseReason::Lifetime);
                }
                let unused = now.saturating_duration_since(pooled.used);
                if spare > 0 && pooled.idle_limit.is_some_and(|limit| limit <= unused) {
                    spare -= 1;
                    return Some(CloseReason::Idle);
                }
                None
            });
        }
    }

    /// Takes idle sessions that have not been proven for a while, to be checked.
    fn ping(
        &mut self,
        place: &'static std::panic::Location<'static>,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let Some(interval) = self.config.ping_interval else {
            return;
        };
        for index in 0..self.nodes.len() {
            let stale =
                |pooled: &Pooled<S>| now.saturating_duration_since(pooled.proven) >= interval;
            while let Some(position) = self.nodes[index]
                .idle
                .iter()
                .position(|pooled| stale(pooled))
            {
                let grant = self.lend_at(index, position, place, now);
                self.borrows.set_internal(grant.borrow, true);
                fx.ping.push(grant);
            }
        }
    }

    /// Takes an idle session whose condition has not been asked for a while, so that a node that has told it to leave is
    /// noticed before a caller wants a session.
    pub(crate) fn next_to_look_at(
        &mut self,
        place: &'static std::panic::Location<'static>,
        now: Instant,
    ) -> Option<Grant<S>> {
        let due =
            |pooled: &Pooled<S>| now.saturating_duration_since(pooled.looked_at) >= LOOK_INTERVAL;
        let (index, position) = (self.nodes.iter().enumerate()).find_map(|(index, node)| {
            let position = node.idle.iter().position(|pooled| due(pooled))?;
            Some((index, position))
        })?;
        let mut grant = self.lend_at(index, position, place, now);
        grant.pooled.looked_at = now;
        self.borrows.set_internal(grant.borrow, true);
        Some(grant)
    }

    fn find_leaks(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        let Some(limit) = self.config.leak_after else {
            return;
        };
        for borrow in self.borrows.iter_mut() {
            if !borrow.internal
                && !borrow.warned
                && now.saturating_duration_since(borrow.since) >= limit
            {
                borrow.warned = true;
                fx.leaks.push(*borrow);
            }
        }
    }

    /// Closes one idle session of a node that has too many while another has too few, and opens one there.
    fn move_one(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        let Some(emptiest) = self.emptiest(now) else {
            return;
        };
        let fullest = (0..self.nodes.len())
            .filter(|index| self.has_too_many(*index, self.nodes[*index].size(), emptiest, now))
            .max_by_key(|index| (self.nodes[*index].distance, self.nodes[*index].size()));
        let Some(fullest) = fullest else { return };
        if !self.nodes[fullest].idle.is_empty() {
            let oldest = self.nodes[fullest].idle.remove(0);
            fx.close.push((oldest, CloseReason::Rebalanced));
        } else if self.size() >= self.config.max_size {
            return; // `needs_one_from` takes the next one that is returned.
        }
        self.move_to(emptiest, now, fx);
    }

    /// The node that should have a session instead of `node`, to which one is being returned, and which has no idle one.
    pub(super) fn needs_one_from(&self, node: NodeId, now: Instant) -> Option<usize> {
        if self.nodes.len() == 1 {
            return None;
        }
        let index = self
            .nodes
            .iter()
            .position(|candidate| candidate.id == node)?;
        let emptiest = self.emptiest(now)?;
        // The session that is being returned is not counted any more.
        let size = self.nodes[index].size() + 1;
        let idle = !self.nodes[index].idle.is_empty();
        (!idle && self.has_too_many(index, size, emptiest, now)).then_some(emptiest)
    }

    pub(super) fn move_to(&mut self, index: usize, now: Instant, fx: &mut Effects<S, W>) {
        self.last_move = Some(now);
        let timeout = self.config.connect_timeout;
        self.start_opening(index, OpeningKind::Normal, timeout, now, fx);
    }

    /// The nearest node with the fewest sessions, if one may be moved there now.
    fn emptiest(&self, now: Instant) -> Option<usize> {
        let since_last = |last| now.saturating_duration_since(last);
        if self
            .last_move
            .is_some_and(|last| since_last(last) < MOVE_INTERVAL)
        {
            return None;
        }
        let in_rotation = || {
            self.nodes
                .iter()
                .enumerate()
                .filter(|(_, node)| node.in_rotation())
        };
        let nearest = in_rotation().map(|(_, node)| node.distance).min()?;
        let (emptiest, node) = in_rotation()
            .filter(|(_, node)| node.distance == nearest)
            .min_by_key(|(_, node)| node.size())?;
        let fit = node.is_well(now)
            && node.may_open(now, self.config.node_limit())
            && self.may_log_in(emptiest, now);
        fit.then_some(emptiest)
    }

    /// Whether a node with `size` sessions should give one up for the sake of the emptiest.
    fn has_too_many(&self, index: usize, size: u32, emptiest: usize, now: Instant) -> bool {
        let (node, few) = (&self.nodes[index], &self.nodes[emptiest]);
        if index == emptiest || !node.in_rotation() {
            false
        } else if node.distance > few.distance {
            size > 0
                && !self
                    .balance(None, now)
                    .tier_is_full(&self.nodes, few.distance)
        } else {
            let deserved = f64::from(size) * few.weight(now, self.config.slow_start);
            f64::from(few.size()) + 2.0 <= deserved
        }
    }

    fn next_tick_after(&self, now: Instant) -> Instant {
        let mut next = later(now, LONGEST_SLEEP);
        if self.gate.waiting() > 0 {
            next = next.min(later(now, TICK_WHILE_WAITING));
        }
        for node in &self.nodes {
            // A node that refused our credentials waits for its turn as well.
            let turn = match self.credentials.until() {
                Some(until) if node.refused && until > now => until,
                _ if node.refused && !self.may_try_refused(now) => next,
                _ => now,
            };
            if let Some(at) = node.breaker.wakes_at() {
                next = next.min(at.max(turn));
            }
            if node.back_since.is_some()
                || (node.breaker.probes_allowed() > 0 && !node.refused)
                || self.size() < self.config.min_size
            {
                next = next.min(later(now, MOVE_INTERVAL));
            }
        }
        if let Some(at) = self.look_at() {
            next = next.min(at.max(later(now, TICK_WHILE_WAITING)));
        }
        next.max(later(now, Duration::from_millis(1)))
    }
}

/// Takes out of a vector what is to be closed.
trait RetainInto<S> {
    fn retain_mut_into(
        &mut self,
        closed: &mut Vec<(Box<Pooled<S>>, CloseReason)>,
        reason: impl FnMut(&Pooled<S>) -> Option<CloseReason>,
    );
}

impl<S> RetainInto<S> for Vec<Box<Pooled<S>>> {
    fn retain_mut_into(
        &mut self,
        closed: &mut Vec<(Box<Pooled<S>>, CloseReason)>,
        mut reason: impl FnMut(&Pooled<S>) -> Option<CloseReason>,
    ) {
        for pooled in std::mem::take(self) {
            match reason(&pooled) {
                Some(reason) => closed.push((pooled, reason)),
                None => self.push(pooled),
            }
        }
    }
}
