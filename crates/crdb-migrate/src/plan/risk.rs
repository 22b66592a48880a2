//! What is risky about a statement: locks, rewrites, lost data.

use crdb_exec::Engine;
use crdb_sql::dialect::ast::{
    AlterTableAction, ColumnAction, ColumnConstraint, ColumnDefinition, Statement, StatementKind,
    TableConstraint,
};

use crate::file::{Header, ParsedStep};

/// What kind of risk it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RiskKind {
    /// Rows or columns are gone afterwards, and no down file brings them back.
    DataLoss,
    /// Every row is written anew: a backfill on CockroachDB, a rewrite under a lock on PostgreSQL.
    FullRewrite,
    /// Writers, or readers too, wait for as long as a scan of the table takes (PostgreSQL).
    LongLock,
}

impl RiskKind {
    /// The code that `-- allow:` takes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DataLoss => "data_loss",
            Self::FullRewrite => "full_rewrite",
            Self::LongLock => "long_lock",
        }
    }
}

/// A risk of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Risk {
    /// What kind it is.
    pub kind: RiskKind,
    /// What happens, and what to do instead.
    pub text: &'static str,
    /// The table, where one is known.
    pub table: Option<String>,
}

/// The risks of a step, without those that its file allows.
pub(super) fn of(step: &ParsedStep, engine: Engine, header: &Header) -> Vec<Risk> {
    let Some(statement) = &step.statement else {
        return Vec::new();
    };
    let mut risks = Vec::new();
    found(statement, engine, &mut |kind, text| {
        let risk = Risk {
            kind,
            text,
            table: step.class.table.clone(),
        };
        if !header.allows(kind.as_str()) && !risks.contains(&risk) {
            risks.push(risk);
        }
    });
    risks
}

/// Whether a step writes a value for every row, whatever its file allows.
pub(super) fn rewrites(step: &ParsedStep, engine: Engine) -> bool {
    let Some(statement) = &step.statement else {
        return false;
    };
    let builds_index = |action: &AlterTableAction| {
        matches!(
            action,
            AlterTableAction::AddConstraint {
                constraint: TableConstraint::Unique { .. } | TableConstraint::PrimaryKey { .. },
                ..
            }
        )
    };
    let mut rewrites = match &statement.kind {
        StatementKind::CreateIndex(_) => true,
        StatementKind::AlterTable(alter) => alter.actions.iter().any(builds_index),
        _ => false,
    };
    found(statement, engine, &mut |kind, _| {
        rewrites |= kind == RiskKind::FullRewrite;
    });
    rewrites
}

fn found(statement: &Statement, engine: Engine, add: &mut impl FnMut(RiskKind, &'static str)) {
    let cockroach = engine == Engine::CockroachDb;
    match &statement.kind {
        StatementKind::Drop(drop) => {
            use crdb_sql::dialect::ast::ObjectKind::{Database, Schema, Sequence, Table};
            if matches!(drop.kind, Table | Schema | Database | Sequence) {
                add(
                    RiskKind::DataLoss,
                    "what is in it is gone; programs of the version before must not use it any more",
                );
            }
        }
        StatementKind::Truncate(_) => add(RiskKind::DataLoss, "all rows are gone"),
        StatementKind::CreateIndex(_) if cockroach => add(
            RiskKind::FullRewrite,
            "the index is backfilled while the table is used; up to three times its size must be free",
        ),
        StatementKind::CreateIndex(create) if !create.concurrently => add(
            RiskKind::LongLock,
            "writers wait until the index is built: CREATE INDEX CONCURRENTLY lets them go on",
        ),
        StatementKind::AlterTable(alter) => {
            for action in &alter.actions {
                alteration(action, cockroach, add);
            }
        }
        _ => {}
    }
}

fn alteration(
    action: &AlterTableAction,
    cockroach: bool,
    add: &mut impl FnMut(RiskKind, &'static str),
) {
    match action {
        AlterTableAction::DropColumn { .. } => add(
            RiskKind::DataLoss,
            "its values are gone; drop a column when no running program reads it any more",
        ),
        AlterTableAction::AlterColumn {
            action: ColumnAction::SetType { .. },
            ..
        } => add(
            RiskKind::FullRewrite,
            "most changes of a type write every row anew: add a column, copy in batches, and rename",
        ),
        AlterTableAction::AlterColumn {
            action: ColumnAction::SetNotNull,
            ..
        } if !cockroach => add(
            RiskKind::LongLock,
            "all rows are read under an exclusive lock: validate a CHECK (.. IS NOT NULL) NOT VALID first",
        ),
        AlterTableAction::AddConstraint {
            constraint,
            not_valid,
            ..
        } => match constraint {
            TableConstraint::Unique { .. } | TableConstraint::PrimaryKey { .. } if cockroach => {
                add(
                    RiskKind::FullRewrite,
                    "its index is backfilled while the table is used; up to three times its size must be free",
                );
            }
            TableConstraint::Unique { .. } | TableConstraint::PrimaryKey { .. } => add(
                RiskKind::LongLock,
                "writers wait until its index is built: build it CONCURRENTLY, then ADD CONSTRAINT .. USING INDEX",
            ),
            _ if !cockroach && !not_valid => add(
                RiskKind::LongLock,
                "all rows are read under a lock: add it NOT VALID and validate it by another migration",
            ),
            _ => {}
        },
        AlterTableAction::AddColumn { column, .. } if !cockroach && is_rewritten(column) => add(
            RiskKind::FullRewrite,
            "every row is written anew, or an index is built, under an exclusive lock: add the column without that, fill it in batches, and build the index CONCURRENTLY",
        ),
        AlterTableAction::AddColumn { column, .. } if cockroach && is_backfilled(column) => add(
            RiskKind::FullRewrite,
            "the column is backfilled while the table is used; up to three times the table's size must be free",
        ),
        _ => {}
    }
}

/// Whether PostgreSQL writes every row for a new column: one that is computed and stored, is unique, or has a default that differs from row
/// to row. A default that is the same for all rows is kept once.
fn is_rewritten(column: &ColumnDefinition) -> bool {
    column
        .options
        .iter()
        .any(|option| match &option.constraint {
            ColumnConstraint::Computed { stored, .. } => *stored,
            ColumnConstraint::Unique { .. } => true,
            ColumnConstraint::Default(value) => {
                // Which functions are volatile only the server knows; these are not.
                let text = value.to_string().to_ascii_lowercase();
                let stable = ["now()", "current_timestamp()", "transaction_timestamp()"];
                text.contains('(') && !stable.contains(&text.as_str())
            }
            _ => false,
        })
}

/// Whether every row gets a value that is stored.
fn is_backfilled(column: &ColumnDefinition) -> bool {
    column.options.iter().any(|option| {
        matches!(
            option.constraint,
            ColumnConstraint::Default(_)
                | ColumnConstraint::Computed { stored: true, .. }
                | ColumnConstraint::Unique {
                    without_index: false
                }
        )
    })
}
