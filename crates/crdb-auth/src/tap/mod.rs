//! The wire tap: what the server's messages tell about the session, read as they go by.

mod effect;
mod scanner;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::command_tag::CommandTag;
use crate::facts::Parameters;
use crate::server_error::ServerError;
use crate::transaction_status::TransactionStatus;
use effect::{Effect, effect};
pub(crate) use scanner::{Scanner, Seen};

/// Why a session may differ from a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirtyReason {
    /// The client was lent without a [`Call`](crate::Call): anything may have been sent.
    RawAccess,
    /// A transaction is open or failed.
    Transaction(TransactionStatus),
    /// A statement with this tag was executed, which is not on the list of harmless ones.
    Tag(CommandTag),
    /// This reported parameter has another value than at the start.
    Parameter(String),
    /// A cancel was sent: it may still hit the next statement.
    Cancelled,
}

impl fmt::Display for DirtyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RawAccess => f.write_str("the client was used directly"),
            Self::Transaction(status) => write!(f, "a transaction is open ({status:?})"),
            Self::Tag(tag) => write!(f, "{tag} may leave something behind"),
            Self::Parameter(name) => write!(f, "parameter {name} was changed"),
            Self::Cancelled => f.write_str("a cancel may still be on its way"),
        }
    }
}

/// What the wire told about a session. Cheap to clone; every clone sees the same session.
///
/// The tap reads what the server sends, above TLS, before the client does: once a call's future
/// has returned, its tag and the new transaction status are here.
#[derive(Clone)]
pub struct Tap {
    state: Arc<Mutex<State>>,
    settles: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    status: TransactionStatus,
    replying: bool,
    last_tag: Option<CommandTag>,
    commands: u64,
    /// The first effect since the borrow began that the list does not excuse.
    dirty_reason: Option<DirtyReason>,
    /// Values at the start of the session, or after the last reset.
    baseline: Parameters,
    /// Those that differ from the baseline now.
    changed: BTreeMap<String, String>,
    /// Calls whose caller has promised that their settings are local to the transaction.
    local_settings: u32,
    /// Statements that CockroachDB ended because they were cancelled from outside, since the session began.
    cancelled: u64,
    ended: Option<Ended>,
}

/// See [`Tap::glance`].
pub(crate) struct Glance {
    pub(crate) ended: bool,
    /// See [`Tap::is_replying`].
    pub(crate) replying: bool,
    pub(crate) dirty_reason: Option<DirtyReason>,
}

/// CockroachDB's words for a statement that was cancelled from outside (`pkg/sql/cancelchecker`). A statement that ran into
/// its time limit has the same SQLSTATE and other words. A server that words it differently makes us trust it less.
const CANCELLED: &str = "query execution canceled";

/// Why no more can come of this session.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// The server said so.
    Told(ServerError),
    /// The stream ended or failed without a word.
    Closed,
    /// What came was not the protocol.
    Garbage,
}

