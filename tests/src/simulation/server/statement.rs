//! The statements that the model knows, by their text.

use super::value::{Cell, Kind};

/// Reads the balance of an account.
pub(in crate::simulation) const BALANCE: &str = "SELECT balance FROM account WHERE id = $1";
/// Reads the balances of all.
pub(in crate::simulation) const BALANCES: &str = "SELECT balance FROM account ORDER BY id";
/// Adds to an account.
pub(in crate::simulation) const ADD: &str =
    "UPDATE account SET balance = balance + $2 WHERE id = $1";
/// Leaves the mark of an operation; fails where it is there.
pub(in crate::simulation) const MARK: &str = "INSERT INTO mark (id) VALUES ($1)";
/// .. and gives it back.
pub(in crate::simulation) const MARK_RETURNING: &str =
    "INSERT INTO mark (id) VALUES ($1) RETURNING id";
/// .. unless it is there.
pub(in crate::simulation) const MARK_ONCE: &str =
    "INSERT INTO mark (id) VALUES ($1) ON CONFLICT (id) DO NOTHING";
/// Looks for a mark.
pub(in crate::simulation) const MARKED: &str = "SELECT id FROM mark WHERE id = $1";
/// Sets a variable by a function.
pub(in crate::simulation) const SET_CONFIG: &str = "SELECT set_config('search_path', $1, false)";
/// Makes a temporary table, with the tag of another statement.
pub(in crate::simulation) const TEMPORARY: &str = "CREATE TEMP TABLE scratch AS SELECT 1";
/// Defines data.
pub(in crate::simulation) const DEFINE: &str = "CREATE TABLE extra (id INT8)";

const HAS_DATABASE: &str = "SELECT has_database_privilege(current_database(), 'CONNECT')";
const SHOW_TIMEOUT: &str = "SHOW statement_timeout";

/// The statements of idempotency keys begin so, and go on as long as they like.
const CLAIM: &str =
    "INSERT INTO crdb_idempotency_key AS k (key, owner, abandoned) VALUES ($1, $2, false) ";
const RESOLVE: &str =
    "INSERT INTO crdb_idempotency_key AS k (key, owner, abandoned) VALUES ($1, $2, true) ";
const LOOK: &str = "SELECT abandoned FROM crdb_idempotency_key WHERE key = $1";

/// A statement that reads or writes rows, with its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Balance(i64),
    Balances,
    Add(i64, i64),
    Mark(i64),
    MarkReturning(i64),
    MarkOnce(i64),
    Marked(i64),
    Claim { key: String, owner: String },
    Look { key: String },
    Resolve { key: String, owner: String },
    HasDatabase,
}

impl Data {
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Balance(_)
            | Self::Balances
            | Self::Marked(_)
            | Self::Look { .. }
            | Self::HasDatabase => false,
            Self::Add(..)
            | Self::Mark(_)
            | Self::MarkReturning(_)
            | Self::MarkOnce(_)
            | Self::Claim { .. }
            | Self::Resolve { .. } => true,
        }
    }

    /// The command tag, but for the number of rows.
    pub(super) fn tag(&self) -> &'static str {
        match self {
            Self::Balance(_)
            | Self::Balances
            | Self::Marked(_)
            | Self::Look { .. }
            | Self::HasDatabase => "SELECT",
            Self::Add(..) => "UPDATE",
            Self::Mark(_)
            | Self::MarkReturning(_)
            | Self::MarkOnce(_)
            | Self::Claim { .. }
            | Self::Resolve { .. } => "INSERT 0",
        }
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    Data(Data),
    Show(String),
    Begin,
    Commit,
    Rollback,
    Savepoint(String),
    Release(String),
    RollbackTo(String),
    Set {
        local: bool,
        name: String,
        value: String,
    },
    /// SET as a function, which answers with the value.
    SetConfig(String),
    ResetRole,
    DiscardAll,
    Temporary,
    Define,
    Empty,
}

/// A text, prepared: the types of its parameters and columns.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    pub(super) text: String,
    pub(super) parameters: &'static [Kind],
    pub(super) columns: &'static [(&'static str, Kind)],
}

