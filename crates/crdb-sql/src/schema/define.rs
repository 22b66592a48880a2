//! What definitions say of a table: its columns, indexes and keys.

use super::{ForeignKey, Index, Table, TableColumn};
use crate::dialect::ast::{
    ColumnConstraint, ColumnDefinition, DataType, Expr, Ident, IndexColumn, IndexDefinition,
    IndexKind, IndexTarget, LikeOption, SpecialForm, TableConstraint,
};
use crate::dialect::keyword::Keyword;

pub(super) fn index(definition: &IndexDefinition) -> Index {
    let (columns, computed) = index_columns(&definition.columns);
    Index {
        name: definition.name.as_ref().map(owned),
        columns,
        storing: definition.storing.iter().map(owned).collect(),
        primary: false,
        unique: definition.unique,
        partial: definition.filter.is_some(),
        inverted: definition.kind != IndexKind::Forward,
        computed,
    }
}

pub(super) fn owned(name: &Ident) -> String {
    name.value().to_owned()
}

/// The columns up to the first expression, and whether there is one.
fn index_columns(columns: &[IndexColumn]) -> (Vec<String>, bool) {
    let named: Vec<String> = columns
        .iter()
        .map_while(|column| match &column.target {
            IndexTarget::Column(name) => Some(owned(name)),
            IndexTarget::Expr(_) => None,
        })
        .collect();
    let computed = named.len() < columns.len();
    (named, computed)
}

pub(super) fn primary_key(table: &mut Table, name: Option<&Ident>, columns: &[IndexColumn]) {
    let (columns, computed) = index_columns(columns);
    for name in &columns {
        if let Some(column) = table.columns.get_mut(name) {
            column.not_null = true;
        }
    }
    table.indexes.demote_primary();
    table.indexes.push(Index {
        name: name.map(owned),
        columns,
        primary: true,
        unique: true,
        computed,
        ..Index::default()
    });
}

pub(super) fn add_constraint(table: &mut Table, constraint: &TableConstraint) {
    match constraint {
        TableConstraint::PrimaryKey { name, columns, .. } => {
            primary_key(table, name.as_ref(), columns);
        }
        TableConstraint::Unique {
            name,
            without_index,
            index: definition,
        } => {
            if !without_index {
                let mut index = index(definition);
                index.unique = true;
                index.name = index.name.or_else(|| name.as_ref().map(owned));
                table.indexes.push(index);
            }
        }
        TableConstraint::ForeignKey {
            name,
            columns,
            references,
        } => table.foreign_keys.push(ForeignKey {
            name: name.as_ref().map(owned),
            columns: columns.iter().map(owned).collect(),
            references: references.table.to_string(),
        }),
        TableConstraint::Check { .. } => {}
    }
}

pub(super) fn column(table: &mut Table, definition: &ColumnDefinition, text: &str) {
    let name = owned(&definition.name);
    let sql_type = definition
        .data_type
        .as_ref()
        .map_or_else(String::new, |data_type| written(data_type, text));
    // CockroachDB and PostgreSQL make SERIAL columns NOT NULL.
    let serial = sql_type.to_ascii_lowercase().contains("serial");
    let mut column = TableColumn {
        not_null: serial,
        sequential: serial,
        name: name.clone(),
        sql_type,
        hidden: false,
    };
    let mut indexes = Vec::new();
    for option in &definition.options {
        let (primary, unique) = match &option.constraint {
            ColumnConstraint::NotNull => {
                column.not_null = true;
                continue;
            }
            ColumnConstraint::Identity(_) => {
                column.not_null = true;
                column.sequential = true;
                continue;
            }
            ColumnConstraint::Default(value) => {
                column.sequential |= grows(value);
                continue;
            }
            ColumnConstraint::NotVisible => {
                column.hidden = true;
                continue;
            }
            ColumnConstraint::PrimaryKey { .. } => {
                column.not_null = true;
                (true, true)
            }
            ColumnConstraint::Unique { without_index } if !without_index => (false, true),
            ColumnConstraint::References(key) => {
                table.foreign_keys.push(ForeignKey {
                    name: option.name.as_ref().map(owned),
                    columns: vec![name.clone()],
                    references: key.table.to_string(),
                });
                continue;
            }
            _ => continue,
        };
        indexes.push(Index {
            name: option.name.as_ref().map(owned),
            columns: vec![name.clone()],
            primary,
            unique,
            ..Index::default()
        });
    }
    table.columns.push(column);
    for index in indexes {
        table.indexes.push(index);
    }
}

/// Whether a default grows with time.
fn grows(value: &Expr) -> bool {
    match value {
        Expr::Nested(inner)
        | Expr::Cast { operand: inner, .. }
        | Expr::Annotate { operand: inner, .. } => grows(inner),
        Expr::Function(call) => matches!(
            crate::resolve::builtin_name(call),
            Some(
                "nextval"
                    | "unique_rowid"
                    | "now"
                    | "clock_timestamp"
                    | "statement_timestamp"
                    | "transaction_timestamp"
                    | "cluster_logical_timestamp"
            )
        ),
        Expr::Special(form) => matches!(
            **form,
            SpecialForm::Keyword {
                keyword: Keyword::CURRENT_TIMESTAMP
                    | Keyword::LOCALTIMESTAMP
                    | Keyword::CURRENT_DATE,
                ..
            }
        ),
        _ => false,
    }
}

pub(super) fn written(data_type: &DataType, text: &str) -> String {
    data_type.span.text(text).to_owned()
}

/// `LIKE model`: the columns and their NOT NULL always, the rest as the options say.
pub(super) fn like(table: &mut Table, model: &Table, options: &[(bool, LikeOption)]) {
    for column in model.columns() {
        table.columns.push(column.clone());
    }
    let indexes = options.iter().fold(false, |indexes, (including, what)| {
        if matches!(what, LikeOption::All | LikeOption::Indexes) {
            *including
        } else {
            indexes
        }
    });
    if indexes {
        for index in model.indexes() {
            table.indexes.push(Index {
                name: None,
                ..index.clone()
            });
        }
    }
}
