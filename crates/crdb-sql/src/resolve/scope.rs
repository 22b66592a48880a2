//! The sources of one select and the columns that can be named in it.

use std::collections::HashMap;

use super::relation::{Column, Relation};
use crate::dialect::Span;
use crate::dialect::ast::{ColumnRef, Ident, ObjectName};
use crate::schema::Table;

/// A table, query or function that a select reads, or the table that a statement writes.
#[derive(Debug, Clone)]
pub(crate) struct Source<'t> {
    /// What qualifies its columns.
    pub(crate) alias: Option<&'t str>,
    /// The schema's table.
    pub(crate) table: Option<&'t Table>,
    /// The name that stands in the statement, where the source is a table and has no alias.
    pub(crate) name: Option<&'t ObjectName>,
    pub(crate) relation: Relation<'t>,
    /// Whether an outer join gives NULL for its columns where it has no row.
    pub(crate) optional: bool,
    /// Whether it is a query or a common table expression, whose columns the statement itself names.
    pub(crate) derived: bool,
    /// Where its name stands, or the whole of it.
    pub(crate) span: Span,
}

/// A column of `*`.
#[derive(Debug, Clone, Copy)]
pub(super) enum StarColumn<'t> {
    /// By the places of its source and in that.
    Of(usize, usize),
    /// What USING or NATURAL made of two.
    Merged(Column<'t>),
}

/// What a name in a select stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'t> {
    /// A column, and the source that it belongs to unless it is merged from several.
    Column(Column<'t>, Option<usize>),
    /// Certainly nothing.
    Missing,
    /// Something, or nothing: it is not known.
    Unknown,
}

/// More columns than this are not looked through by unqualified names: no server has so many.
const MAX_COLUMNS: usize = 100_000;

/// The sources of a select.
#[derive(Debug, Default)]
pub(crate) struct Scope<'t> {
    sources: Vec<Source<'t>>,
    /// The columns of `*`; `None` where they are not all known.
    star: Option<Vec<StarColumn<'t>>>,
    /// The places of the sources by what qualifies them; `None` where two have one alias.
    aliases: HashMap<&'t str, Option<usize>>,
    /// By name; `None` where two sources have it.
    columns: HashMap<&'t str, Option<(usize, usize)>>,
    merged: HashMap<&'t str, Column<'t>>,
    /// Whether all columns that an unqualified name could mean are in `columns` and `merged`.
    known: bool,
    finished: bool,
    /// Whether what is read at the moment cannot see the sources: a subquery beside them.
    pub(super) hidden: bool,
}

impl<'t> Scope<'t> {
    /// A scope in which any name may mean anything.
    pub(super) fn unknown() -> Self {
        Self {
            finished: true,
            ..Self::default()
        }
    }

    pub(crate) fn sources(&self) -> &[Source<'t>] {
        &self.sources
    }

    pub(super) fn sources_mut(&mut self) -> &mut [Source<'t>] {
        &mut self.sources
    }

    pub(super) fn push(&mut self, source: Source<'t>) -> usize {
        let place = self.sources.len();
        if let Some(alias) = source.alias {
            self.aliases
                .entry(alias)
                .and_modify(|known| *known = None)
                .or_insert(Some(place));
        }
        self.sources.push(source);
        place
    }

