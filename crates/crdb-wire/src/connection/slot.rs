//! Where the reader leaves what came for one request, and its caller picks it up.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use bytes::Bytes;
use crdb_auth::CommandTag;
use parking_lot::Mutex;
use postgres_types::Oid;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::protocol::{CopyHeader, Described, RowBlock};

/// Something that came for a request, before its answer was complete.
#[derive(Debug)]
pub(crate) enum Event {
    /// The types of a described statement's parameters.
    Parameters(Vec<Oid>),
    /// The columns of a described statement, or of the rows that follow; none when it gives no rows.
    Columns(Vec<Described>),
    /// Rows that arrived together.
    Rows(RowBlock),
    /// A statement has ended. Only for requests that ask for it.
    Complete(CommandTag),
    /// A statement's text was empty. Only for requests that ask for it.
    Empty,
    /// The server waits for CopyData. Only for requests that copy.
    CopyIn(CopyHeader),
    /// The server sends CopyData. Only for requests that copy.
    CopyOut(CopyHeader),
    /// The content of one CopyData. Only for requests that copy.
    CopyData(Bytes),
}

impl Event {
    /// What counts against the bound of unread bytes.
    fn bytes(&self) -> usize {
        match self {
            Self::Rows(block) => block.bytes(),
            Self::CopyData(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// The meeting place of one request's caller and the connection's reader.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// The number of the outgoing byte behind the request's last one.
    end: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Event>,
    unread: usize,
    answer: Option<Answer>,
    waker: Option<Waker>,
    /// The caller is gone: what comes is thrown away.
    abandoned: bool,
    /// The reader waits until the caller has read.
    paused: bool,
    /// How many unread bytes are kept at most, instead of pausing the reader.
    bound: Option<usize>,
    /// More than that came: what was unread has been thrown away, and so is the rest.
    overflowed: bool,
    answered: Option<Answered>,
}

/// When a request on a shared connection was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    /// When the reply of the request in front of it ended, if there was one.
    pub(crate) before: Option<Instant>,
    pub(crate) at: Instant,
}

/// What a caller finds in a slot.
pub(super) enum Found {
    Event(Event),
    /// As `Event`, and the reader waits for that.
    EventAndResume(Event),
    Answer(Answer),
}

impl Slot {
    /// For a request whose unread rows never pause the reader: beyond so many bytes they are thrown away.
    pub(super) fn bounded(bound: Option<usize>) -> Self {
        Self {
            end: AtomicU64::new(0),
            state: Mutex::new(State {
                bound,
                ..State::default()
            }),
        }
    }

    /// Whether rows have been thrown away because too many bytes of them were unread.
    pub(super) fn overflowed(&self) -> bool {
        self.state.lock().overflowed
    }

    /// When the request was answered, if it is of a shared connection.
    pub(super) fn answered(&self) -> Option<Answered> {
        self.state.lock().answered
    }

    /// Notes when the reply ended. `last` is when the one before it did.
    pub(super) fn note_time(&self, last: &mut Option<Instant>) {
        let mut state = self.state.lock();
        if state.bound.is_some() {
            let at = Instant::now();
            state.answered = Some(Answered {
                before: last.replace(at),
                at,
            });
        }
    }

    pub(super) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    pub(super) fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    /// Whether the caller is gone.
    pub(super) fn is_abandoned(&self) -> bool {
        self.state.lock().abandoned
    }

    /// Leaves an event. The caller is woken by [`wake`](Self::wake) or [`complete`](Self::complete).
    pub(super) fn push(&self, event: Event) {
        let mut state = self.state.lock();
        if state.abandoned || state.overflowed {
            return;
        }
        state.unread += event.bytes();
        state.events.push_back(event);
        if state.bound.is_some_and(|bound| state.unread > bound) {
            state.overflowed = true;
            let events = std::mem::take(&mut state.events);
            state.unread = 0;
            drop(state);
            drop(events);
        }
    }

    /// Wakes the caller if there is something for it.
    pub(super) fn wake(&self) {
        let mut state = self.state.lock();
        if state.events.is_empty() {
            return;
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether more than `limit` bytes are unread. If so, the caller that reads resumes the reader.
    pub(super) fn pauses(&self, limit: usize) -> bool {
        let mut state = self.state.lock();
        state.paused = state.unread > limit && !state.abandoned && state.bound.is_none();
        state.paused
    }

    /// Nothing more will come.
    pub(super) fn complete(&self, answer: Answer) {
        let mut state = self.state.lock();
        state.answer = Some(answer);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Takes what is there. If nothing is, `waker` will be woken when something comes.
    pub(super) fn take(&self, waker: Option<&Waker>) -> Option<Found> {
        let mut state = self.state.lock();
        if let Some(event) = state.events.pop_front() {
            state.unread = state.unread.saturating_sub(event.bytes());
            return Some(if state.paused && state.events.is_empty() {
                state.paused = false;
                Found::EventAndResume(event)
            } else {
                Found::Event(event)
            });
        }
        if let Some(answer) = state.answer.take() {
            return Some(Found::Answer(answer));
        }
        match (&mut state.waker, waker) {
            (Some(kept), Some(waker)) => kept.clone_from(waker),
            (kept, waker) => *kept = waker.cloned(),
        }
        None
    }

    /// The caller is gone. Says whether the reader waits for it.
    pub(super) fn abandon(&self) -> bool {
        let mut state = self.state.lock();
        state.abandoned = true;
        state.waker = None;
        let events = std::mem::take(&mut state.events);
        state.unread = 0;
        let paused = std::mem::take(&mut state.paused);
        drop(state);
        drop(events);
        paused
    }
}
