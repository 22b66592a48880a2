//! What a statement's text may leave behind in its session.
//!
//! ```
//! use crdb_wire::{Footprint, Leaves, TransactionEffect};
//!
//! let plain = Footprint::of("SELECT name FROM accounts WHERE id = $1");
//! assert_eq!(plain.leaves(), Leaves::Nothing);
//! assert!(plain.is_plain_read());
//!
//! let setting = Footprint::of("SELECT set_config('search_path', $1, false)");
//! assert_eq!(setting.leaves(), Leaves::Settings);
//!
//! let ends = Footprint::of("COMMIT AND CHAIN");
//! assert_eq!(ends.transaction(), TransactionEffect::Controls);
//! ```
//!
//! A command tag says too little: `CREATE TEMP TABLE t AS ..` is answered `SELECT 1`, and a `SELECT` may set a variable or take a
//! lock. The text says the rest. It is looked at once per distinct text, in time linear in its length, without a grammar: a
//! scanner finds the words of each statement, the first ones tell the kind of statement, and names before a parenthesis tell
//! the functions.
//!
//! # What a text does not show
//! - A function, view, rule, trigger or operator of the user's own may set variables, take locks or call a built-in function that
//!   does. Where such exist, reset sessions always.
//! - `nextval` and an `INSERT` into a `SERIAL` column change what `lastval()` and `currval()` say in this session. This is not
//!   counted, or every insert would cost a reset: use `RETURNING` instead.
//! - A `CREATE TABLE` makes a temporary table where `search_path` begins with `pg_temp`. The `SET` that put it there is seen.
//! - Built-in functions come first in the search for a name, so a plain read is one unless the user has made an overload of a
//!   built-in function that writes.

mod functions;
pub(crate) mod scan;
mod statement;

use std::fmt;

use scan::{Reading, Scanner, Token, Unreadable};
use statement::Statement;

/// What is known of a statement's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    leaves: Leaves,
    reason: Option<Reason>,
    leaves_when_failed: bool,
    transaction: TransactionEffect,
    rows_only: bool,
    plain_read: bool,
}

/// What a text may leave behind in its session once its transaction has ended, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaves {
    /// Nothing.
    Nothing,
    /// Session variables, the role perhaps among them (`set_config('role', ..)`). `DISCARD ALL` takes them away.
    Settings,
    /// Something beyond variables: a role, a lock, a temporary table, a prepared statement, a cursor, a subscription. `DISCARD ALL`
    /// takes it away.
    Reset,
    /// Something that no statement takes away: a loaded library, a seed, a connection to elsewhere. Close the session.
    Close,
}

/// How a text moves the transaction that it runs in, the mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransactionEffect {
    /// Not at all.
    None,
    /// It sets, releases or rolls back to a savepoint.
    Savepoint,
    /// It defines data. CockroachDB commits the open transaction first where `autocommit_before_ddl` is on, the default since
    /// v25.1; some such statements run in no transaction on either engine.
    Ddl,
    /// It begins or ends a transaction, or may do so inside (`CALL`, `DO`, `EXECUTE`, a statement that is not known).
    Controls,
}

/// Why a text leaves something behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It sets or resets a session variable.
    Setting,
    /// It changes the session's role.
    Role,
    /// It takes an advisory lock that outlives its transaction, and even its failure.
    AdvisoryLock,
    /// It makes or names a temporary table, view, sequence or other object.
    TemporaryObject,
    /// It makes or drops a prepared statement.
    PreparedStatement,
    /// It runs a prepared statement, whose text is not here.
    Execute,
    /// It opens a cursor that outlives its transaction.
    HeldCursor,
    /// It changes what the session listens to.
    Listening,
    /// It discards what the session had.
    Discard,
    /// It runs a procedure or a block of code.
    Procedure,
    /// It calls a function that runs a text.
    RunsText,
    /// It loads a library.
    Library,
    /// It sets the seed of `random()`.
    Seed,
    /// It opens or changes a connection from the server to elsewhere.
    ForeignConnection,
    /// It ties a backup, a replication origin or a temporary replication slot to the session.
    Replication,
    /// It begins with a word that is not known.
    UnknownStatement,
    /// It has a string, quoted identifier or comment without an end, or an identifier written in Unicode escapes.
    UnreadableText,
}

impl Footprint {
    /// Of a text that leaves nothing, moves no transaction and reads nothing but data.
    const LEAST: Self = Self {
        leaves: Leaves::Nothing,
        reason: None,
        leaves_when_failed: false,
        transaction: TransactionEffect::None,
        rows_only: true,
        plain_read: true,
    };

    const fn unreadable(leaves: Leaves) -> Self {
        Self {
            leaves,
            reason: Some(Reason::UnreadableText),
            leaves_when_failed: true,
            transaction: TransactionEffect::Controls,
            rows_only: false,
            plain_read: false,
        }
    }