impl Tap {
    pub(crate) fn new(parameters: Parameters) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                status: TransactionStatus::Idle,
                replying: false,
                last_tag: None,
                commands: 0,
                dirty_reason: None,
                baseline: parameters,
                changed: BTreeMap::new(),
                local_settings: 0,
                cancelled: 0,
                ended: None,
            })),
            settles: Arc::default(),
        }
    }

    /// A panic while the lock is held cannot leave the state half changed: every change is one
    /// assignment.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the last ReadyForQuery said. Meaningful when no call is under way and none
    /// [is being replied to](Self::is_replying).
    #[must_use]
    pub fn transaction_status(&self) -> TransactionStatus {
        self.state().status
    }

    /// The tag of the last CommandComplete. `COMMIT` of a failed transaction succeeds with the
    /// tag `ROLLBACK`: a caller that commits must look here.
    #[must_use]
    pub fn last_command_tag(&self) -> Option<CommandTag> {
        self.state().last_tag
    }

    /// How many CommandCompletes were seen since the session began; tells whether
    /// [`last_command_tag`](Self::last_command_tag) is a new one.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.state().commands
    }

    /// The present value of a parameter that the server reports, for example `TimeZone`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let state = self.state();
        state
            .changed
            .get(name)
            .or_else(|| state.baseline.get(name))
            .cloned()
    }

    /// The error with which the server ended the session, even unasked: 57P01 when a CockroachDB
    /// node drains. It may be here while [`Client`](tokio_postgres::Client) still looks open.
    #[must_use]
    pub fn termination(&self) -> Option<ServerError> {
        match &self.state().ended {
            Some(Ended::Told(error)) => Some(error.clone()),
            _ => None,
        }
    }

    /// The server has ended the session or the stream has ended.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.state().ended.is_some()
    }

    /// How many statements CockroachDB has ended because they were cancelled from outside.
    pub(crate) fn cancelled(&self) -> u64 {
        self.state().cancelled
    }

    pub(crate) fn ended(&self) -> Option<Ended> {
        self.state().ended.clone()
    }

    pub(crate) fn close(&self) {
        self.state().ended.get_or_insert(Ended::Closed);
        self.settles.notify_waiters();
    }

    /// A reply has begun whose end, ReadyForQuery, is still to come. A client's future that
    /// returns with an error returns before it.
    #[must_use]
    pub fn is_replying(&self) -> bool {
        self.state().replying
    }

    /// Waits until the reply that has begun is complete, or the session has ended.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn settled(&self) {
        loop {
            let settles = self.settles.notified();
            let mut settles = std::pin::pin!(settles);
            settles.as_mut().enable();
            {
                let state = self.state();
                if !state.replying || state.ended.is_some() {
                    return;
                }
            }
            settles.await;
        }
    }

    /// What decides whether the session may be lent again, at one moment.
    pub(crate) fn glance(&self) -> Glance {
        let state = self.state();
        Glance {
            ended: state.ended.is_some(),
            replying: state.replying,
            dirty_reason: state.dirty_reason(),
        }
    }

    /// Forgets what was seen; settings that differ stay visible.
    pub(crate) fn start_borrow(&self) {
        self.state().dirty_reason = None;
    }

    /// The session has been reset: what the server reports now is how it starts.
    pub(crate) fn rebase(&self) {
        let mut state = self.state();
        let state = &mut *state;
        state.dirty_reason = None;
        if !state.changed.is_empty() {
            Arc::make_mut(&mut state.baseline).append(&mut state.changed);
        }
    }

    pub(crate) fn local_settings(&self, more: bool) {
        let mut state = self.state();
        state.local_settings = if more {
            state.local_settings.saturating_add(1)
        } else {
            state.local_settings.saturating_sub(1)
        };
    }

    /// Reads what the server has sent.
    pub(crate) fn observe(&self, scanner: &mut Scanner, bytes: &[u8]) {
        let before = scanner.is_replying();
        let mut guard: Option<MutexGuard<'_, State>> = None;
        scanner.scan(bytes, |seen| {
            guard.get_or_insert_with(|| self.state()).note(seen);
        });
        if before != scanner.is_replying() {
            guard.get_or_insert_with(|| self.state()).replying = scanner.is_replying();
        }
        drop(guard);
        if !scanner.is_replying() {
            self.settles.notify_waiters();
        }
    }
}

impl State {
    fn dirty_reason(&self) -> Option<DirtyReason> {
        if self.status != TransactionStatus::Idle {
            return Some(DirtyReason::Transaction(self.status));
        }
        self.dirty_reason.clone().or_else(|| {
            self.changed
                .keys()
                .next()
                .map(|name| DirtyReason::Parameter(name.clone()))
        })
    }

    fn note(&mut self, seen: Seen<'_>) {
        match seen {
            Seen::Ready(b'I') => self.status = TransactionStatus::Idle,
            Seen::Ready(b'T') => self.status = TransactionStatus::InTransaction,
            Seen::Ready(b'E') => self.status = TransactionStatus::Failed,
            Seen::Ready(_) | Seen::Desynchronised => self.ended = Some(Ended::Garbage),
            Seen::Complete(tag) => {
                let tag = CommandTag::new(tag);
                self.commands += 1;
                self.last_tag = Some(tag);
                let excused = match effect(tag.as_str()) {
                    Effect::Nothing => true,
                    Effect::Setting => self.local_settings > 0,
                    Effect::Unknown => false,
                };
                if !excused && self.dirty_reason.is_none() {
                    self.dirty_reason = Some(DirtyReason::Tag(tag));
                }
            }
            Seen::Parameter(body) => {
                let mut texts = body.split(|&byte| byte == 0).map(String::from_utf8_lossy);
                if let (Some(name), Some(value)) = (texts.next(), texts.next()) {
                    self.parameter(&name, &value);
                }
            }
            Seen::Error(body) => {
                let error = ServerError::parse(body);
                let cancelled = error.sqlstate() == "57014" && error.message() == CANCELLED;
                self.cancelled += u64::from(cancelled);
                if error.ends_session() {
                    self.ended = Some(Ended::Told(error));
                }
            }
        }
    }