    /// The columns of the first source, where all are known.
    pub(super) fn target_star(&self) -> Option<Vec<StarColumn<'t>>> {
        let target = self.sources.first()?;
        target.relation.is_complete().then(|| {
            let columns = target.relation.columns().iter().enumerate();
            columns
                .filter(|(_, column)| !column.hidden)
                .map(|(inner, _)| StarColumn::Of(0, inner))
                .collect()
        })
    }

    /// Ends the list of sources; `star` are the columns of all of them.
    pub(super) fn finish(&mut self, star: Option<Vec<StarColumn<'t>>>) {
        self.finished = true;
        let total: usize = self
            .sources
            .iter()
            .map(|source| source.relation.columns().len())
            .sum();
        self.known = star.is_some()
            && total <= MAX_COLUMNS
            && self.sources.iter().all(|source| source.relation.is_named());
        if total <= MAX_COLUMNS {
            for (place, source) in self.sources.iter().enumerate() {
                for (inner, column) in source.relation.columns().iter().enumerate() {
                    if let Some(name) = column.name {
                        self.columns
                            .entry(name)
                            .and_modify(|known| *known = None)
                            .or_insert(Some((place, inner)));
                    }
                }
            }
        }
        for column in star.iter().flatten() {
            if let StarColumn::Merged(column) = column
                && let Some(name) = column.name
            {
                self.merged.insert(name, *column);
            }
        }
        self.star = star;
    }

    /// A column of `*` as it is in a result.
    pub(super) fn star_column(&self, column: StarColumn<'t>) -> Column<'t> {
        match column {
            StarColumn::Of(source, inner) => self.column(source, inner),
            StarColumn::Merged(column) => column,
        }
    }

    /// The columns of `*`, where all are known.
    pub(super) fn star(&self) -> Option<Vec<Column<'t>>> {
        let star = self.star.as_ref()?;
        Some(
            star.iter()
                .map(|column| self.star_column(*column))
                .collect(),
        )
    }

    /// The columns of `alias.*`, where all are known.
    pub(super) fn star_of(&self, qualifier: &[Ident]) -> Option<Vec<Column<'t>>> {
        let place = self.qualified(qualifier)??;
        let source = self.sources.get(place)?;
        source.relation.is_complete().then(|| {
            let places = 0..source.relation.columns().len();
            places
                .map(|inner| self.column(place, inner))
                .filter(|column| !column.hidden)
                .collect()
        })
    }

    fn column(&self, source: usize, inner: usize) -> Column<'t> {
        let found = self.sources.get(source).and_then(|source| {
            let column = source.relation.columns().get(inner)?;
            Some(if source.optional {
                column.optional()
            } else {
                *column
            })
        });
        found.unwrap_or_else(|| Column::unknown(None))
    }

    /// The source that a qualifier means: none, one, or (the inner `None`) it is ambiguous.
    #[expect(clippy::option_option, reason = "absent and uncertain are two answers")]
    fn qualified(&self, qualifier: &[Ident]) -> Option<Option<usize>> {
        let (last, schema) = qualifier.split_last()?;
        let place = match self.aliases.get(last.value()) {
            Some(Some(place)) => *place,
            Some(None) => return Some(None),
            None => return None,
        };
        if schema.is_empty() {
            return Some(Some(place));
        }
        let name = self.sources.get(place).and_then(|source| source.name);
        let same = name.is_some_and(|name| {
            let behind = name.parts.iter().rev().skip(1);
            schema
                .iter()
                .rev()
                .zip(behind)
                .filter(|(a, b)| a.value() == b.value())
                .count()
                == schema.len()
        });
        Some(same.then_some(place))
    }

    /// What a column's name stands for in this scope alone.
    pub(crate) fn find(&self, parts: &[Ident]) -> Found<'t> {
        let Some((name, qualifier)) = parts.split_last() else {
            return Found::Unknown;
        };
        let name = name.value();
        if !qualifier.is_empty() {
            return match self.qualified(qualifier) {
                None if self.finished && self.sources.is_empty() && !self.known => Found::Unknown,
                None => Found::Missing,
                Some(None) => Found::Unknown,
                Some(Some(place)) => self.find_in(place, name),
            };
        }
        if let Some(column) = self.merged.get(name) {
            return Found::Column(*column, None);
        }
        match self.columns.get(name) {
            Some(Some((source, inner))) => {
                Found::Column(self.column(*source, *inner), Some(*source))
            }
            Some(None) => Found::Unknown,
            // The whole row of a source.
            None if self.aliases.contains_key(name) => Found::Unknown,
            None if self.known => Found::Missing,
            None => Found::Unknown,
        }
    }

    fn find_in(&self, place: usize, name: &str) -> Found<'t> {
        let Some(source) = self.sources.get(place) else {
            return Found::Unknown;
        };
        match source.relation.find(name) {
            Some(inner) => Found::Column(self.column(place, inner), Some(place)),
            None if source.relation.is_named() => Found::Missing,
            None => Found::Unknown,
        }
    }

    /// Whether a qualifier means a source of this scope, or may mean one.
    pub(super) fn has(&self, qualifier: &[Ident]) -> bool {
        self.qualified(qualifier).is_some()
    }

    /// The names of all columns that are known, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'t str> {
        self.sources
            .iter()
            .flat_map(|source| source.relation.columns().iter())
            .filter_map(|column| column.name)
    }
}

/// Whether a column exists in every table and belongs to none: what a server adds by itself.
pub(super) fn is_system_column(column: &ColumnRef) -> bool {
    column
        .parts
        .last()
        .is_some_and(|name| is_system_name(name.value()))
}

pub(super) fn is_system_name(name: &str) -> bool {
    name.starts_with("crdb_")
        || matches!(
            name,
            "rowid"
                | "tableoid"
                | "oid"
                | "ctid"
                | "xmin"
                | "xmax"
                | "cmin"
                | "cmax"
                | "system_user"
        )
}
