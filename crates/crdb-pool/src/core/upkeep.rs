//! What the passing of time brings: probes, reaping, pings, moving sessions between nodes, leaks.

use std::time::{Duration, Instant};

use super::gate::Request;
use super::slots::NodeSlots;
use super::{Core, Effects, OpeningKind, TICK_WHILE_WAITING};
use crate::observer::CloseReason;

/// At most one session is moved to another node in this time.
const MOVE_INTERVAL: Duration = Duration::from_millis(50);
/// How often a node that refuses our credentials is asked again without anybody depending on it.
const CREDENTIALS_INTERVAL: Duration = Duration::from_secs(10);
/// The longest sleep between two ticks.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

impl<S, W> Core<S, W> {
    /// Does what is due at `now`, and says when there may be something to do again.
    pub(crate) fn tick(
        &mut self,
        place: &'static std::panic::Location<'static>,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) -> Instant {
        self.finish_recoveries(now, fx);
        self.start_probes(now, false, fx);
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
            fx.rouse = true;
        }
    }

    /// Lets probes through to nodes whose pause is over. Nodes that refuse our credentials are asked again when somebody
    /// depends on them (`wanted`), and otherwise seldom, since each attempt may count towards locking the account.
    pub(super) fn start_probes(&mut self, now: Instant, wanted: bool, fx: &mut Effects<S, W>) {
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            let credentials = node.out_for(super::OutCause::Authentication);
            let asked_lately = node.failure.as_ref().is_some_and(|failure| {
                now.saturating_duration_since(failure.at) < CREDENTIALS_INTERVAL
            });
            if self.closed || node.removed || (credentials && !wanted && asked_lately) {
                continue;
            }
            let from = node.state();
            node.breaker.half_open(now);
            Self::note_change(node, from, fx);
            let mut allowed = node.breaker.probes_allowed();
            if credentials {
                allowed = allowed.min(1);
            }
            while allowed > 0 && self.make_room(index, fx) {
                let node = &mut self.nodes[index];
                node.breaker.probe_started();
                let patient = !std::mem::replace(&mut node.patient_probe, true);
                let usual = node
                    .connect_time
                    .get()
                    .map_or(self.config.connect_timeout, |usual| usual * 4);
                let brisk = self
                    .config
                    .probe_timeout
                    .max(usual)
                    .min(self.config.connect_timeout);
                let timeout = if patient {
                    self.config.connect_timeout
                } else {
                    brisk
                };
                self.start_opening(index, OpeningKind::Probe { patient }, timeout, fx);
                allowed -= 1;
            }
        }
    }

    /// Sees to it that the pool can open one more session for a node that has none, if need be by closing an idle one
    /// elsewhere.
    fn make_room(&mut self, index: usize, fx: &mut Effects<S, W>) -> bool {
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
            let stale = |pooled: &super::Pooled<S>| {
                now.saturating_duration_since(pooled.proven) >= interval
            };
            while let Some(position) = self.nodes[index]
                .idle
                .iter()
                .position(|pooled| stale(pooled))
            {
                // `lend` takes the last one.
                let last = self.nodes[index].idle.len() - 1;
                self.nodes[index].idle.swap(position, last);
                let grant = self.lend(index, Request { avoid: None, place }, now);
                self.borrows.set_internal(grant.borrow, true);
                fx.ping.push(grant);
            }
        }
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
        if self
            .last_move
            .is_some_and(|last| now.saturating_duration_since(last) < MOVE_INTERVAL)
        {
            return;
        }
        let Some((fullest, emptiest)) = self.imbalance(now) else {
            return;
        };
        if !self.nodes[fullest].idle.is_empty() {
            let oldest = self.nodes[fullest].idle.remove(0);
            fx.close.push((oldest, CloseReason::Rebalanced));
        } else if self.size() >= self.config.max_size {
            return; // `makes_room_for_others` takes the next one that is returned.
        }
        self.last_move = Some(now);
        self.start_opening(
            emptiest,
            OpeningKind::Normal,
            self.config.connect_timeout,
            fx,
        );
    }

    /// Whether a session that is being returned should rather be closed, because another node has too few.
    pub(super) fn makes_room_for_others(&self, node: &NodeSlots<S>, now: Instant) -> bool {
        self.nodes.len() > 1
            && self
                .last_move
                .is_none_or(|last| now.saturating_duration_since(last) >= MOVE_INTERVAL)
            && self
                .imbalance(now)
                .is_some_and(|(fullest, _)| self.nodes[fullest].id == node.id)
    }

    /// The node that has too many sessions and the node that has too few, if there are such.
    fn imbalance(&self, now: Instant) -> Option<(usize, usize)> {
        let in_rotation = || {
            self.nodes
                .iter()
                .enumerate()
                .filter(|(_, node)| node.in_rotation())
        };
        let nearest = in_rotation().map(|(_, node)| node.distance).min()?;
        let near = || in_rotation().filter(move |(_, node)| node.distance == nearest);
        let (emptiest, few) = near().min_by_key(|(_, node)| node.size())?;
        if !few.may_open(now, self.config.node_limit()) {
            return None;
        }
        let balance = self.balance(None, now);
        let far = in_rotation().filter(|(_, node)| node.distance > nearest && node.size() > 0);
        if !balance.tier_is_full(&self.nodes, nearest)
            && let Some((furthest, _)) = far.max_by_key(|(_, node)| node.distance)
        {
            return Some((furthest, emptiest));
        }
        let (fullest, many) = near().max_by_key(|(_, node)| node.size())?;
        let deserved = f64::from(many.size()) * few.weight(now, self.config.slow_start);
        (f64::from(few.size()) + 2.0 <= deserved).then_some((fullest, emptiest))
    }

    fn next_tick_after(&self, now: Instant) -> Instant {
        let mut next = now + LONGEST_SLEEP;
        if self.gate.waiting() > 0 {
            next = next.min(now + TICK_WHILE_WAITING);
        }
        for node in &self.nodes {
            if let Some(at) = node.breaker.wakes_at()
                && !node.out_for(super::OutCause::Authentication)
            {
                next = next.min(at);
            }
            if node.back_since.is_some()
                || node.breaker.probes_allowed() > 0
                || self.size() < self.config.min_size
            {
                next = next.min(now + MOVE_INTERVAL);
            }
        }
        next.max(now + Duration::from_millis(1))
    }
}

/// Takes out of a vector what is to be closed.
trait RetainInto<S> {
    fn retain_mut_into(
        &mut self,
        closed: &mut Vec<(Box<super::Pooled<S>>, CloseReason)>,
        reason: impl FnMut(&super::Pooled<S>) -> Option<CloseReason>,
    );
}

impl<S> RetainInto<S> for Vec<Box<super::Pooled<S>>> {
    fn retain_mut_into(
        &mut self,
        closed: &mut Vec<(Box<super::Pooled<S>>, CloseReason)>,
        mut reason: impl FnMut(&super::Pooled<S>) -> Option<CloseReason>,
    ) {
        for pooled in std::mem::take(self) {
            match reason(&pooled) {
                Some(reason) => closed.push((pooled, reason)),
                None => self.push(pooled),
            }
        }
    }
}