impl Prepared {
    /// Prepares a text. `None`: it is none that the model knows.
    pub(super) fn of(text: &str) -> Option<Self> {
        use Kind::{Bool, Int, Text};
        let (parameters, columns): (&[Kind], &[(&str, Kind)]) = match text {
            BALANCE => (&[Int], &[("balance", Int)]),
            BALANCES => (&[], &[("balance", Int)]),
            ADD => (&[Int, Int], &[]),
            MARK | MARK_ONCE => (&[Int], &[]),
            MARK_RETURNING | MARKED => (&[Int], &[("id", Int)]),
            SET_CONFIG => (&[Text], &[("set_config", Text)]),
            HAS_DATABASE => (&[], &[("has_database_privilege", Bool)]),
            SHOW_TIMEOUT => (&[], &[("statement_timeout", Text)]),
            LOOK => (&[Text], &[("abandoned", Bool)]),
            text if text.starts_with(CLAIM) => (&[Text, Text], &[]),
            text if text.starts_with(RESOLVE) => {
                (&[Text, Text], &[("abandoned", Bool), ("owner", Text)])
            }
            text => {
                Statement::of(text, &[])?;
                (&[], &[])
            }
        };
        Some(Self {
            text: text.to_owned(),
            parameters,
            columns,
        })
    }
}

impl Statement {
    /// The statement of a text and its values. `None`: it is none that the model knows.
    pub(super) fn of(text: &str, values: &[Cell]) -> Option<Self> {
        let int = |at: usize| match values.get(at)? {
            Cell::Int(value) => Some(*value),
            _ => None,
        };
        let string = |at: usize| match values.get(at)? {
            Cell::Text(value) => Some(value.clone()),
            _ => None,
        };
        let data = match text {
            BALANCE => Data::Balance(int(0)?),
            BALANCES => Data::Balances,
            ADD => Data::Add(int(0)?, int(1)?),
            MARK => Data::Mark(int(0)?),
            MARK_RETURNING => Data::MarkReturning(int(0)?),
            MARK_ONCE => Data::MarkOnce(int(0)?),
            MARKED => Data::Marked(int(0)?),
            HAS_DATABASE => Data::HasDatabase,
            LOOK => Data::Look { key: string(0)? },
            text if text.starts_with(CLAIM) => Data::Claim {
                key: string(0)?,
                owner: string(1)?,
            },
            text if text.starts_with(RESOLVE) => Data::Resolve {
                key: string(0)?,
                owner: string(1)?,
            },
            text => return Self::control(text, string(0)),
        };
        Some(Self::Data(data))
    }

    fn control(text: &str, value: Option<String>) -> Option<Self> {
        Some(match text {
            "" => Self::Empty,
            "COMMIT" => Self::Commit,
            "ROLLBACK" => Self::Rollback,
            "DISCARD ALL" => Self::DiscardAll,
            "RESET role" => Self::ResetRole,
            SET_CONFIG => Self::SetConfig(value?),
            TEMPORARY => Self::Temporary,
            DEFINE => Self::Define,
            SHOW_TIMEOUT => Self::Show("statement_timeout".to_owned()),
            text => {
                let words: Vec<_> = text.split_whitespace().collect();
                match words.as_slice() {
                    ["BEGIN", ..] => Self::Begin,
                    ["SAVEPOINT", name] => Self::Savepoint((*name).to_owned()),
                    ["RELEASE", "SAVEPOINT", name] => Self::Release((*name).to_owned()),
                    ["ROLLBACK", "TO", "SAVEPOINT", name] => Self::RollbackTo((*name).to_owned()),
                    ["SET", "LOCAL", name, "=", value] => Self::set(true, name, value),
                    ["SET", name, "=", value] => Self::set(false, name, value),
                    _ => return None,
                }
            }
        })
    }

    fn set(local: bool, name: &str, value: &str) -> Self {
        Self::Set {
            local,
            name: name.to_owned(),
            value: value.trim_matches('\'').to_owned(),
        }
    }

    /// Whether it may be the first thing that a borrower runs on a session, so that the session has to be as new then.
    pub(super) fn begins_work(&self) -> bool {
        match self {
            Self::Data(_) | Self::Show(_) | Self::Begin | Self::Define | Self::Temporary => true,
            Self::Commit
            | Self::Rollback
            | Self::Savepoint(_)
            | Self::Release(_)
            | Self::RollbackTo(_)
            | Self::Set { .. }
            | Self::SetConfig(_)
            | Self::ResetRole
            | Self::DiscardAll
            | Self::Empty => false,
        }
    }
}

/// The statements of a simple query.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim)
}
