//! The pool's decisions: pure functions of its state, the given time and the given generator of random numbers.
//!
//! Nothing here waits, connects or closes. What must be done is collected in [`Effects`], which the shell carries out after
//! it has let go of the lock. So the whole can be run by a simulation, and a failure replays from its seed.

mod balance;
mod borrows;
mod breaker;
mod evidence;
mod gate;
mod growth;
mod members;
mod openings;
mod pauses;
mod racing;
mod random;
#[cfg(test)]
mod simulation;
mod slots;
mod time;
mod upkeep;

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::balance::Balance;
use self::borrows::{Borrow, Borrows};
use self::breaker::BreakerRules;
use self::gate::Gate;
use self::growth::Growth;
use self::pauses::{Backoff, CREDENTIALS, Pause};
use self::racing::GivenUp;
use self::slots::{Average, NodeSlots};
use crate::config::Config;
use crate::node::{NodeAddress, NodeId};
use crate::observer::CloseReason;
use crate::status::{NodeState, OutCause};

pub(crate) use self::borrows::BorrowKey;
pub(crate) use self::evidence::Failed;
pub(crate) use self::gate::{Refusal, Request, Ticket};
pub(crate) use self::members::chain;
pub(crate) use self::random::Random;
pub(crate) use self::slots::{Failure, Loan, Pooled};
pub(crate) use self::time::later;

/// The state of a pool. `S` is a session, `W` wakes a caller.
#[derive(Debug)]
pub(crate) struct Core<S, W> {
    config: Config,
    random: Random,
    nodes: Vec<NodeSlots<S>>,
    next_node: u64,
    next_session: u64,
    gate: Gate<Grant<S>, W>,
    borrows: Borrows,
    growth: Growth,
    /// Attempts in a row whose place was wanted for another node.
    given_up: GivenUp,
    hold_time: Average,
    /// After a login was refused: one more on a node that refused one only when this is over.
    credentials: Pause,
    /// A node is suspected.
    suspicious: bool,
    /// When a caller last returned a session.
    last_use: Option<Instant>,
    last_move: Option<Instant>,
    topology_failure: Option<String>,
    closed: bool,
    /// When [`tick`](Self::tick) is to be called next.
    next_tick: Option<Instant>,
}

/// What it costs a caller to be put to sleep and woken again.
const QUEUEING_TIME: Duration = Duration::from_micros(20);
/// How often growth is thought over while callers wait.
const TICK_WHILE_WAITING: Duration = Duration::from_millis(10);

/// A session for a caller.
#[derive(Debug)]
pub(crate) struct Grant<S> {
    pub(crate) pooled: Box<Pooled<S>>,
    pub(crate) borrow: BorrowKey,
    /// It was proven before its node became suspect.
    suspect: bool,
}

impl<S> Grant<S> {
    /// Whether the session must be proven by a round trip before it is lent, where that is spared one used within `fresh_for`.
    ///
    /// Not asked under the lock: that would wait for what another processor has just written to the session.
    pub(crate) fn needs_check(&self, fresh_for: Duration, now: Instant) -> bool {
        self.suspect || now.saturating_duration_since(self.pooled.proven) >= fresh_for
    }
}

/// The answer to a caller.
#[derive(Debug)]
pub(crate) enum Acquire<S> {
    Granted(Grant<S>),
    Wait,
    Refused(Refusal),
}

/// A session to be opened.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) node: NodeId,
    pub(crate) address: Arc<NodeAddress>,
    pub(crate) kind: OpeningKind,
    pub(crate) timeout: Duration,
    pub(crate) began: Instant,
    term: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpeningKind {
    Normal,
    /// Asks whether a node in rotation is well, of which there are signs that it is not.
    Look,
    /// Asks whether a node that is out of rotation is back.
    Probe {
        patient: bool,
    },
}

impl OpeningKind {
    /// Whether the session must answer a check besides: a node may let clients in and answer nothing.
    pub(crate) fn is_checked(self) -> bool {
        self != Self::Normal
    }
}

/// A node that entered or left rotation.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) node: NodeId,
    pub(crate) address: Arc<NodeAddress>,
    pub(crate) from: NodeState,
    pub(crate) to: NodeState,
}

