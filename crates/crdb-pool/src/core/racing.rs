//! Attempts that have had their head start: another node is tried beside them, or instead of them where the pool is full.
//!
//! A pool of one session whose first attempt meets a node that swallows packets has no room for a second attempt. So the first
//! one is given up, and its place goes to another node. That says nothing about the node: it may be slow, and all nodes may be.
//! So after a round over the nodes each attempt may take four times as long as the last, and one gets the time that it needs.

use std::time::{Duration, Instant};

use super::slots::NodeSlots;
use super::time::later;
use super::{Core, Effects, OpeningKind};

/// What an attempt to connect is given before another node is tried beside it (RFC 8305 recommends this for addresses).
const HEAD_START: Duration = Duration::from_millis(250);

/// How much longer an attempt may take than the last, in powers of two.
const PATIENCE_BITS: u32 = 2;

/// For how long it is remembered that attempts were given up.
const MEMORY: Duration = Duration::from_secs(30);

/// An attempt that is under way and no probe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) began: Instant,
    pub(crate) kind: OpeningKind,
    /// Its place is wanted for another node.
    pub(crate) given_up: bool,
}

/// How many attempts were given up in a row, and the last of them when.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GivenUp {
    times: u32,
    last: Option<Instant>,
}

impl GivenUp {
    pub(crate) fn times(self, now: Instant) -> u32 {
        match self.last {
            Some(last) if now.saturating_duration_since(last) < MEMORY => self.times,
            _ => 0,
        }
    }

    fn again(&mut self, now: Instant) {
        self.times = self.times(now).saturating_add(1);
        self.last = Some(now);
    }
}

impl<S> NodeSlots<S> {
    fn head_start(&self) -> Duration {
        let usual = self.connect_time.get().unwrap_or_default();
        HEAD_START.max(usual.saturating_mul(4))
    }

    /// Attempts that have had their head start.
    pub(crate) fn overdue(&self, now: Instant) -> u32 {
        let head_start = self.head_start();
        let late = |attempt: &&Attempt| later(attempt.began, head_start) <= now;
        self.under_way.iter().filter(late).count() as u32
    }

    /// Whether the attempt that began then is to end, for another node's sake.
    pub(crate) fn has_given_up(&self, began: Instant) -> bool {
        let ends = |attempt: &Attempt| attempt.given_up && attempt.began == began;
        self.under_way.iter().any(ends)
    }
}

impl<S, W> Core<S, W> {
    /// Gives the oldest overdue attempt up, where the pool is full and another node could be tried in its place.
    pub(super) fn give_up_overdue(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        let balance = self.balance(None, now);
        let mut under_way = self.nodes.iter().flat_map(|node| &node.under_way);
        if balance.has_room || self.closed || under_way.any(|attempt| attempt.given_up) {
            return;
        }
        // Each node but one gets a short try; then they get longer and longer ones.
        let nodes = self.nodes.iter().filter(|node| node.in_rotation()).count() as u32;
        let longer = (self.given_up.times(now) + 2).saturating_sub(nodes);
        let factor = 1_u32.checked_shl(PATIENCE_BITS.saturating_mul(longer));
        let factor = factor.unwrap_or(u32::MAX);
        let mut oldest: Option<(usize, usize, Instant)> = None;
        for (index, node) in self.nodes.iter().enumerate() {
            let is_free = |other: &NodeSlots<S>| {
                other.id != node.id && balance.may_open(other) && other.overdue(now) == 0
            };
            if !self.nodes.iter().any(is_free) {
                continue;
            }
            let patience = node.head_start().saturating_mul(factor);
            for (position, attempt) in node.under_way.iter().enumerate() {
                let is_late = later(attempt.began, patience) <= now;
                if attempt.kind == OpeningKind::Normal
                    && is_late
                    && oldest.is_none_or(|(.., began)| attempt.began < began)
                {
                    oldest = Some((index, position, attempt.began));
                }
            }
        }
        if let Some((index, position, _)) = oldest {
            let node = &mut self.nodes[index];
            node.under_way[position].given_up = true;
            node.given_up.again(now);
            self.given_up.again(now);
            fx.reconsider = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_up_is_forgotten_after_a_while() {
        let now = Instant::now();
        let mut given_up = GivenUp::default();
        assert_eq!(given_up.times(now), 0);
        given_up.again(now);
        given_up.again(now + Duration::from_secs(20));
        assert_eq!(given_up.times(now + Duration::from_secs(40)), 2);
        assert_eq!(given_up.times(now + Duration::from_secs(50)), 0);
        given_up.again(now + Duration::from_secs(60));
        assert_eq!(given_up.times(now + Duration::from_secs(60)), 1);
    }
}
