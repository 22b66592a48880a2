//! Rows and their columns.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::schema::{Schema, Table, TableColumn, canonical_type, stored_name};

/// A column of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column<'t> {
    /// Its name, where that is certain.
    pub(crate) name: Option<&'t str>,
    /// Whether it is proven that it is never NULL.
    pub(crate) not_null: bool,
    /// Whether a value may be JSON, whose `null` a cast turns into NULL.
    pub(crate) maybe_json: bool,
    /// Whether it is an array of which an element can be NULL, as the statement shows.
    pub(crate) null_elements: bool,
    /// Whether `*` leaves it out.
    pub(crate) hidden: bool,
    /// The column of the schema's table that it comes from.
    pub(crate) stored: Option<&'t TableColumn>,
}

impl<'t> Column<'t> {
    /// A column of which nothing but its name is known.
    pub(crate) fn unknown(name: Option<&'t str>) -> Self {
        Self {
            name,
            not_null: false,
            maybe_json: true,
            null_elements: false,
            hidden: false,
            stored: None,
        }
    }

    fn of_table(column: &'t TableColumn, schema: &Schema) -> Self {
        let canonical = canonical_type(column.sql_type());
        Self {
            name: Some(column.name()),
            not_null: column.is_not_null(),
            maybe_json: !is_plain_type(&canonical, schema),
            null_elements: false,
            hidden: column.is_hidden(),
            stored: Some(column),
        }
    }

    /// The same column where an outer join may have no row for it.
    pub(crate) fn optional(self) -> Self {
        Self {
            not_null: false,
            ..self
        }
    }
}

/// Whether a canonical type is a known one other than JSON.
pub(crate) fn is_plain_type(canonical: &str, schema: &Schema) -> bool {
    let element = canonical.strip_suffix("[]").unwrap_or(canonical);
    matches!(
        element,
        "int"
            | "int8"
            | "int4"
            | "int2"
            | "string"
            | "decimal"
            | "float8"
            | "float4"
            | "bool"
            | "bytes"
            | "uuid"
            | "timestamptz"
            | "timestamp"
            | "timetz"
            | "time"
            | "date"
            | "interval"
            | "inet"
            | "citext"
            | "bit"
            | "varbit"
            | "ltree"
            | "oid"
            | "tsvector"
            | "tsquery"
    ) || schema.enum_labels(&stored_name(element)).is_some()
}

/// The columns of a table, a query, or anything else that has rows. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Relation<'t>(Rc<Inner<'t>>);

#[derive(Debug)]
struct Inner<'t> {
    columns: Vec<Column<'t>>,
    complete: bool,
    by_name: OnceCell<HashMap<&'t str, usize>>,
}

impl<'t> Relation<'t> {
    /// Exactly these columns.
    pub(crate) fn new(columns: Vec<Column<'t>>) -> Self {
        Self::partial(columns, true)
    }

    /// These columns and, unless `complete`, others.
    pub(crate) fn partial(columns: Vec<Column<'t>>, complete: bool) -> Self {
        Self(Rc::new(Inner {
            columns,
            complete,
            by_name: OnceCell::new(),
        }))
    }

    /// Rows of which nothing is known.
    pub(crate) fn unknown() -> Self {
        Self::partial(Vec::new(), false)
    }

    pub(crate) fn of_table(table: &'t Table, schema: &Schema) -> Self {
        let columns = table.columns().iter();
        Self::new(
            columns
                .map(|column| Column::of_table(column, schema))
                .collect(),
        )
    }

    pub(crate) fn columns(&self) -> &[Column<'t>] {
        &self.0.columns
    }

    /// Whether there are no columns but those that are known.
    pub(crate) fn is_complete(&self) -> bool {
        self.0.complete
    }

    /// Whether there are no columns but those that are known, and each has a known name.
    pub(crate) fn is_named(&self) -> bool {
        self.0.complete && self.0.columns.iter().all(|column| column.name.is_some())
    }

    /// The place of the column with this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let by_name = self.0.by_name.get_or_init(|| {
            let mut places = HashMap::new();
            for (place, column) in self.0.columns.iter().enumerate() {
                if let Some(name) = column.name {
                    places.entry(name).or_insert(place);
                }
            }
            places
        });
        by_name.get(name).copied()
    }

    /// The same rows with other names for their first columns: `AS t (a, b)`.
    pub(crate) fn renamed(&self, names: &[&'t str]) -> Self {
        if names.is_empty() {
            return self.clone();
        }
        let hidden = self.columns().iter().any(|column| column.hidden);
        if hidden || (self.is_complete() && names.len() > self.columns().len()) {
            return Self::partial(
                names
                    .iter()
                    .map(|name| Column::unknown(Some(name)))
                    .collect(),
                false,
            );
        }
        let mut columns = self.columns().to_vec();
        if columns.len() < names.len() {
            columns.resize(names.len(), Column::unknown(None));
        }
        for (column, name) in columns.iter_mut().zip(names) {
            column.name = Some(name);
        }
        Self::partial(columns, self.is_complete())
    }
}