    /// Looks at a text of one or more statements.
    ///
    /// Costs time linear in the text's length and no memory that grows with it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let (first, ambiguous) = read(text, Reading::Standard);
        if !ambiguous {
            return first.unwrap_or(Self::unreadable(Leaves::Reset));
        }
        // A reading in which the text does not end is no danger: a server that reads it so runs nothing.
        [Reading::Escapes, Reading::Cockroach]
            .into_iter()
            .filter_map(|reading| read(text, reading).0)
            .chain(first)
            .reduce(Self::and)
            .unwrap_or(Self::unreadable(Leaves::Reset))
    }

    /// What may remain in the session after the text ran without an error.
    #[must_use]
    pub fn leaves(&self) -> Leaves {
        self.leaves
    }

    /// What may remain in the session after the text ran and failed.
    ///
    /// An advisory lock stays when its statement fails; a `SET` that fails has set nothing.
    #[must_use]
    pub fn leaves_when_failed(&self) -> Leaves {
        if self.leaves_when_failed {
            self.leaves
        } else {
            Leaves::Nothing
        }
    }

    /// Why the text leaves something behind; `None` where [`leaves`](Self::leaves) is [`Leaves::Nothing`].
    ///
    /// Of several reasons, the first one of the gravest.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// How the text moves the transaction that it runs in.
    #[must_use]
    pub fn transaction(&self) -> TransactionEffect {
        self.transaction
    }

    /// Whether the text may commit or roll back the transaction that it runs in.
    ///
    /// On PostgreSQL, DDL does not; [`transaction`](Self::transaction) tells it apart.
    #[must_use]
    pub fn may_end_transaction(&self) -> bool {
        self.transaction >= TransactionEffect::Ddl
    }

    /// Whether the text may run as an autocommit statement on a connection that others share: it reads or writes rows, leaves nothing
    /// behind even if it fails, moves no transaction, and is no COPY.
    #[must_use]
    pub fn is_shareable(&self) -> bool {
        self.rows_only
            && self.leaves == Leaves::Nothing
            && self.transaction == TransactionEffect::None
    }

    /// Whether every statement of the text only reads, locks no row and calls known built-in functions only.
    ///
    /// `false` means that this is not known.
    #[must_use]
    pub fn is_plain_read(&self) -> bool {
        self.plain_read
    }

    /// What two statements do, one after the other.
    pub(crate) fn and(self, next: Self) -> Self {
        let graver = if next.leaves > self.leaves {
            next
        } else {
            self
        };
        Self {
            leaves: graver.leaves,
            reason: graver.reason,
            leaves_when_failed: self.leaves_when_failed || next.leaves_when_failed,
            transaction: self.transaction.max(next.transaction),
            rows_only: self.rows_only && next.rows_only,
            plain_read: self.plain_read && next.plain_read,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setting => "it sets a session variable",
            Self::Role => "it changes the session's role",
            Self::AdvisoryLock => "it takes an advisory lock of the session",
            Self::TemporaryObject => "it makes or names a temporary object",
            Self::PreparedStatement => "it makes or drops a prepared statement",
            Self::Execute => "it runs a prepared statement by name",
            Self::HeldCursor => "it opens a cursor WITH HOLD",
            Self::Listening => "it changes what the session listens to",
            Self::Discard => "it discards state of the session",
            Self::Procedure => "it runs a procedure or a block of code",
            Self::RunsText => "it calls a function that runs a text",
            Self::Library => "it loads a library",
            Self::Seed => "it sets the seed of random()",
            Self::ForeignConnection => "it opens a connection from the server to elsewhere",
            Self::Replication => "it ties a backup or a replication slot to the session",
            Self::UnknownStatement => "it begins with a word that is not known",
            Self::UnreadableText => "its text cannot be read to the end",
        })
    }
}

/// The footprint under one reading, `None` if a server that reads so refuses the text; and whether other readings may differ.
fn read(text: &str, reading: Reading) -> (Option<Footprint>, bool) {
    let mut scanner = Scanner::new(text, reading);
    let mut whole = Footprint::LEAST;
    let mut statements = 0_usize;
    let mut statement = Statement::default();
    loop {
        match scanner.token() {
            Ok(Some(Token::Symbol(b';'))) => {
                if let Some(footprint) = std::mem::take(&mut statement).footprint() {
                    statements += 1;
                    whole = whole.and(footprint);
                }
            }
            Ok(Some(token)) => statement.push(token),
            Ok(None) => break,
            Err(Unreadable::EscapedIdentifier) => {
                return (
                    Some(Footprint::unreadable(Leaves::Close)),
                    scanner.is_ambiguous(),
                );
            }
            Err(Unreadable::Unterminated) => return (None, scanner.is_ambiguous()),
        }
    }
    if let Some(footprint) = statement.footprint() {
        statements += 1;
        whole = whole.and(footprint);
    }
    if statements > 1 && whole.leaves > Leaves::Nothing {
        // Statements before the one that failed may have been committed each by itself (CockroachDB before v22.1).
        whole.leaves_when_failed = true;
    }
    (Some(whole), scanner.is_ambiguous())
}
