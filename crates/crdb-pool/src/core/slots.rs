//! One node: its sessions, its breaker, and what is known about how it does.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::borrows::BorrowKey;
use super::breaker::{Breaker, BreakerRules, BreakerState};
use super::evidence::{Failed, Suspicion};
use super::pauses::Pauses;
use super::racing::{Attempt, GivenUp};
use crate::connector::ErrorClass;
use crate::node::{NodeAddress, NodeId};
use crate::status::{NodeState, OutCause};

/// A session with what the pool remembers about it.
#[derive(Debug)]
pub(crate) struct Pooled<S> {
    pub(crate) session: S,
    /// Counts the pool's sessions.
    pub(crate) number: u64,
    pub(crate) node: NodeId,
    pub(crate) address: Arc<NodeAddress>,
    pub(crate) born: Instant,
    pub(crate) expires: Option<Instant>,
    /// Its share of the idle timeout, shortened by chance.
    pub(crate) idle_limit: Option<Duration>,
    /// When it was last given back, or last answered a check.
    pub(crate) proven: Instant,
    /// When its condition was last looked at.
    pub(crate) looked_at: Instant,
    /// When a caller last had it.
    pub(crate) used: Instant,
    /// A caller has had it.
    pub(crate) was_lent: bool,
    /// Which time in rotation of its node it was opened in.
    pub(crate) term: u32,
    pub(crate) loan: Loan,
}

/// What the shell knows about the borrower of a session; while it is idle, about the last one. Kept with the session and not
/// in the handle to it, which is moved several times on its way to the borrower.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loan {
    pub(crate) borrow: BorrowKey,
    pub(crate) since: Instant,
    /// The borrower wants the session to be closed.
    pub(crate) doomed: bool,
    /// The borrower has said how long its operations took.
    pub(crate) measured: bool,
}

impl Loan {
    pub(crate) fn new(borrow: BorrowKey, since: Instant) -> Self {
        Self {
            borrow,
            since,
            doomed: false,
            measured: false,
        }
    }
}

/// A failure, kept for the messages that callers get.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) class: ErrorClass,
    pub(crate) error: Arc<dyn StdError + Send + Sync>,
    pub(crate) at: Instant,
}

impl Failure {
    pub(crate) fn new(failed: Failed, at: Instant) -> Self {
        Self {
            class: failed.class,
            error: failed.error,
            at,
        }
    }
}

#[derive(Debug)]
pub(crate) struct NodeSlots<S> {
    pub(crate) id: NodeId,
    pub(crate) address: Arc<NodeAddress>,
    /// Tiers of the pool's own locality that the node does not share: 0 is nearest.
    pub(crate) distance: usize,
    /// Least recently used first.
    pub(crate) idle: Vec<Box<Pooled<S>>>,
    /// No idle session was used later.
    latest_use: Option<Instant>,
    pub(crate) lent: u32,
    pub(crate) opening: u32,
    /// The attempts that are under way and no probes.
    pub(crate) under_way: Vec<Attempt>,
    /// Attempts whose place was wanted for another node.
    pub(crate) given_up: GivenUp,
    pub(crate) breaker: Breaker,
    /// A probe with the whole connect timeout is under way.
    pub(crate) patient_probe: bool,
    pub(crate) latency: Average,
    pub(crate) connect_time: Average,
    pub(crate) failure: Option<Failure>,
    /// Sessions proven before this are checked before they are lent.
    pub(crate) suspect_since: Option<Instant>,
    /// Signs that no look has cleared up.
    pub(crate) suspicion: Option<Suspicion>,
    /// A look is under way.
    pub(crate) looking: bool,
    /// When the latest look began that found the node well.
    pub(crate) looked: Option<Instant>,
    /// When a check last went unanswered.
    pub(crate) silent_since: Option<Instant>,
    /// No new sessions while one of these lasts.
    pub(crate) pauses: Pauses,
    /// It refused our credentials the last time.
    pub(crate) refused: bool,
    /// Counts how often the node left rotation: sessions of an earlier term are not kept.
    pub(crate) term: u32,
    pub(crate) back_since: Option<Instant>,
    /// Sessions that may be opened at the same time while the node is recovering.
    pub(crate) window: u32,
    pub(crate) removed: bool,
}

