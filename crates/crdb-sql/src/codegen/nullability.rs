//! What can be NULL, from the schema and the shape of the statement.
//!
//! A column is never NULL only by proof. A parameter may be NULL when all that is done with it is to store it in columns
//! that may be NULL.

use std::collections::HashMap;

use crate::dialect;
use crate::dialect::ast::{
    Assignment, ConflictAction, Expr, Ident, Insert, InsertSource, Placeholder, QueryBody,
    Statement, StatementKind,
};
use crate::dialect::facts::Facts;
use crate::query::Query;
use crate::resolve::{Observer, Resolver, Scope};
use crate::schema::{Schema, Table};

/// What is known about a result column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    /// Its name, where that is certain.
    pub(super) name: Option<String>,
    pub(super) not_null: bool,
    /// Whether it is an array of which an element can be NULL, as the statement shows.
    pub(super) null_elements: bool,
}

/// What is known about a query.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    /// The result columns; empty when the shape of the statement does not tell.
    pub(super) columns: Vec<Known>,
    /// Which parameters, by their places, are only stored in columns that may be NULL.
    pub(super) stored_nullable: Vec<bool>,
}

impl Analysis {
    /// Looks into a query. Nothing is known about a statement that the dialect does not know.
    pub(super) fn of(query: &Query, schema: &Schema) -> Self {
        let Ok(statement) = dialect::parse_one(query.text()) else {
            return Self::default();
        };
        let mut resolver = Resolver::new(schema, Stored::default());
        let output = resolver.statement(&statement);
        let columns = if output.is_complete() {
            let columns = output.columns().iter();
            columns
                .map(|column| Known {
                    name: column.name.map(str::to_owned),
                    not_null: column.not_null,
                    null_elements: column.null_elements,
                })
                .collect()
        } else {
            Vec::new()
        };
        let stored = resolver.into_observer().places;
        let mut uses: HashMap<u32, usize> = HashMap::new();
        for placeholder in Facts::of(&statement).placeholders {
            if let Placeholder::Numbered { number, .. } = placeholder {
                *uses.entry(number).or_default() += 1;
            }
        }
        let numbers = 1..=u32::try_from(query.parameters().len()).unwrap_or(u32::MAX);
        Self {
            columns,
            stored_nullable: numbers
                .map(|number| {
                    stored.contains_key(&number) && stored.get(&number) == uses.get(&number)
                })
                .collect(),
        }
    }
}

/// How often each parameter is stored in a column that may be NULL.
#[derive(Debug, Default)]
struct Stored {
    places: HashMap<u32, usize>,
}

impl<'t> Observer<'t> for Stored {
    fn write(&mut self, statement: &'t Statement, scope: &Scope<'t>) {
        let Some(table) = scope.sources().first().and_then(|target| target.table) else {
            return;
        };
        match &statement.kind {
            StatementKind::Insert(insert) => self.insert(insert, table),
            StatementKind::Update(update) => self.assignments(&update.assignments, table),
            _ => {}
        }
    }
}

impl Stored {
    fn insert(&mut self, insert: &Insert, table: &Table) {
        if let InsertSource::Query(query) = &insert.source
            && let QueryBody::Values(rows) = &query.body
        {
            let named: Vec<&str> = if insert.columns.is_empty() {
                let all = table.columns().iter().filter(|column| !column.is_hidden());
                all.map(crate::schema::TableColumn::name).collect()
            } else {
                insert.columns.iter().map(Ident::value).collect()
            };
            for row in rows {
                for (column, value) in named.iter().zip(row) {
                    self.store(table, column, value);
                }
            }
        }
        if let Some(conflict) = &insert.on_conflict
            && let ConflictAction::Update { assignments, .. } = &conflict.action
        {
            self.assignments(assignments, table);
        }
    }

    fn assignments(&mut self, assignments: &[Assignment], table: &Table) {
        for assignment in assignments {
            match (assignment.columns.as_slice(), &assignment.value) {
                (columns, Expr::Tuple { values, .. }) if assignment.tuple => {
                    for (column, value) in columns.iter().zip(values) {
                        self.store(table, column.value(), value);
                    }
                }
                // What is stored in an element is no value of the column.
                ([column], value) if assignment.subscripts.is_empty() => {
                    self.store(table, column.value(), value);
                }
                _ => {}
            }
        }
    }

    fn store(&mut self, table: &Table, column: &str, value: &Expr) {
        let nullable = table
            .column(column)
            .is_some_and(|column| !column.is_not_null());
        if nullable && let Some(number) = lone_parameter(value) {
            *self.places.entry(number).or_default() += 1;
        }
    }
}

/// `$1`, `$1::TYPE`
fn lone_parameter(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::Placeholder(Placeholder::Numbered { number, .. }) => Some(*number),
        Expr::Cast { operand, .. } | Expr::Annotate { operand, .. } | Expr::Nested(operand) => {
            lone_parameter(operand)
        }
        _ => None,
    }
}
