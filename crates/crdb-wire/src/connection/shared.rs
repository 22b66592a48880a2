//! What callers and the driver of a connection share.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::BytesMut;
use crdb_auth::TransactionStatus;
use parking_lot::Mutex;
use postgres_protocol::message::frontend;
use tokio::sync::Notify;

use super::reply::Reply;
use super::slot::Slot;
use super::turns::Turns;
use crate::answer::{Answer, End};
use crate::config::Config;
use crate::footprint::Footprint;
use crate::loan::Loan;
use crate::parameters::Parameters;
use crate::protocol::{Machine, Shape, Step};

/// How many bytes may wait to be written before writers that can wait do so.
const ROOM: usize = 256 * 1024;

/// How many requests in a row must have had a connection that is shared to themselves, before the next one's caller moves its bytes.
/// Where requests overlap now and then, handing the stream back and forth would cost more than it saves.
const LONE: u32 = 16;

/// The part of a connection that its callers and its driver share.
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    pub(super) turns: Turns,
    /// Told when nothing is unanswered any more, and when the connection ends.
    quiet: Notify,
    /// Told when the driver has taken what was to be written.
    room: Notify,
    /// Requests that are sent while more than this many are under way gather, to be written together.
    ahead: AtomicUsize,
    /// A buffer for the next request that is encoded.
    scratch: Mutex<BytesMut>,
    pub(crate) config: Config,
    /// The server's name in messages.
    pub(crate) peer: Arc<str>,
}

/// What is behind the lock.
pub(crate) struct Inner {
    /// What the driver has not taken yet.
    pub(super) outgoing: BytesMut,
    /// The number of the byte behind `outgoing`.
    pub(super) accepted: u64,
    /// Entries that the driver has not taken yet.
    pub(super) entries: VecDeque<Entry>,
    /// Requests whose answer is not complete.
    pub(super) unanswered: usize,
    /// How many requests in a row were sent while no other was unanswered.
    lone: u32,
    /// What the last ReadyForQuery said.
    pub(super) status: TransactionStatus,
    /// Statements that CockroachDB ended because a cancel came from outside.
    pub(super) cancelled: u64,
    pub(super) end: Option<End>,
    /// The last handle is gone.
    pub(super) closing: bool,
    /// Prepared statements that are to be closed with the next request.
    discarded: Vec<Box<str>>,
    pub(crate) parameters: Parameters,
    pub(crate) loan: Loan,
}

/// A request that was sent, and whose reply is expected.
pub(super) struct Entry {
    /// The number of its first byte.
    pub(super) start: u64,
    pub(super) machine: Machine,
    pub(super) slot: Arc<Slot>,
    pub(super) trace: Trace,
    /// What its caller understands.
    pub(super) copies: bool,
    pub(super) tells_ends: bool,
    /// The server began a COPY that the caller does not understand.
    pub(super) copy_refused: bool,
}

/// What is known of a request's text, for the account of a loan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace {
    pub(crate) footprint: Footprint,
    /// The caller promises that every setting in the text ends with its transaction.
    pub(crate) local_settings: bool,
}

/// A request as it is sent.
pub(crate) struct Outgoing<'a> {
    /// Its messages, to the Sync of an extended request.
    pub(crate) bytes: &'a [u8],
    pub(crate) shape: Shape,
    pub(crate) trace: Trace,
    /// Whether the caller understands COPY.
    pub(crate) copies: bool,
    /// Whether the caller wants an event at each statement's end.
    pub(crate) tells_ends: bool,
    /// How many bytes of unread rows are kept. Without a bound, the connection stops reading until the caller does.
    pub(crate) keeps: Option<usize>,
}