/// What the shell has to do once it has let go of the lock.
#[derive(Debug)]
pub(crate) struct Effects<S, W> {
    pub(crate) open: Vec<Opening>,
    pub(crate) close: Vec<(Box<Pooled<S>>, CloseReason)>,
    pub(crate) ping: Vec<Grant<S>>,
    pub(crate) wake: Vec<W>,
    pub(crate) changes: Vec<Change>,
    pub(crate) leaks: Vec<Borrow>,
    /// An attempt that is under way is not wanted any more.
    pub(crate) reconsider: bool,
    /// The next tick has moved nearer.
    pub(crate) wake_maintenance: bool,
    /// A closed pool has got everything back.
    pub(crate) quiet: bool,
}

impl<S, W> Effects<S, W> {
    pub(crate) const fn new() -> Self {
        Self {
            open: Vec::new(),
            close: Vec::new(),
            ping: Vec::new(),
            wake: Vec::new(),
            changes: Vec::new(),
            leaks: Vec::new(),
            reconsider: false,
            wake_maintenance: false,
            quiet: false,
        }
    }

    /// Nothing is to be done, as is usual.
    pub(crate) fn is_empty(&self) -> bool {
        self.wake.is_empty()
            && self.open.is_empty()
            && self.close.is_empty()
            && self.ping.is_empty()
            && self.changes.is_empty()
            && self.leaks.is_empty()
            && !self.reconsider
            && !self.wake_maintenance
            && !self.quiet
    }
}

impl<S, W> Core<S, W> {
    pub(crate) fn new(config: Config, random: Random) -> Self {
        let growth = Growth::new(config.opening_limit());
        Self {
            config,
            random,
            nodes: Vec::new(),
            next_node: 0,
            next_session: 0,
            gate: Gate::new(),
            borrows: Borrows::default(),
            growth,
            given_up: GivenUp::default(),
            hold_time: Average::default(),
            credentials: Pause::new(CREDENTIALS),
            suspicious: false,
            last_use: None,
            last_move: None,
            topology_failure: None,
            closed: false,
            next_tick: None,
        }
    }

    /// Notes that a caller has come, before its first [`acquire`](Self::acquire).
    pub(crate) fn arrive(&mut self) -> Ticket {
        self.gate.arrive()
    }

    /// Gives a caller a session, a place in the queue, or a refusal.
    pub(crate) fn acquire(
        &mut self,
        ticket: Ticket,
        request: Request,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) -> Acquire<S> {
        if self.closed {
            return Acquire::Refused(Refusal::Closed);
        }
        if let Some(grant) = self.try_acquire(ticket, &request, now) {
            return Acquire::Granted(grant);
        }
        if self.gate.waiting() >= self.config.max_waiters {
            return Acquire::Refused(Refusal::TooManyWaiters);
        }
        if self.is_hopeless() {
            self.start_probes(now, fx);
            if self.is_hopeless() {
                return Acquire::Refused(Refusal::Authentication);
            }
        }
        self.gate.enqueue(ticket, request, now);
        self.serve(now, fx);
        match self.gate.leave_if_settled(ticket) {
            None => {
                self.want_tick(later(now, TICK_WHILE_WAITING), fx);
                Acquire::Wait
            }
            Some(Ok(grant)) => Acquire::Granted(grant),
            Some(Err(refusal)) => Acquire::Refused(refusal),
        }
    }

    /// Gives a caller a session if one is free and it is the caller's turn.
    pub(crate) fn try_acquire(
        &mut self,
        ticket: Ticket,
        request: &Request,
        now: Instant,
    ) -> Option<Grant<S>> {
        if self.closed || !self.gate.is_first(ticket) {
            return None;
        }
        let index = match self.nodes.as_slice() {
            [node] if node.in_rotation() => 0,
            [_] => return None,
            nodes => self
                .balance(request.avoid, now)
                .idle(nodes, &mut self.random)?,
        };
        self.lend(index, request.place, now)
    }

    /// Whether sessions come back so quickly that queueing takes longer than waiting.
    pub(crate) fn turns_over_at_once(&self) -> bool {
        self.hold_time
            .get()
            .is_some_and(|held| held < QUEUEING_TIME)
    }

