//! Printing statements.

use std::fmt::{self, Display, Formatter};

use super::super::ast::{Statement, StatementKind};

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Display for StatementKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(query) => query.fmt(f),
            Self::Insert(insert) => insert.fmt(f),
            Self::Update(update) => update.fmt(f),
            Self::Delete(delete) => delete.fmt(f),
            Self::Truncate(truncate) => truncate.fmt(f),
            Self::CreateTable(table) => table.fmt(f),
            Self::CreateIndex(index) => index.fmt(f),
            Self::CreateView(view) => view.fmt(f),
            Self::CreateSequence(sequence) => sequence.fmt(f),
            Self::CreateType(data_type) => data_type.fmt(f),
            Self::CreateRoutine(routine) => routine.fmt(f),
            Self::AlterTable(alter) => alter.fmt(f),
            Self::Drop(drop) => drop.fmt(f),
            Self::Transaction(transaction) => transaction.fmt(f),
            Self::Set(set) => set.fmt(f),
            Self::Explain(explain) => explain.fmt(f),
            Self::Prepare(prepare) => prepare.fmt(f),
            Self::Execute(execute) => execute.fmt(f),
            Self::Utility(utility) => utility.fmt(f),
        }
    }
}
