//! The queue of callers: first come, first served.

use std::collections::{BTreeMap, VecDeque};
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
    /// In the order of the tickets: nearly all callers join at one end and leave at the other.
    queue: VecDeque<(Ticket, Waiter<W>)>,
    settled: BTreeMap<Ticket, Result<G, Refusal>>,
    next: u64,
    busy_since: Option<Instant>,
}

impl<G, W> Gate<G, W> {
    pub(crate) fn new() -> Self {
        Self {
            queue: VecDeque::new(),
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

    /// Since when there has always been a caller waiting.
    pub(crate) fn busy_since(&self) -> Option<Instant> {
        self.busy_since
    }

    /// Whether no caller that came earlier is waiting.
    pub(crate) fn is_first(&self, ticket: Ticket) -> bool {
        self.queue.front().is_none_or(|(first, _)| *first >= ticket)
    }

    pub(crate) fn enqueue(&mut self, ticket: Ticket, request: Request, now: Instant) {
        self.busy_since.get_or_insert(now);
        let waiter = Waiter {
            request,
            waker: None,
        };
        match self.queue.back() {
            Some((last, _)) if *last > ticket => {
                let place = self.queue.partition_point(|(other, _)| *other < ticket);
                self.queue.insert(place, (ticket, waiter));
            }
            _ => self.queue.push_back((ticket, waiter)),
        }
    }

    /// Takes a caller out of the queue.
    fn dequeue(&mut self, ticket: Ticket) -> Option<Waiter<W>> {
        let (_, waiter) = match self.queue.front() {
            Some((first, _)) if *first == ticket => self.queue.pop_front(),
            _ => self.queue.remove(self.place(ticket)?),
        }?;
        if self.queue.is_empty() {
            self.busy_since = None;
        }
        Some(waiter)
    }

    fn place(&self, ticket: Ticket) -> Option<usize> {
        self.queue
            .binary_search_by_key(&ticket, |(other, _)| *other)
            .ok()
    }

    /// The waiting callers, first come first.
    pub(crate) fn queued(&self) -> impl Iterator<Item = (Ticket, &Waiter<W>)> {
        self.queue.iter().map(|(ticket, waiter)| (*ticket, waiter))
    }

    /// Answers a caller; returns what wakes it.
    pub(crate) fn settle(&mut self, ticket: Ticket, answer: Result<G, Refusal>) -> Option<W> {
        let waiter = self.dequeue(ticket)?;
        self.settled.insert(ticket, answer);
        waiter.waker
    }

    /// Refuses all callers that wait.
    pub(crate) fn refuse_all(&mut self, refusal: Refusal) -> impl Iterator<Item = W> {
        self.busy_since = None;
        let queue = std::mem::take(&mut self.queue);
        self.settled
            .extend(queue.iter().map(|(ticket, _)| (*ticket, Err(refusal))));
        queue.into_iter().filter_map(|(_, waiter)| waiter.waker)
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
        if let Some(place) = self.place(ticket) {
            let (_, waiter) = &mut self.queue[place];
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

    /// Leaves the queue. An answer that was not taken is given back.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<Result<G, Refusal>> {
        drop(self.dequeue(ticket));
        self.settled.remove(&ticket)
    }
}
