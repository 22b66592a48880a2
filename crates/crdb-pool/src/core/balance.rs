//! Which node: near ones first, among these the better of two taken at random.

use std::time::{Duration, Instant};

use super::random::Random;
use super::slots::NodeSlots;
use crate::node::NodeId;

/// What the choice depends on besides the nodes themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Balance {
    pub(crate) now: Instant,
    pub(crate) slow_start: Duration,
    pub(crate) node_limit: u32,
    /// Sessions in use on a node from which on it counts as full.
    pub(crate) full_at: u32,
    /// Whether the pool as a whole can open another session.
    pub(crate) has_room: bool,
    /// Whether to try a login where our credentials were refused the last time.
    pub(crate) may_try_refused: bool,
    pub(crate) avoid: Option<NodeId>,
}

impl Balance {
    /// A node whose idle session goes to the next caller.
    pub(crate) fn idle<S>(&self, nodes: &[NodeSlots<S>], random: &mut Random) -> Option<usize> {
        if let [node] = nodes {
            return (node.in_rotation() && !node.idle.is_empty()).then_some(0);
        }
        let wanted = |node: &NodeSlots<S>| !node.idle.is_empty() && Some(node.id) != self.avoid;
        if let Some(index) = self.nearest(nodes, random, wanted) {
            return Some(index);
        }
        let alternative = self.avoid.is_some()
            && nodes.iter().any(|node| {
                Some(node.id) != self.avoid
                    && node.in_rotation()
                    && (node.opening > 0 || (self.has_room && self.may_open(node)))
            });
        if self.avoid.is_none() || alternative {
            return None;
        }
        self.nearest(nodes, random, |node| !node.idle.is_empty())
    }

    /// A node on which to open the next session; a `prompt` one is one where no attempt is overdue, and where the fewest were
    /// given up.
    pub(crate) fn open<S>(
        &self,
        nodes: &[NodeSlots<S>],
        prompt: bool,
        random: &mut Random,
    ) -> Option<usize> {
        let given_up = |node: &NodeSlots<S>| node.given_up.times(self.now);
        let is_on_time = |node: &NodeSlots<S>| self.may_open(node) && node.overdue(self.now) == 0;
        let on_time = nodes.iter().filter(|node| is_on_time(node));
        let fewest = on_time.map(given_up).min().unwrap_or_default();
        let may_open = |node: &NodeSlots<S>| match prompt {
            true => is_on_time(node) && given_up(node) == fewest,
            false => self.may_open(node),
        };
        let wanted = |node: &&NodeSlots<S>| may_open(node) && Some(node.id) != self.avoid;
        let candidates = || nodes.iter().filter(|node| may_open(node));
        let preferred = || nodes.iter().filter(wanted);
        let distance = self.first_tier_with_room(nodes, preferred().map(|node| node.distance));
        let distance = distance
            .or_else(|| self.first_tier_with_room(nodes, candidates().map(|node| node.distance)))?;
        let avoid = if preferred().any(|node| node.distance == distance) {
            self.avoid
        } else {
            None
        };
        // Fewest sessions for its weight; chance decides between equals, so that many processes do not agree on one node.
        let mut best: Option<(usize, f64)> = None;
        let mut equals = 1;
        for (index, node) in nodes.iter().enumerate() {
            if !may_open(node)
                || node.distance != distance
                || (avoid.is_some() && Some(node.id) == avoid)
            {
                continue;
            }
            let load = f64::from(node.size() + 1) / node.weight(self.now, self.slow_start);
            match best {
                Some((_, lowest)) if load > lowest => {}
                Some((_, lowest)) if load == lowest => {
                    equals += 1;
                    if random.below(equals) == 0 {
                        best = Some((index, load));
                    }
                }
                _ => {
                    best = Some((index, load));
                    equals = 1;
                }
            }
        }
        best.map(|(index, _)| index)
    }

    pub(crate) fn may_open<S>(&self, node: &NodeSlots<S>) -> bool {
        node.may_open(self.now, self.node_limit) && (self.may_try_refused || !node.refused)
    }

    /// Whether the nodes at this distance are used so much that those further away take part.
    pub(crate) fn tier_is_full<S>(&self, nodes: &[NodeSlots<S>], distance: usize) -> bool {
        nodes
            .iter()
            .filter(|node| node.distance == distance && node.in_rotation())
            .all(|node| node.lent + node.opening >= self.full_at)
    }

    /// The nearest of these distances, unless a nearer tier has room: then none, for it is the nearer tier's turn.
    fn first_tier_with_room<S>(
        &self,
        nodes: &[NodeSlots<S>],
        distances: impl Iterator<Item = usize>,
    ) -> Option<usize> {
        let nearest = distances.min()?;
        let nearer_has_room = nodes.iter().any(|node| {
            node.distance < nearest
                && node.in_rotation()
                && Some(node.id) != self.avoid
                && node.lent + node.opening < self.full_at
                && node.pauses.are_over(self.now)
                && node.overdue(self.now) == 0
                && node.given_up.times(self.now) == 0
        });
        (!nearer_has_room).then_some(nearest)
    }

    fn nearest<S>(
        &self,
        nodes: &[NodeSlots<S>],
        random: &mut Random,
        wanted: impl Fn(&NodeSlots<S>) -> bool,
    ) -> Option<usize> {
        let mut beyond = None;
        loop {
            let further = |node: &&NodeSlots<S>| {
                node.in_rotation() && beyond.is_none_or(|last| node.distance > last)
            };
            let tier = nodes
                .iter()
                .filter(further)
                .map(|node| node.distance)
                .min()?;
            let fits =
                |node: &NodeSlots<S>| node.in_rotation() && node.distance == tier && wanted(node);
            if let Some(index) = self.better_of_two(nodes, random, fits) {
                return Some(index);
            }
            if self.has_room && !self.tier_is_full(nodes, tier) {
                return None;
            }
            beyond = Some(tier);
        }
    }

    fn better_of_two<S>(
        &self,
        nodes: &[NodeSlots<S>],
        random: &mut Random,
        fits: impl Fn(&NodeSlots<S>) -> bool,
    ) -> Option<usize> {
        let candidates = || nodes.iter().enumerate().filter(|(_, node)| fits(node));
        let count = candidates().count();
        let (first, second) = match count {
            0 => return None,
            1 => return candidates().next().map(|(index, _)| index),
            _ => {
                let first = random.below(count);
                let second = random.below(count - 1);
                (first, if second >= first { second + 1 } else { second })
            }
        };
        let (one, two) = (candidates().nth(first)?, candidates().nth(second)?);
        let latencies = one.1.latency.get().zip(two.1.latency.get());
        let (mine, theirs) = match latencies {
            Some((mine, theirs)) => (self.cost(one.1, mine), self.cost(two.1, theirs)),
            None => (
                self.cost(one.1, Duration::from_secs(1)),
                self.cost(two.1, Duration::from_secs(1)),
            ),
        };
        Some(if theirs < mine { two.0 } else { one.0 })
    }

    fn cost<S>(&self, node: &NodeSlots<S>, latency: Duration) -> f64 {
        // Its sessions must be checked first, and perhaps in vain.
        let doubt = if node.suspicion.is_some() { 8.0 } else { 1.0 };
        let weight = node.weight(self.now, self.slow_start);
        doubt * f64::from(node.lent + 1) * latency.as_secs_f64() / weight
    }
}