    fn parameter(&mut self, name: &str, value: &str) {
        if self.baseline.get(name).is_some_and(|base| base == value) {
            self.changed.remove(name);
        } else if self.changed.len() < 256 {
            self.changed.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Tap")
            .field("status", &state.status)
            .field("last_tag", &state.last_tag)
            .field("dirty_reason", &state.dirty_reason)
            .field("ended", &state.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tap() -> Tap {
        Tap::new(Arc::new([("TimeZone".to_owned(), "UTC".to_owned())].into()))
    }

    fn feed(tap: &Tap, tag: u8, body: &[u8]) {
        let mut bytes = vec![tag];
        bytes.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        bytes.extend_from_slice(body);
        tap.observe(&mut Scanner::default(), &bytes);
    }

    #[tokio::test]
    async fn an_error_settles_with_readyforquery() {
        let tap = tap();
        let mut scanner = Scanner::default();
        tap.observe(&mut scanner, b"E\0\0\0\x0cC23505\0\0");
        assert!(tap.is_replying());
        let waiting = tap.settled();
        let mut waiting = std::pin::pin!(waiting);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        tap.observe(&mut scanner, b"Z\0\0\0\x05E");
        assert!(!tap.is_replying());
        assert!(futures_util::poll!(waiting.as_mut()).is_ready());
        tap.observe(&mut scanner, b"N\0\0\0\x05\0");
        assert!(!tap.is_replying(), "a notice is no reply");
    }

    #[test]
    fn a_transaction_that_ends_leaves_nothing() {
        let tap = tap();
        feed(&tap, b'C', b"BEGIN\0");
        feed(&tap, b'Z', b"T");
        assert_eq!(
            tap.glance().dirty_reason,
            Some(DirtyReason::Transaction(TransactionStatus::InTransaction))
        );
        feed(&tap, b'C', b"INSERT 0 1\0");
        feed(&tap, b'C', b"COMMIT\0");
        feed(&tap, b'Z', b"I");
        assert_eq!(tap.glance().dirty_reason, None);
        assert_eq!(tap.last_command_tag().unwrap(), "COMMIT");
        assert_eq!(tap.commands(), 3);
    }

    #[test]
    fn a_setting_dirties_unless_promised_local() {
        let tap = tap();
        tap.local_settings(true);
        feed(&tap, b'C', b"SET\0");
        tap.local_settings(false);
        assert_eq!(tap.glance().dirty_reason, None);
        feed(&tap, b'C', b"SET\0");
        assert!(matches!(tap.glance().dirty_reason, Some(DirtyReason::Tag(tag)) if tag == "SET"));
        tap.start_borrow();
        assert_eq!(tap.glance().dirty_reason, None);
    }

    #[test]
    fn a_parameter_dirties_until_it_is_back() {
        let tap = tap();
        feed(&tap, b'S', b"TimeZone\0Asia/Tokyo\0");
        assert_eq!(
            tap.glance().dirty_reason,
            Some(DirtyReason::Parameter("TimeZone".to_owned()))
        );
        assert_eq!(tap.parameter("TimeZone").as_deref(), Some("Asia/Tokyo"));
        tap.start_borrow();
        assert!(
            tap.glance().dirty_reason.is_some(),
            "a new borrow does not change it back"
        );
        feed(&tap, b'S', b"TimeZone\0UTC\0");
        assert_eq!(tap.glance().dirty_reason, None);
    }

    #[test]
    fn an_unasked_57p01_ends_the_session_an_ordinary_error_does_not() {
        let tap = tap();
        feed(&tap, b'E', b"SERROR\0C23505\0Mduplicate\0\0");
        assert!(!tap.is_ended());
        feed(&tap, b'E', b"SERROR\0C57P01\0Mserver is shutting down\0\0");
        assert_eq!(tap.termination().unwrap().sqlstate(), "57P01");
    }

    #[test]
    fn garbage_ends_the_session() {
        let tap = tap();
        feed(&tap, b'Z', b"?");
        assert!(tap.is_ended());
        assert_eq!(tap.termination(), None);
    }
}
