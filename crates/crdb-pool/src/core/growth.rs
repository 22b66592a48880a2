//! When to open another session: growth follows waiting.
//!
//! A spike of callers is served fastest by the sessions that are there, as long as these come back sooner than a new one
//! could be opened. So a session is opened when the queue has lasted for as long as opening one takes, or when the sessions
//! in use would need longer than that to work it off, and first one at a time.

use std::time::{Duration, Instant};

use super::gate::Gate;
use super::racing::Attempt;
use super::slots::{Average, NodeSlots};
use super::{Core, Effects, Opening, OpeningKind};

/// How many sessions may be opened at the same time: one, and one more for each success while callers wait.
#[derive(Debug)]
pub(crate) struct Growth {
    window: u32,
    max: u32,
    /// How long opening a session took lately.
    connect_time: Average,
}

impl Growth {
    pub(crate) fn new(max: u32) -> Self {
        Self {
            window: 1,
            max,
            connect_time: Average::default(),
        }
    }

    pub(crate) fn succeeded(&mut self, took: Duration, still_waiting: bool) {
        self.connect_time.add(took);
        self.window = if still_waiting {
            self.window.saturating_add(1).min(self.max)
        } else {
            1
        };
    }

    pub(crate) fn failed(&mut self) {
        self.window = 1;
    }

    /// Whether the callers that wait are better served by another session than by those in use.
    fn is_due<G, W>(
        &self,
        gate: &Gate<G, W>,
        in_use: u32,
        hold_time: Average,
        now: Instant,
    ) -> bool {
        let (Some(connect), Some(hold), Some(busy_since)) =
            (self.connect_time.get(), hold_time.get(), gate.busy_since())
        else {
            return true;
        };
        if in_use == 0 || now.saturating_duration_since(busy_since) >= connect {
            return true;
        }
        let rounds = gate.waiting() as f64 / f64::from(in_use);
        hold.mul_f64(rounds.min(1e6)) >= connect
    }
}

impl<S, W> Core<S, W> {
    /// Opens sessions for the callers that wait, as many as help now.
    pub(super) fn grow(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        let waiting = u32::try_from(self.gate.waiting()).unwrap_or(u32::MAX);
        let avoid = self
            .gate
            .queued()
            .next()
            .and_then(|(_, waiter)| waiter.request.avoid);
        loop {
            let opening = self.normal_openings();
            // An attempt that has had its head start does not keep another node from being tried.
            let overdue: u32 = self.nodes.iter().map(|node| node.overdue(now)).sum();
            let in_use: u32 = self
                .nodes
                .iter()
                .filter(|node| node.in_rotation())
                .map(|node| node.lent)
                .sum();
            let stuck = self.nodes.iter().any(|node| !node.idle.is_empty());
            let wanted = waiting.min(self.growth.window);
            let is_due = stuck || self.growth.is_due(&self.gate, in_use, self.hold_time, now);
            if !is_due || opening - overdue >= wanted {
                return;
            }
            let elsewhere = opening >= wanted;
            if !self.open_one(avoid, elsewhere, now, fx) {
                self.give_up_overdue(now, fx);
                return;
            }
        }
    }

    /// Opens sessions until there are `min_size`.
    pub(super) fn fill(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        while self.size() < self.config.min_size
            && self.normal_openings() < self.growth.max
            && self.open_one(None, false, now, fx)
        {}
    }

    /// Opens a session on the best node; with `elsewhere` only on one where no attempt is overdue.
    fn open_one(
        &mut self,
        avoid: Option<crate::node::NodeId>,
        elsewhere: bool,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) -> bool {
        let balance = self.balance(avoid, now);
        if self.closed || !balance.has_room {
            return false;
        }
        let mut choice = balance.open(&self.nodes, true, &mut self.random);
        if choice.is_none() && !elsewhere {
            choice = balance.open(&self.nodes, false, &mut self.random);
        }
        let Some(index) = choice else {
            return false;
        };
        let timeout = self.config.connect_timeout;
        self.start_opening(index, OpeningKind::Normal, timeout, now, fx);
        true
    }

    pub(super) fn start_opening(
        &mut self,
        index: usize,
        kind: OpeningKind,
        timeout: Duration,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let node = &mut self.nodes[index];
        node.opening += 1;
        if !matches!(kind, OpeningKind::Probe { .. }) {
            node.under_way.push(Attempt {
                began: now,
                kind,
                given_up: false,
            });
        }
        fx.open.push(Opening {
            node: node.id,
            address: node.address.clone(),
            kind,
            timeout,
            began: now,
            term: node.term,
        });
    }

    /// Attempts that are under way and are no probes.
    fn normal_openings(&self) -> u32 {
        let under_way = |node: &NodeSlots<S>| node.under_way.len() as u32;
        self.nodes.iter().map(under_way).sum()
    }
}
