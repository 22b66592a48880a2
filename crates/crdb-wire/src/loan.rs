//! What has happened on a session since it was lent.

use std::fmt;

use crdb_auth::{CommandTag, TransactionStatus};

use crate::answer::Answer;
use crate::connection::Trace;
use crate::footprint::{Leaves, Reason};

/// Whether a session may be lent again as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cleanliness {
    /// Like new; no round trip is needed.
    Clean,
    /// Something may be left behind: [reset](crate::Session::reset) it.
    Dirty(DirtyReason),
    /// A request has no answer yet, or a cancel is on its way: [reset](crate::Session::reset) it, or drop it.
    Unfinished,
    /// It cannot be used again: drop it.
    Broken,
}

/// Why a session may differ from what it was when it was lent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirtyReason {
    /// A transaction is open or failed.
    Transaction(TransactionStatus),
    /// A statement was answered with this tag, which is not on the list of harmless ones.
    Tag(CommandTag),
    /// A statement's text leaves something behind.
    Text(Reason),
    /// This reported parameter has another value than in the ground state.
    Parameter(String),
    /// A cancel was sent: it may still hit the next statement.
    Cancelled,
    /// The configuration says that every loan ends with a reset.
    Policy,
}

impl fmt::Display for DirtyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transaction(TransactionStatus::Failed) => {
                f.write_str("a failed transaction is open")
            }
            Self::Transaction(_) => f.write_str("a transaction is open"),
            Self::Tag(tag) => write!(f, "{tag} may leave something behind"),
            Self::Text(reason) => write!(f, "a statement's text: {reason}"),
            Self::Parameter(name) => write!(f, "parameter {name} was changed"),
            Self::Cancelled => f.write_str("a cancel may still be on its way"),
            Self::Policy => f.write_str("every session is reset"),
        }
    }
}

/// The account of one loan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loan {
    dirty_reason: Option<DirtyReason>,
    /// Something was left behind that no statement takes away.
    beyond_reset: bool,
    lent: bool,
}

impl Loan {
    /// The account of a loan that begins.
    pub(crate) fn begin() -> Self {
        Self {
            lent: true,
            ..Self::default()
        }
    }

    /// Whether the session was lent since it was last reset.
    pub(crate) fn was_lent(&self) -> bool {
        self.lent
    }

    /// Why the session differs, as far as the requests' texts and tags tell.
    pub(crate) fn dirty_reason(&self) -> Option<&DirtyReason> {
        self.dirty_reason.as_ref()
    }

    /// Whether only closing the session takes away what was left behind.
    pub(crate) fn is_beyond_reset(&self) -> bool {
        self.beyond_reset
    }

    /// Takes account of a request that was answered.
    pub(crate) fn note(&mut self, trace: &Trace, answer: &Answer) {
        let footprint = &trace.footprint;
        let leaves = if answer.error().is_none() || !answer.tags().is_empty() {
            footprint.leaves()
        } else {
            footprint.leaves_when_failed()
        };
        let dirty_reason = match leaves {
            Leaves::Nothing => None,
            Leaves::Settings if trace.local_settings => None,
            Leaves::Settings | Leaves::Reset => footprint.reason().map(DirtyReason::Text),
            Leaves::Close => {
                self.beyond_reset = true;
                footprint.reason().map(DirtyReason::Text)
            }
        };
        let dirty_reason = dirty_reason.or_else(|| {
            let tag = answer.tags().iter().find(|tag| !is_harmless(tag))?;
            Some(DirtyReason::Tag(*tag))
        });
        if self.dirty_reason.is_none() {
            self.dirty_reason = dirty_reason;
        }
    }
}

/// Whether a statement with this tag leaves nothing behind, if its text says so as well. By the first word: CockroachDB
/// reports UPSERT as `INSERT` and `RELEASE SAVEPOINT cockroach_restart` as `COMMIT`. `SET` is harmless where the text is
/// `SET LOCAL` or `SET TRANSACTION`; a CREATE of something temporary shows in the text.
fn is_harmless(tag: &CommandTag) -> bool {
    let word = tag.as_str().split(' ').next().unwrap_or_default();
    matches!(
        word,
        "SELECT"
            | "INSERT"
            | "UPDATE"
            | "DELETE"
            | "MERGE"
            | "TRUNCATE"
            | "COPY"
            | "SHOW"
            | "EXPLAIN"
            | "BEGIN"
            | "START"
            | "COMMIT"
            | "ROLLBACK"
            | "SAVEPOINT"
            | "RELEASE"
            | "SET"
            | "CREATE"
            | "ALTER"
            | "DROP"
            | "GRANT"
            | "REVOKE"
            | "COMMENT"
            | "ANALYZE"
            | "VACUUM"
            | "REINDEX"
            | "REFRESH"
            | "CLUSTER"
            | "FETCH"
            | "MOVE"
            | "CLOSE"
            | "LOCK"
            | "NOTIFY"
    )
}
