//! Lints about definitions of tables and indexes.

use std::collections::HashMap;

use super::Report;
use crate::dialect::ast::{
    AlterTableAction, ColumnAction, ColumnConstraint, ColumnDefinition, CreateIndex, CreateTable,
    Ident, IndexColumn, IndexTarget, Persistence, Statement, StatementKind, TableConstraint,
    TableContents, TableElement,
};
use crate::problem::Code;
use crate::schema::{Index, Schema, Table};

/// Looks at the definitions among the statements of a query.
pub(super) fn check(
    statements: &[Statement],
    text: &str,
    schema: &Schema,
    report: &mut Report<'_>,
) {
    let defines = |statement: &Statement| {
        matches!(
            statement.kind,
            StatementKind::CreateTable(_)
                | StatementKind::CreateIndex(_)
                | StatementKind::AlterTable(_)
        )
    };
    if !statements.iter().any(defines) {
        return;
    }
    // What is there when all of them have been run.
    let mut after = schema.mentioned(text);
    after.apply(text);
    for statement in statements {
        match &statement.kind {
            StatementKind::CreateTable(create) => create_table(create, &after, report),
            StatementKind::CreateIndex(create) => create_index(create, &after, report),
            StatementKind::AlterTable(alter) => {
                let table = after.table_named(&alter.table);
                let indexed = table.map(Indexed::of);
                for action in &alter.actions {
                    alter_table(action, alter.actions.len(), indexed.as_ref(), report);
                }
            }
            _ => {}
        }
    }
}

fn create_table(create: &CreateTable, after: &Schema, report: &mut Report<'_>) {
    let name = create.name.span();
    if create.persistence == Persistence::Temporary {
        report.add(
            Code::TemporaryTable,
            name,
            "temporary tables are behind a setting on CockroachDB, and each is a schema change",
            "use a table of its own with a key for the run, or a common table expression",
        );
    }
    if create.interleave.is_some() {
        interleaved(name, report);
    }
    let TableContents::Elements(elements) = &create.contents else {
        return;
    };
    let table = after.table_named(&create.name);
    if table.is_some_and(|table| !table.indexes().iter().any(Index::is_primary)) {
        report.add(
            Code::MissingPrimaryKey,
            name,
            "a table without a primary key gets a hidden one that grows with time: all writes meet in its last range",
            "declare one, such as `id UUID PRIMARY KEY DEFAULT gen_random_uuid()`",
        );
    }
    let indexed = table.map(Indexed::of);
    for element in elements {
        match element {
            TableElement::Column(column) => {
                column_key(column, table, report);
                column_foreign_key(column, indexed.as_ref(), report);
            }
            TableElement::Index(index) => {
                if index.interleave.is_some() {
                    interleaved(name, report);
                }
                if index.hash.is_none() {
                    first_column(&index.columns, table, report);
                }
            }
            TableElement::Constraint { constraint, .. } => match constraint {
                TableConstraint::PrimaryKey {
                    columns: key, hash, ..
                } if hash.is_none() => first_column(key, table, report),
                TableConstraint::Unique { index, .. } if index.hash.is_none() => {
                    first_column(&index.columns, table, report);
                }
                TableConstraint::ForeignKey {
                    columns: referring, ..
                } => foreign_key(referring, indexed.as_ref(), report),
                _ => {}
            },
            _ => {}
        }
    }
}

fn interleaved(span: crate::dialect::Span, report: &mut Report<'_>) {
    report.add(
        Code::InterleavedTable,
        span,
        "interleaved tables and indexes are gone since v21.2",
        "leave INTERLEAVE IN PARENT out",
    );
}

/// A column that is a key by itself.
fn column_key(column: &ColumnDefinition, table: Option<&Table>, report: &mut Report<'_>) {
    let key = column.options.iter().any(|option| {
        matches!(
            option.constraint,
            ColumnConstraint::PrimaryKey { hash: None, .. } | ColumnConstraint::Unique { .. }
        )
    });
    if key {
        in_order(&column.name, table, report);
    }
}

fn first_column(key: &[IndexColumn], table: Option<&Table>, report: &mut Report<'_>) {
    if let Some(IndexTarget::Column(first)) = key.first().map(|column| &column.target) {
        in_order(first, table, report);
    }
}

