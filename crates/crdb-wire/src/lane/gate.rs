//! Callers wait here for a place on a lane.
//!
//! [`Admission`] decides; this module adds a lock and wakes those that are granted a place. It is compiled a second time in tests,
//! against a lock whose schedules are explored.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::admission::{Admission, Entry, Grant, LaneId, Ticket};
use super::lock::Mutex;

/// The places of lanes of type `L`. Callers that cannot be served are sent away with an `E`.
pub(super) struct Gate<L, E> {
    state: Mutex<State<L, E>>,
}

struct State<L, E> {
    admission: Admission,
    lanes: BTreeMap<LaneId, Arc<L>>,
    /// Those that wait, and those that were granted a place and have not taken it yet.
    parked: BTreeMap<Ticket, Parked<E>>,
}

enum Parked<E> {
    Waiting(Waker),
    Granted(LaneId),
    SentAway(E),
}

/// Why a caller has no place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoPlace<E> {
    /// Too many wait already.
    Full,
    /// It was sent away.
    SentAway(E),
}

impl<L, E: Clone> Gate<L, E> {
    pub(super) fn new(admission: Admission) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                admission,
                lanes: BTreeMap::new(),
                parked: BTreeMap::new(),
            }),
        })
    }

    /// A place on a lane, in the order in which the futures are first polled.
    ///
    /// Dropping the future gives up the wait, or the place if one was granted meanwhile.
    pub(super) fn enter(self: &Arc<Self>) -> Enter<L, E> {
        Enter {
            gate: Arc::clone(self),
            ticket: None,
        }
    }

    /// Adds a lane.
    pub(super) fn add(&self, lane: Arc<L>) -> LaneId {
        self.change(|state| {
            let (id, grants) = state.admission.add();
            state.lanes.insert(id, lane);
            (id, grants)
        })
    }

    /// A lane takes new requests, or does not.
    pub(super) fn set_open(&self, lane: LaneId, open: bool) {
        self.change(|state| ((), state.admission.set_open(lane, open)));
    }

    /// A lane is gone.
    pub(super) fn remove(&self, lane: LaneId) -> Option<Arc<L>> {
        self.change(|state| {
            state.admission.remove(lane);
            (state.lanes.remove(&lane), Vec::new())
        })
    }

    /// How many requests a lane takes at a time from now on, and over how many lanes they are spread as long as these have room.
    pub(super) fn set_shape(&self, depth: usize, width: usize) {
        self.change(|state| ((), state.admission.set_shape(depth, width)));
    }

    /// Looks at the places.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Admission) -> T) -> T {
        look(&self.state.lock().admission)
    }

    /// Removes the open lane that was added last and has nothing to do.
    pub(super) fn remove_spare(&self) -> Option<Arc<L>> {
        self.change(|state| {
            let lane = state.admission.spare().and_then(|spare| {
                state.admission.remove(spare);
                state.lanes.remove(&spare)
            });
            (lane, Vec::new())
        })
    }

    /// Every lane.
    pub(super) fn lanes(&self) -> Vec<(LaneId, Arc<L>)> {
        let state = self.state.lock();
        state
            .lanes
            .iter()
            .map(|(id, lane)| (*id, Arc::clone(lane)))
            .collect()
    }

    /// Sends everyone away that waits.
    pub(super) fn send_away(&self, why: &E) {
        let mut state = self.state.lock();
        let mut wakers = Vec::new();
        for ticket in state.admission.send_away() {
            if let Some(parked) = state.parked.get_mut(&ticket)
                && let Parked::Waiting(waker) =
                    std::mem::replace(parked, Parked::SentAway(why.clone()))
            {
                wakers.push(waker);
            }
        }
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Changes the places, and wakes those that are granted one.
    fn change<T>(&self, change: impl FnOnce(&mut State<L, E>) -> (T, Vec<Grant>)) -> T {
        let mut state = self.state.lock();
        let (result, grants) = change(&mut state);
        let wakers: Vec<Waker> = grants
            .into_iter()
            .filter_map(|grant| state.grant(grant))
            .collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }
}