impl Shared {
    pub(crate) fn new(config: Config, peer: Arc<str>, parameters: Parameters) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                outgoing: BytesMut::new(),
                accepted: 0,
                entries: VecDeque::new(),
                unanswered: 0,
                lone: 0,
                status: TransactionStatus::Idle,
                cancelled: 0,
                end: None,
                closing: false,
                discarded: Vec::new(),
                parameters,
                loan: Loan::default(),
            }),
            turns: Turns::default(),
            quiet: Notify::new(),
            room: Notify::new(),
            ahead: AtomicUsize::new(usize::MAX),
            scratch: Mutex::default(),
            config,
            peer,
        })
    }

    /// The lock is held for a moment at a time, and never across a call into foreign code.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock())
    }

    /// How the connection has ended, if it has: also by what the server of an idle one has said meanwhile.
    pub(crate) fn look(&self) -> Option<End> {
        let found = self.turns.look(|| self.with(|inner| inner.unanswered == 0));
        self.with(|inner| inner.end.clone()).or(found)
    }

    /// Whether one request waits for its answer, and no other.
    pub(super) fn is_alone(&self) -> bool {
        self.with(|inner| inner.unanswered == 1)
    }

    /// While more than this many requests are under way, further ones gather, to be written together. Without a call, none do.
    ///
    /// At least one: a request that is under way alone may still have something to write.
    pub(crate) fn set_ahead(&self, requests: usize) {
        let requests = requests.max(1);
        if self.ahead.swap(requests, Ordering::AcqRel) != requests {
            self.turns.ask();
        }
    }

    pub(super) fn ahead(&self) -> usize {
        self.ahead.load(Ordering::Acquire)
    }

    pub(super) fn tell_quiet(&self) {
        self.quiet.notify_waiters();
    }

    pub(super) fn tell_room(&self) {
        self.room.notify_waiters();
    }

    /// A buffer to encode a request in; it should be [returned](Self::return_scratch).
    pub(crate) fn scratch(&self) -> BytesMut {
        std::mem::take(&mut *self.scratch.lock())
    }

    pub(crate) fn return_scratch(&self, mut buffer: BytesMut) {
        /// A larger buffer is not kept: an idle connection should be small.
        const KEPT: usize = 4 * 1024;
        if buffer.capacity() <= KEPT {
            buffer.clear();
            *self.scratch.lock() = buffer;
        }
    }

    /// Appends a request to what is to be written. Where it is the only one, the reply's first poll writes it.
    ///
    /// # Errors
    /// The connection has ended: nothing is written.
    pub(crate) fn send(self: &Arc<Self>, request: Outgoing<'_>) -> Result<Reply, Box<Answer>> {
        let slot = Arc::new(Slot::bounded(request.keeps));
        let (shared, alone, drives) = {
            let mut inner = self.inner.lock();
            let inner = &mut *inner;
            if let Some(end) = &inner.end {
                return Err(Box::new(Answer::unsent(Some(end.clone()))));
            }
            let before = inner.outgoing.len();
            let mut shape = request.shape;
            if let Shape::Extended(steps) = &mut shape {
                for name in inner.discarded.drain(..) {
                    // The names are ours, and have no NUL.
                    if frontend::close(b'S', &name, &mut inner.outgoing).is_ok() {
                        steps.insert(0, Step::Close);
                    }
                }
            }
            inner.outgoing.extend_from_slice(request.bytes);
            let start = inner.accepted;
            inner.accepted += (inner.outgoing.len() - before) as u64;
            slot.set_end(inner.accepted);
            inner.unanswered += 1;
            inner.entries.push_back(Entry {
                start,
                machine: Machine::new(shape),
                slot: Arc::clone(&slot),
                trace: request.trace,
                copies: request.copies,
                tells_ends: request.tells_ends,
                copy_refused: false,
            });
            let alone = inner.unanswered == 1;
            inner.lone = if alone {
                inner.lone.saturating_add(1)
            } else {
                0
            };
            let shared = self.ahead() != usize::MAX;
            (shared, alone, alone && (!shared || inner.lone > LONE))
        };
        if !drives && shared {
            self.turns.write();
        } else if !alone {
            self.turns.ask();
        }
        Ok(Reply::new(slot, Arc::clone(self), drives))
    }

    /// Appends to the newest request's bytes: CopyData, CopyDone, CopyFail, Sync. Does nothing once the connection has
    /// ended.
    pub(super) fn append(&self, slot: &Slot, bytes: &[u8]) {
        {
            let mut inner = self.inner.lock();
            if inner.end.is_some() {
                return;
            }
            inner.outgoing.extend_from_slice(bytes);
            inner.accepted += bytes.len() as u64;
            slot.set_end(inner.accepted);
        }
        self.turns.ask();
    }

    /// Waits until little enough is waiting to be written, or the connection has ended.
    pub(crate) async fn room(&self) {
        loop {
            let told = self.room.notified();
            if self.with(|inner| inner.end.is_some() || inner.outgoing.len() < ROOM) {
                return;
            }
            told.await;
        }
    }

    /// Waits until every request has its answer.
    pub(crate) async fn quiet(&self) {
        loop {
            let told = self.quiet.notified();
            if self.with(|inner| inner.unanswered == 0) {
                return;
            }
            told.await;
        }
    }

    /// Closes a prepared statement together with the next request.
    pub(crate) fn discard(&self, name: Box<str>) {
        self.with(|inner| inner.discarded.push(name));
    }

    /// The server has forgotten every prepared statement.
    pub(crate) fn forget_discarded(&self) {
        self.with(|inner| inner.discarded.clear());
    }

    /// The last handle is gone: says goodbye when idle, else ends at once.
    pub(crate) fn close(&self) {
        self.with(|inner| inner.closing = true);
        self.turns.ask();
    }
}

impl Inner {
    /// What the last ReadyForQuery said.
    pub(crate) fn status(&self) -> TransactionStatus {
        self.status
    }

    /// How many statements CockroachDB has ended because a cancel came from outside.
    pub(crate) fn cancelled(&self) -> u64 {
        self.cancelled
    }

    /// How the connection ended.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// How many requests have no answer yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered
    }
}