/// A key whose values come in order.
fn in_order(name: &Ident, table: Option<&Table>, report: &mut Report<'_>) {
    let column = table.and_then(|table| table.column(name.value()));
    if column.is_some_and(crate::schema::TableColumn::is_sequential) {
        let message = format!(
            "`{}` grows with time, so all new rows go to one range, whose node is the limit",
            name.value()
        );
        report.add(
            Code::SequentialKey,
            name.span(),
            message,
            "use a random UUID, put another column first, or `USING HASH`",
        );
    }
}

/// The indexes of a table by their first columns.
struct Indexed<'s> {
    table: &'s Table,
    by_first: HashMap<&'s str, Vec<&'s Index>>,
}

impl<'s> Indexed<'s> {
    fn of(table: &'s Table) -> Self {
        let mut by_first: HashMap<&str, Vec<&Index>> = HashMap::new();
        for index in table.indexes() {
            if let Some(first) = index.columns().first()
                && !index.is_inverted()
                && !index.is_partial()
            {
                by_first.entry(first).or_default().push(index);
            }
        }
        Self { table, by_first }
    }

    /// Whether an index begins with these columns, in any order.
    fn begins_with(&self, columns: &[Ident]) -> bool {
        let begins = |index: &&Index| {
            let head = index.columns().get(..columns.len());
            head.is_some_and(|head| columns.iter().all(|c| head.iter().any(|h| h == c.value())))
        };
        columns.iter().any(|column| {
            let indexes = self.by_first.get(column.value());
            indexes.is_some_and(|indexes| indexes.iter().any(begins))
        })
    }
}

fn column_foreign_key(
    column: &ColumnDefinition,
    indexed: Option<&Indexed<'_>>,
    report: &mut Report<'_>,
) {
    let refers = column
        .options
        .iter()
        .any(|option| matches!(option.constraint, ColumnConstraint::References(_)));
    if refers {
        foreign_key(std::slice::from_ref(&column.name), indexed, report);
    }
}

/// Columns that refer to another table, which looks for them when its rows change.
fn foreign_key(columns: &[Ident], indexed: Option<&Indexed<'_>>, report: &mut Report<'_>) {
    let (Some(indexed), Some(first)) = (indexed, columns.first()) else {
        return;
    };
    if !indexed.begins_with(columns) {
        let table = indexed.table;
        let names: Vec<&str> = columns.iter().map(Ident::value).collect();
        let message = format!(
            "no index begins with `{}`: each DELETE of a row that is referred to reads all of `{}`",
            names.join("`, `"),
            table.name()
        );
        let help = format!(
            "CockroachDB makes none by itself: `CREATE INDEX ON {} ({})`",
            table.name(),
            names.join(", ")
        );
        report.add(Code::UnindexedForeignKey, first.span(), message, help);
    }
}

fn create_index(create: &CreateIndex, after: &Schema, report: &mut Report<'_>) {
    if create.index.interleave.is_some() {
        interleaved(create.table.span(), report);
    }
    if create.concurrently {
        report.add(
            Code::ConcurrentIndex,
            create.table.span(),
            "CONCURRENTLY does nothing on CockroachDB: every index is built while the table is used",
            "leave it out; where PostgreSQL runs the statement too, allow this lint",
        );
    }
    if create.index.hash.is_some() {
        return;
    }
    first_column(
        &create.index.columns,
        after.table_named(&create.table),
        report,
    );
}

fn alter_table(
    action: &AlterTableAction,
    actions: usize,
    indexed: Option<&Indexed<'_>>,
    report: &mut Report<'_>,
) {
    match action {
        AlterTableAction::DropColumn { column, .. } if actions > 1 => report.add(
            Code::DropColumnBesideOthers,
            column.span(),
            "when another change of the statement fails, the dropped column's data may be lost with it",
            "drop columns in a statement of their own",
        ),
        AlterTableAction::AlterColumn {
            column,
            action: ColumnAction::SetType { .. },
        } => report.add(
            Code::AlterColumnType,
            column.span(),
            "most changes of a type rewrite the whole table, and older versions refuse them in a transaction",
            "add a column of the new type, copy in batches, and rename",
        ),
        AlterTableAction::AddConstraint {
            constraint:
                TableConstraint::ForeignKey {
                    columns: referring, ..
                },
            ..
        } => foreign_key(referring, indexed, report),
        AlterTableAction::AddColumn { column, .. } => {
            column_key(column, indexed.map(|indexed| indexed.table), report);
            column_foreign_key(column, indexed, report);
        }
        _ => {}
    }
}