impl<L, E> State<L, E> {
    fn grant(&mut self, (ticket, lane): Grant) -> Option<Waker> {
        let parked = self.parked.get_mut(&ticket)?;
        match std::mem::replace(parked, Parked::Granted(lane)) {
            Parked::Waiting(waker) => Some(waker),
            Parked::Granted(_) | Parked::SentAway(_) => None,
        }
    }
}

/// What waiting gives.
pub(super) type Entered<L, E> = Result<Place<L, E>, NoPlace<E>>;

/// Waits for a place.
pub(super) struct Enter<L, E: Clone> {
    gate: Arc<Gate<L, E>>,
    ticket: Option<Ticket>,
}

impl<L, E: Clone> Future for Enter<L, E> {
    type Output = Entered<L, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let gate = Arc::clone(&this.gate);
        gate.change(|state| this.poll_in(state, cx))
    }
}

impl<L, E: Clone> Enter<L, E> {
    fn poll_in(
        &mut self,
        state: &mut State<L, E>,
        cx: &Context<'_>,
    ) -> (Poll<Entered<L, E>>, Vec<Grant>) {
        let Some(ticket) = self.ticket else {
            let poll = match state.admission.enter() {
                Entry::Full => Poll::Ready(Err(NoPlace::Full)),
                Entry::Place(lane) => self.place(state, lane),
                Entry::Wait(ticket) => {
                    self.ticket = Some(ticket);
                    state
                        .parked
                        .insert(ticket, Parked::Waiting(cx.waker().clone()));
                    Poll::Pending
                }
            };
            return (poll, Vec::new());
        };
        match state.parked.get_mut(&ticket) {
            Some(Parked::Waiting(waker)) => {
                waker.clone_from(cx.waker());
                (Poll::Pending, Vec::new())
            }
            Some(Parked::Granted(lane)) => {
                let lane = *lane;
                if state.admission.is_open(lane) {
                    state.parked.remove(&ticket);
                    self.ticket = None;
                    return (self.place(state, lane), Vec::new());
                }
                // The lane was closed before the place was taken. The ticket keeps its turn.
                state
                    .parked
                    .insert(ticket, Parked::Waiting(cx.waker().clone()));
                (Poll::Pending, state.admission.wait_again(ticket, lane))
            }
            Some(Parked::SentAway(_)) | None => {
                self.ticket = None;
                match state.parked.remove(&ticket) {
                    Some(Parked::SentAway(why)) => {
                        (Poll::Ready(Err(NoPlace::SentAway(why))), Vec::new())
                    }
                    _ => (Poll::Ready(Err(NoPlace::Full)), Vec::new()),
                }
            }
        }
    }

    fn place(&self, state: &State<L, E>, lane: LaneId) -> Poll<Entered<L, E>> {
        // There is one: lanes are added to and removed from both maps under one lock.
        let held = state.lanes.get(&lane).map(Arc::clone);
        Poll::Ready(held.ok_or(NoPlace::Full).map(|lane_held| Place {
            gate: Arc::clone(&self.gate),
            id: lane,
            lane: lane_held,
        }))
    }
}

impl<L, E: Clone> Drop for Enter<L, E> {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else {
            return;
        };
        self.gate
            .change(|state| match state.parked.remove(&ticket) {
                Some(Parked::Granted(lane)) => ((), state.admission.leave(lane)),
                _ => {
                    state.admission.give_up(ticket);
                    ((), Vec::new())
                }
            });
    }
}

/// A place on a lane. Dropping it gives the place to the next.
pub(super) struct Place<L, E: Clone> {
    gate: Arc<Gate<L, E>>,
    id: LaneId,
    lane: Arc<L>,
}

impl<L, E: Clone> Place<L, E> {
    pub(super) fn id(&self) -> LaneId {
        self.id
    }

    pub(super) fn lane(&self) -> &Arc<L> {
        &self.lane
    }
}

impl<L, E: Clone> Drop for Place<L, E> {
    fn drop(&mut self) {
        self.gate
            .change(|state| ((), state.admission.leave(self.id)));
    }
}
