//! A caller's end of one request.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::shared::Shared;
use super::slot::{Answered, Event, Found, Slot};
use crate::answer::Answer;

/// What comes for one request. Dropping it before [`poll_event`](Self::poll_event) has given `None` leaves the request to
/// be answered and the rest of its reply to be thrown away.
pub(crate) struct Reply {
    slot: Arc<Slot>,
    shared: Arc<Shared>,
    answer: Option<Answer>,
    turn: Turn,
}

/// Whether the caller moves the connection's bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// From its first poll on.
    Begins,
    /// Unless the connection's task has taken over.
    GoesOn,
    No,
}

impl Reply {
    /// `drives`: no other request waits, so that its caller may move the connection's bytes.
    pub(super) fn new(slot: Arc<Slot>, shared: Arc<Shared>, drives: bool) -> Self {
        Self {
            slot,
            shared,
            answer: None,
            turn: if drives { Turn::Begins } else { Turn::No },
        }
    }

    /// The next event, or `None` once the answer is complete.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if self.answer.is_some() {
            return Poll::Ready(None);
        }
        let found = match self.turn {
            Turn::No => None,
            // Without a waker, so that what it delivers to itself does not wake it.
            Turn::Begins | Turn::GoesOn => self.slot.take(None).or_else(|| {
                let begins = self.turn == Turn::Begins;
                let begins = || begins && self.shared.is_alone();
                self.turn = if self.shared.turns.drive(cx, begins) {
                    Turn::GoesOn
                } else {
                    Turn::No
                };
                None
            }),
        };
        match found.or_else(|| self.slot.take(Some(cx.waker()))) {
            Some(Found::Event(event)) => Poll::Ready(Some(event)),
            Some(Found::EventAndResume(event)) => {
                if self.turn == Turn::No || !self.shared.turns.is_lent() {
                    self.shared.turns.ask();
                }
                Poll::Ready(Some(event))
            }
            Some(Found::Answer(answer)) => {
                self.answer = Some(answer);
                Poll::Ready(None)
            }
            None => Poll::Pending,
        }
    }

    /// As [`poll_event`](Self::poll_event). Nothing is lost when the future is dropped.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Throws away what comes until the answer is complete.
    pub(crate) async fn answer(&mut self) -> &mut Answer {
        while self.event().await.is_some() {}
        self.complete()
    }

    /// The answer. Before `poll_event` has given `None` it is one that nothing came for.
    pub(crate) fn complete(&mut self) -> &mut Answer {
        self.answer.get_or_insert_with(|| Answer::unsent(None))
    }

    /// Takes the answer of a reply that is complete.
    pub(crate) fn take(mut self) -> Answer {
        std::mem::replace(self.complete(), Answer::unsent(None))
    }

    /// Whether rows have been thrown away because more bytes of them were unread than the request keeps.
    pub(crate) fn overflowed(&self) -> bool {
        self.slot.overflowed()
    }

    /// When the answer was complete, if the request keeps its rows within a bound.
    pub(crate) fn answered(&self) -> Option<Answered> {
        self.slot.answered()
    }

    /// Adds to the request's bytes. The request must be the newest one.
    pub(crate) fn append(&self, bytes: &[u8]) {
        self.shared.append(&self.slot, bytes);
    }

    /// Waits until little enough is waiting to be written.
    pub(crate) async fn room(&self) {
        self.shared.room().await;
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if self.answer.is_none() && (self.slot.abandon() || self.turn != Turn::No) {
            self.shared.turns.ask();
        }
    }
}