impl<S> NodeSlots<S> {
    pub(crate) fn new(
        id: NodeId,
        address: Arc<NodeAddress>,
        distance: usize,
        rules: BreakerRules,
    ) -> Self {
        Self {
            id,
            address,
            distance,
            idle: Vec::new(),
            latest_use: None,
            lent: 0,
            opening: 0,
            under_way: Vec::new(),
            given_up: GivenUp::default(),
            breaker: Breaker::new(rules),
            patient_probe: false,
            latency: Average::default(),
            connect_time: Average::default(),
            failure: None,
            suspect_since: None,
            suspicion: None,
            looking: false,
            looked: None,
            silent_since: None,
            pauses: Pauses::new(rules.backoff),
            refused: false,
            term: 0,
            back_since: None,
            window: 1,
            removed: false,
        }
    }

    /// Puts a session among the idle ones, least recently used first. The others are not looked at where none was used later:
    /// what another processor has just worked with is slow to read.
    pub(crate) fn keep(&mut self, pooled: Box<Pooled<S>>) {
        if self.latest_use.is_none_or(|latest| latest <= pooled.used) {
            self.latest_use = Some(pooled.used);
            self.idle.push(pooled);
            return;
        }
        let later = self
            .idle
            .iter()
            .rev()
            .take_while(|other| other.used > pooled.used)
            .count();
        self.idle.insert(self.idle.len() - later, pooled);
    }

    /// Whether a session was proven before the node became suspect.
    pub(crate) fn suspects(&self, pooled: &Pooled<S>) -> bool {
        self.suspect_since
            .is_some_and(|since| pooled.proven <= since)
    }

    /// Sessions that exist or are being opened.
    pub(crate) fn size(&self) -> u32 {
        self.idle.len() as u32 + self.lent + self.opening
    }

    pub(crate) fn in_rotation(&self) -> bool {
        !self.removed && self.breaker.is_closed()
    }

    /// Whether a session may be opened outside of probing, as far as the node is concerned.
    pub(crate) fn may_open(&self, now: Instant, limit: u32) -> bool {
        self.in_rotation()
            && self.size() < limit
            && self.pauses.are_over(now)
            && (self.opening == 0 || !self.pauses.are_growing())
            && (self.back_since.is_none() || self.opening < self.window)
    }

    /// Whether nothing speaks against more work for the node.
    pub(crate) fn is_well(&self, now: Instant) -> bool {
        self.suspicion.is_none() && self.overdue(now) == 0 && self.given_up.times(now) == 0
    }

    /// The share of its usual work that the node gets: grows to 1 while it recovers.
    pub(crate) fn weight(&self, now: Instant, slow_start: Duration) -> f64 {
        match self.back_since {
            Some(since) if !slow_start.is_zero() => {
                let passed =
                    now.saturating_duration_since(since).as_secs_f64() / slow_start.as_secs_f64();
                passed.clamp(0.1, 1.0)
            }
            _ => 1.0,
        }
    }

    pub(crate) fn state(&self) -> NodeState {
        match self.breaker.state() {
            _ if self.removed => NodeState::Removed,
            BreakerState::Open { cause, .. } => NodeState::Out(cause),
            BreakerState::HalfOpen { cause } => NodeState::Probing(cause),
            BreakerState::Closed if self.back_since.is_some() => NodeState::Recovering,
            BreakerState::Closed => NodeState::Up,
        }
    }

    /// The node has left rotation; its idle sessions are handed over to be closed.
    pub(crate) fn leave_rotation(&mut self) -> Vec<Box<Pooled<S>>> {
        self.term += 1;
        self.back_since = None;
        self.suspicion = None;
        std::mem::take(&mut self.idle)
    }

    /// The node is back in rotation.
    pub(crate) fn return_to_rotation(&mut self, now: Instant, rules: BreakerRules) {
        self.back_since = Some(now);
        self.window = 1;
        self.pauses = Pauses::new(rules.backoff);
        self.latency = Average::default();
    }

    pub(crate) fn out_for(&self, cause: OutCause) -> bool {
        match self.breaker.state() {
            BreakerState::Open { cause: present, .. }
            | BreakerState::HalfOpen { cause: present } => present == cause,
            BreakerState::Closed => false,
        }
    }
}

/// An exponentially weighted moving average of durations, in nanoseconds: whole ones, since every return adds to two.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Average(Option<u64>);

impl Average {
    /// A new sample counts for one part in so many.
    const PARTS: u64 = 5;

    #[inline]
    pub(crate) fn add(&mut self, sample: Duration) {
        let whole = sample.as_secs().saturating_mul(1_000_000_000);
        let sample = whole.saturating_add(sample.subsec_nanos().into());
        self.0 = Some(self.0.map_or(sample, |average| {
            average - average / Self::PARTS + sample / Self::PARTS
        }));
    }

    pub(crate) fn get(self) -> Option<Duration> {
        self.0.map(Duration::from_nanos)
    }
}