    /// Asks for the answer to a caller that waits.
    pub(crate) fn poll(
        &mut self,
        ticket: Ticket,
        waker: impl FnOnce(Option<W>) -> W,
    ) -> Option<Result<Grant<S>, Refusal>> {
        let mut answer = self.gate.poll(ticket, waker)?;
        if let Ok(grant) = &mut answer {
            // The caller may have been slow to fetch it.
            let node = self.node(grant.pooled.node);
            grant.suspect = node.is_some_and(|node| node.suspects(&grant.pooled));
        }
        Some(answer)
    }

    /// A caller goes away. What it had been given and has not fetched goes to the next.
    pub(crate) fn leave(&mut self, ticket: Ticket, now: Instant, fx: &mut Effects<S, W>) {
        if let Some(Ok(grant)) = self.gate.leave(ticket) {
            self.put_back(grant.pooled, grant.borrow, now, fx);
        }
    }

    /// A session is back, clean. `held` is how long a caller worked with it, if one did.
    pub(crate) fn give_back(
        &mut self,
        mut pooled: Box<Pooled<S>>,
        borrow: BorrowKey,
        held: Option<Duration>,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        pooled.proven = now;
        pooled.looked_at = now;
        if let Some(held) = held {
            pooled.used = now;
            self.last_use = Some(now);
            self.hold_time.add(held);
        }
        self.put_back(pooled, borrow, now, fx);
    }

    /// A session is back as it was lent: no caller worked with it.
    pub(crate) fn put_back(
        &mut self,
        pooled: Box<Pooled<S>>,
        borrow: BorrowKey,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        self.end_borrow(borrow);
        self.keep_or_close(pooled, now, fx);
        self.serve(now, fx);
        self.note_quiet(fx);
    }

    /// A session is gone. `unused` is when it was opened, where no caller ever had it.
    pub(crate) fn lost(
        &mut self,
        borrow: BorrowKey,
        unused: Option<Instant>,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        let node = self.end_borrow(borrow);
        if let Some((born, node)) = unused.zip(node) {
            self.lost_unused(node, born, now);
        }
        self.serve(now, fx);
        self.note_quiet(fx);
    }

    /// The caller's session turned out to need work before it can be lent again, or the other way round.
    pub(crate) fn set_internal(&mut self, borrow: BorrowKey, internal: bool) {
        self.borrows.set_internal(borrow, internal);
    }

    fn end_borrow(&mut self, borrow: BorrowKey) -> Option<NodeId> {
        let id = self.borrows.end(borrow)?;
        if let Some(node) = self.node_mut(id) {
            node.lent = node.lent.saturating_sub(1);
        }
        Some(id)
    }

    fn note_quiet(&self, fx: &mut Effects<S, W>) {
        fx.quiet |= self.closed && self.is_quiet();
    }

    fn keep_or_close(&mut self, pooled: Box<Pooled<S>>, now: Instant, fx: &mut Effects<S, W>) {
        if let Some(reason) = self.reason_to_close(&pooled, now) {
            fx.close.push((pooled, reason));
        } else if let Some(emptiest) = self.needs_one_from(pooled.node, now) {
            fx.close.push((pooled, CloseReason::Rebalanced));
            self.move_to(emptiest, now, fx);
        } else if let Some(node) = self.node_mut(pooled.node) {
            node.keep(pooled);
        }
    }

    /// Why a session that is not lent any more should not be kept.
    fn reason_to_close(&self, pooled: &Pooled<S>, now: Instant) -> Option<CloseReason> {
        if self.closed {
            return Some(CloseReason::PoolClosed);
        }
        let Some(node) = self.node(pooled.node) else {
            return Some(CloseReason::NodeOut);
        };
        if !node.in_rotation() || node.term != pooled.term {
            Some(CloseReason::NodeOut)
        } else if pooled.expires.is_some_and(|expires| expires <= now) {
            Some(CloseReason::Lifetime)
        } else if self.size() >= self.config.max_size {
            // The session itself is not counted any more.
            Some(CloseReason::Resized)
        } else if self.size().saturating_add(self.reserved(now)) >= self.config.max_size {
            Some(CloseReason::Rebalanced)
        } else {
            None
        }
    }

    /// Lends the most recently used session of a node, if it has an idle one.
    fn lend(
        &mut self,
        index: usize,
        place: &'static Location<'static>,
        now: Instant,
    ) -> Option<Grant<S>> {
        let pooled = self.nodes[index].idle.pop()?;
        Some(self.grant(index, pooled, place, now))
    }

