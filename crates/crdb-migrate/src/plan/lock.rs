//! What a statement locks, and whom that keeps waiting.

use crdb_exec::Engine;
use crdb_sql::dialect::ast::{AlterTableAction, ObjectKind, StatementKind, TableConstraint};

use crate::file::ParsedStep;
use crate::statement::StepKind;

/// Who waits for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Blocks {
    /// Other schema changes of the table only.
    SchemaChanges,
    /// Transactions that write the same rows.
    SameRows,
    /// All who write the table; who reads it goes on.
    Writers,
    /// All who read or write the table.
    ReadersAndWriters,
}

impl Blocks {
    /// A lasting name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SchemaChanges => "schema_changes",
            Self::SameRows => "same_rows",
            Self::Writers => "writers",
            Self::ReadersAndWriters => "readers_and_writers",
        }
    }
}

/// A lock that a statement takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Lock {
    /// What the server calls it: `ACCESS EXCLUSIVE`. CockroachDB has none for tables.
    pub mode: &'static str,
    /// Who waits for it.
    pub blocks: Blocks,
}

impl Lock {
    const fn new(mode: &'static str, blocks: Blocks) -> Self {
        Self { mode, blocks }
    }
}

const ACCESS_EXCLUSIVE: Lock = Lock::new("ACCESS EXCLUSIVE", Blocks::ReadersAndWriters);
const SHARE_ROW_EXCLUSIVE: Lock = Lock::new("SHARE ROW EXCLUSIVE", Blocks::Writers);
const SHARE: Lock = Lock::new("SHARE", Blocks::Writers);
const SHARE_UPDATE_EXCLUSIVE: Lock = Lock::new("SHARE UPDATE EXCLUSIVE", Blocks::SchemaChanges);
const ROW_EXCLUSIVE: Lock = Lock::new("ROW EXCLUSIVE", Blocks::SameRows);

/// The strongest lock of a step, as PostgreSQL's documentation has them ("Explicit Locking"); `None` where it takes none on what is
/// there already, or where only the server can read it.
///
/// CockroachDB changes schemas online: other schema changes of the table wait, readers and writers do not.
pub(super) fn of(step: &ParsedStep, engine: Engine) -> Option<Lock> {
    let statement = step.statement.as_ref()?;
    let cockroach = engine == Engine::CockroachDb;
    let lock = match &statement.kind {
        StatementKind::CreateTable(_) | StatementKind::CreateType(_) => return None,
        StatementKind::Insert(_) | StatementKind::Update(_) | StatementKind::Delete(_) => {
            return Some(if cockroach {
                Lock::new("row locks", Blocks::SameRows)
            } else {
                ROW_EXCLUSIVE
            });
        }
        StatementKind::CreateIndex(create) if create.concurrently => SHARE_UPDATE_EXCLUSIVE,
        StatementKind::CreateIndex(_) => SHARE,
        StatementKind::Truncate(_) => ACCESS_EXCLUSIVE,
        StatementKind::Drop(drop) => match drop.kind {
            ObjectKind::Index if drop.concurrently => SHARE_UPDATE_EXCLUSIVE,
            ObjectKind::Table | ObjectKind::Index | ObjectKind::View | ObjectKind::Sequence => {
                ACCESS_EXCLUSIVE
            }
            _ => return None,
        },
        StatementKind::AlterTable(alter) => {
            let all = alter.actions.iter().map(altered);
            all.max_by_key(|lock| lock.blocks)?
        }
        _ => return None,
    };
    Some(match cockroach {
        true if step.class.kind == StepKind::Schema || lock == ACCESS_EXCLUSIVE => {
            Lock::new("schema change", Blocks::SchemaChanges)
        }
        _ => lock,
    })
}

/// The lock of one change of a table.
fn altered(action: &AlterTableAction) -> Lock {
    match action {
        AlterTableAction::ValidateConstraint(_) => SHARE_UPDATE_EXCLUSIVE,
        AlterTableAction::AddConstraint {
            constraint: TableConstraint::ForeignKey { .. },
            ..
        } => SHARE_ROW_EXCLUSIVE,
        _ => ACCESS_EXCLUSIVE,
    }
}
