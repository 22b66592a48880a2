//! The queue of callers: first come, first served.

use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Instant;

use crate::node::NodeId;

/// A caller's place in the queue. Kept for as long as the call lasts, so that a caller whose session turned out to be dead
/// does not lose its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(u64);

/// What a caller asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) avoid: Option<NodeId>,
    pub(crate) place: &'static Location<'static>,
}

/// Why a caller is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Closed,
    TooManyWaiters,
    Authentication,
}

/// A caller that waits. `W` is what wakes it.
#[derive(Debug)]
pub(crate) struct Waiter<W> {
    pub(crate) request: Request,
    waker: Option<W>,
}

/// `G` is what a caller waits for.
#[derive(Debug)]
pub(crate) struct Gate<G, W> {
    queue: BTreeMap<Ticket, Waiter<W>>,
    settled: BTreeMap<Ticket, Result<G, Refusal>>,
    next: u64,
    busy_since: Option<Instant>,
}

impl<G, W> Gate<G, W> {
    pub(crate) fn new() -> Self {
        Self {
            queue: BTreeMap::new(),
            settled: BTreeMap::new(),
            next: 0,
            busy_since: None,
        }
    }

    /// Notes that a caller has come.
    pub(crate) fn arrive(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Since when there has always been somebody waiting.
    pub(crate) fn busy_since(&self) -> Option<Instant> {
        self.busy_since
    }

    /// Whether nobody who came earlier is waiting.
    pub(crate) fn is_first(&self, ticket: Ticket) -> bool {
        self.queue
            .first_key_value()
            .is_none_or(|(first, _)| *first >= ticket)
    }

    pub(crate) fn enqueue(&mut self, ticket: Ticket, request: Request, now: Instant) {
        self.busy_since.get_or_insert(now);
        self.queue.insert(
            ticket,
            Waiter {
                request,
                waker: None,
            },
        );
    }

    /// The waiting callers, first come first.
    pub(crate) fn queued(&self) -> impl Iterator<Item = (Ticket, &Waiter<W>)> {
        self.queue.iter().map(|(ticket, waiter)| (*ticket, waiter))
    }

    /// Answers a caller; returns what wakes it.
    pub(crate) fn settle(&mut self, ticket: Ticket, answer: Result<G, Refusal>) -> Option<W> {
        let waiter = self.queue.remove(&ticket)?;
        if self.queue.is_empty() {
            self.busy_since = None;
        }
        self.settled.insert(ticket, answer);
        waiter.waker
    }

    /// Answers everybody who waits with a refusal.
    pub(crate) fn refuse_all(&mut self, refusal: Refusal) -> impl Iterator<Item = W> {
        self.busy_since = None;
        let queue = std::mem::take(&mut self.queue);
        self.settled
            .extend(queue.keys().map(|ticket| (*ticket, Err(refusal))));
        queue.into_values().filter_map(|waiter| waiter.waker)
    }

    /// Takes the answer, if there is one.
    pub(crate) fn leave_if_settled(&mut self, ticket: Ticket) -> Option<Result<G, Refusal>> {
        self.settled.remove(&ticket)
    }

    /// Takes the answer; without one, remembers what wakes the caller.
    pub(crate) fn poll(
        &mut self,
        ticket: Ticket,
        waker: impl FnOnce(Option<W>) -> W,
    ) -> Option<Result<G, Refusal>> {
        if let Some(answer) = self.leave_if_settled(ticket) {
            return Some(answer);
        }
        if let Some(waiter) = self.queue.get_mut(&ticket) {
            waiter.waker = Some(waker(waiter.waker.take()));
        }
        None
    }

    /// Sessions that were granted and have not been fetched.
    #[cfg(test)]
    pub(crate) fn granted(&self) -> usize {
        self.settled
            .values()
            .filter(|answer| answer.is_ok())
            .count()
    }

    /// Leaves the queue. An answer that nobody has taken is given back.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<Result<G, Refusal>> {
        if self.queue.remove(&ticket).is_some() && self.queue.is_empty() {
            self.busy_since = None;
        }
        self.settled.remove(&ticket)
    }
}