    /// Lends the session at this position among a node's idle ones.
    fn lend_at(
        &mut self,
        index: usize,
        position: usize,
        place: &'static Location<'static>,
        now: Instant,
    ) -> Grant<S> {
        let pooled = self.nodes[index].idle.remove(position);
        self.grant(index, pooled, place, now)
    }

    fn grant(
        &mut self,
        index: usize,
        pooled: Box<Pooled<S>>,
        place: &'static Location<'static>,
        now: Instant,
    ) -> Grant<S> {
        let node = &mut self.nodes[index];
        node.lent += 1;
        let suspect = node.suspects(&pooled);
        let borrow = self.borrows.begin(Borrow {
            node: node.id,
            since: now,
            place,
            internal: false,
            warned: false,
        });
        Grant {
            pooled,
            borrow,
            suspect,
        }
    }

    /// Hands idle sessions to the callers that wait, in their order, and opens more where that helps.
    fn serve(&mut self, now: Instant, fx: &mut Effects<S, W>) {
        self.look(now, fx);
        if self.gate.waiting() == 0 {
            return;
        }
        self.give_up_refused(now, fx);
        while self
            .nodes
            .iter()
            .any(|node| !node.idle.is_empty() && node.in_rotation())
        {
            let mut choice = None;
            for (ticket, waiter) in self.gate.queued() {
                let balance = self.balance(waiter.request.avoid, now);
                if let Some(index) = balance.idle(&self.nodes, &mut self.random) {
                    choice = Some((ticket, waiter.request.place, index));
                    break;
                }
            }
            let Some((ticket, place, index)) = choice else {
                break;
            };
            let Some(grant) = self.lend(index, place, now) else {
                break;
            };
            fx.wake.extend(self.gate.settle(ticket, Ok(grant)));
        }
        if self.is_hopeless() {
            fx.wake
                .extend(self.gate.refuse_all(Refusal::Authentication));
        }
        self.grow(now, fx);
    }

    /// No session is there or on its way, and every node refuses our credentials.
    fn is_hopeless(&self) -> bool {
        !self.nodes.is_empty()
            && self.size() == 0
            && self
                .nodes
                .iter()
                .all(|node| node.removed || node.out_for(OutCause::Authentication))
    }

    fn balance(&self, avoid: Option<NodeId>, now: Instant) -> Balance {
        let node_limit = self.config.node_limit();
        let full_at = f64::from(node_limit.min(self.config.max_size)) * self.config.spill_over;
        Balance {
            now,
            slow_start: self.config.slow_start,
            node_limit,
            full_at: full_at.ceil() as u32,
            has_room: self.size().saturating_add(self.reserved(now)) < self.config.max_size,
            may_try_refused: self.credentials.until().is_none() || self.may_try_refused(now),
            avoid,
        }
    }

    /// Sessions that exist or are being opened.
    pub(crate) fn size(&self) -> u32 {
        self.nodes
            .iter()
            .map(NodeSlots::size)
            .fold(0, u32::saturating_add)
    }

    /// Sessions that are kept free for looks and for probing the nodes that are out of rotation, so that a pool whose sessions
    /// are all in use elsewhere does not forget about them. At most half of the pool.
    fn reserved(&self, now: Instant) -> u32 {
        let probes = |node: &NodeSlots<S>| {
            if self.look_is_overdue(node, now) {
                return 1;
            }
            let missing = !node.removed
                && !node.breaker.is_closed()
                && !node.out_for(OutCause::Authentication);
            if missing {
                self.config
                    .probe_limit()
                    .saturating_sub(node.breaker.probing())
            } else {
                0
            }
        };
        let wanted = self.nodes.iter().map(probes).fold(0, u32::saturating_add);
        wanted.min(self.config.max_size / 2)
    }

    fn rules(&self) -> BreakerRules {
        BreakerRules {
            failures: self.config.failures_to_open,
            probes: self.config.probe_limit(),
            backoff: Backoff::new(self.config.min_backoff, self.config.max_backoff),
        }
    }

    fn position(&self, id: NodeId) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    fn node(&self, id: NodeId) -> Option<&NodeSlots<S>> {
        self.nodes.iter().find(|node| node.id == id)
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut NodeSlots<S>> {
        self.nodes.iter_mut().find(|node| node.id == id)
    }
}
