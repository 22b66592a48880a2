//! FROM: sources, and the joins that make some of them optional.

use std::collections::HashSet;
use std::ops::Range;

use super::relation::{Column, Relation};
use super::scope::{Scope, Source, StarColumn};
use super::{Observer, Resolver};
use crate::dialect::ast::{
    Expr, Ident, Join, JoinCondition, JoinKind, TableName, TableRef, TableSource, TableSourceKind,
};

/// What stands on one side of a join.
pub(super) struct Side<'t> {
    /// Its sources, by their places in the scope.
    sources: Range<usize>,
    /// Its columns in order; `None` where they are not all known.
    pub(super) star: Option<Vec<StarColumn<'t>>>,
}

impl<'t, O: Observer<'t>> Resolver<'t, O> {
    /// Adds the sources of FROM to the innermost scope. `conditions` collects what stands after ON. Returns the columns of
    /// `*`.
    pub(super) fn sources(
        &mut self,
        from: &'t [TableRef],
        conditions: &mut Vec<&'t Expr>,
    ) -> Option<Vec<StarColumn<'t>>> {
        let mut star = Some(Vec::new());
        for table in from {
            let side = self.table_ref(table, conditions);
            star = both(star, side.star);
        }
        star
    }

    pub(super) fn table_ref(
        &mut self,
        table: &'t TableRef,
        conditions: &mut Vec<&'t Expr>,
    ) -> Side<'t> {
        match table {
            TableRef::Source(source) => self.source(source, conditions),
            TableRef::Join(join) => self.join(join, conditions),
        }
    }

    fn join(&mut self, join: &'t Join, conditions: &mut Vec<&'t Expr>) -> Side<'t> {
        let mut left = self.table_ref(&join.left, conditions);
        let mut right = self.table_ref(&join.right, conditions);
        let merged = match &join.condition {
            JoinCondition::None => Some(Vec::new()),
            JoinCondition::On(condition) => {
                conditions.push(condition);
                Some(Vec::new())
            }
            JoinCondition::Using(names) => Some(names.iter().map(Ident::value).collect()),
            JoinCondition::Natural => self.common_names(&left, &right),
        };
        // Which columns a natural join of unknown tables merges is not known.
        let Some(names) = merged else {
            return Side {
                sources: self.made_optional(join.kind, &mut left, &mut right),
                star: None,
            };
        };
        let merged: Vec<Column<'t>> = names
            .iter()
            .map(|name| {
                let a = self.side_column(&left, name);
                let b = self.side_column(&right, name);
                let not_null = match join.kind {
                    // They are equal, so neither is NULL.
                    JoinKind::Plain | JoinKind::Inner | JoinKind::Cross => a.not_null || b.not_null,
                    JoinKind::Left => a.not_null,
                    JoinKind::Right => b.not_null,
                    JoinKind::Full => a.not_null && b.not_null,
                };
                Column {
                    name: Some(name),
                    not_null,
                    maybe_json: a.maybe_json || b.maybe_json,
                    null_elements: a.null_elements || b.null_elements,
                    hidden: false,
                    stored: a.stored,
                }
            })
            .collect();
        let sources = self.made_optional(join.kind, &mut left, &mut right);
        if merged.is_empty() {
            return Side {
                sources,
                star: both(left.star, right.star),
            };
        }
        let gone: HashSet<&str> = names.into_iter().collect();
        let rest = both(left.star, right.star).map(|rest| {
            let kept = rest.into_iter().filter(|column| {
                self.star_name(*column)
                    .is_none_or(|name| !gone.contains(name))
            });
            let merged = merged.into_iter().map(StarColumn::Merged);
            merged.chain(kept).collect()
        });
        Side {
            sources,
            star: rest,
        }
    }

    /// Marks the sides that an outer join gives NULL for. Returns the places of the sources of both.
    fn made_optional(
        &mut self,
        kind: JoinKind,
        left: &mut Side<'t>,
        right: &mut Side<'t>,
    ) -> Range<usize> {
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            self.make_optional(left);
        }
        if matches!(kind, JoinKind::Left | JoinKind::Full) {
            self.make_optional(right);
        }
        left.sources.start..right.sources.end
    }

    fn make_optional(&mut self, side: &mut Side<'t>) {
        if let Some(scope) = self.scopes.last_mut()
            && let Some(sources) = scope.sources_mut().get_mut(side.sources.clone())
        {
            for source in sources {
                source.optional = true;
            }
        }
        for column in side.star.iter_mut().flatten() {
            if let StarColumn::Merged(column) = column {
                *column = column.optional();
            }
        }
    }

    /// The names that both sides have, in the order of the left; `None` where that is not known.
    fn common_names(&self, left: &Side<'t>, right: &Side<'t>) -> Option<Vec<&'t str>> {
        let names = |side: &Side<'t>| -> Option<Vec<&'t str>> {
            side.star
                .as_ref()?
                .iter()
                .map(|column| self.star_name(*column))
                .collect()
        };
        let known: HashSet<&str> = names(right)?.into_iter().collect();
        let left = names(left)?;
        Some(
            left.into_iter()
                .filter(|name| known.contains(name))
                .collect(),
        )
    }

    fn star_name(&self, column: StarColumn<'t>) -> Option<&'t str> {
        self.scopes.last()?.star_column(column).name
    }

    fn side_column(&self, side: &Side<'t>, name: &str) -> Column<'t> {
        let scope = self.scopes.last();
        let mut columns = side
            .star
            .iter()
            .flatten()
            .filter_map(|column| Some(scope?.star_column(*column)))
            .filter(|column| column.name == Some(name));
        match (columns.next(), columns.next()) {
            (Some(column), None) => column,
            _ => Column::unknown(None),
        }
    }

    fn source(&mut self, source: &'t TableSource, conditions: &mut Vec<&'t Expr>) -> Side<'t> {
        let alias = source.alias.as_ref().map(|alias| alias.name.value());
        if let (TableSourceKind::Nested(inner), None) = (&source.kind, alias) {
            return self.table_ref(inner, conditions);
        }
        let mut table = None;
        let mut name = None;
        let mut own_alias = None;
        let mut span = source.span;
        let mut derived = matches!(source.kind, TableSourceKind::Query(_));
        let relation = match &source.kind {
            TableSourceKind::Table(named) => {
                own_alias = Some(named.name.name());
                name = alias.is_none().then_some(&named.name);
                if let Some(last) = named.name.parts.last() {
                    span = last.span();
                }
                let (relation, stored) = match self.common_table(named) {
                    Some(relation) => {
                        derived = true;
                        (relation, None)
                    }
                    None => self.named(named),
                };
                table = stored;
                relation
            }
            TableSourceKind::Query(query) => {
                self.beside(source.lateral, |resolver| resolver.query(query))
            }
            TableSourceKind::Statement(statement) => {
                self.beside(false, |resolver| resolver.statement(statement))
            }
            TableSourceKind::Nested(inner) => self.nested(inner),
            TableSourceKind::Function(function) => {
                self.expr(&function.call);
                own_alias = function.function().map(|call| call.name.name());
                Relation::unknown()
            }
            TableSourceKind::RowsFrom(functions) => {
                self.exprs(functions.iter().map(|function| &function.call));
                Relation::unknown()
            }
        };
        let relation = if source.ordinality {
            let mut columns = relation.columns().to_vec();
            columns.push(Column {
                not_null: true,
                maybe_json: false,
                ..Column::unknown(Some("ordinality"))
            });
            // Behind columns that are not known it has no place of its own.
            if relation.is_complete() {
                Relation::new(columns)
            } else {
                Relation::unknown()
            }
        } else {
            relation
        };
        let names: Vec<&'t str> = source
            .alias
            .iter()
            .flat_map(|alias| alias.columns.iter().map(|(name, _)| name.value()))
            .collect();
        let relation = relation.renamed(&names);
        let hidden: Vec<bool> = relation
            .columns()
            .iter()
            .map(|column| column.hidden)
            .collect();
        let complete = relation.is_complete();
        let place = self.scopes.last_mut().map_or(0, |scope| {
            scope.push(Source {
                alias: alias.or(own_alias),
                table,
                name,
                relation,
                optional: false,
                derived,
                span,
            })
        });
        let star = complete.then(|| {
            let visible = hidden.iter().enumerate().filter(|(_, hidden)| !**hidden);
            visible
                .map(|(inner, _)| StarColumn::Of(place, inner))
                .collect()
        });
        Side {
            sources: place..place + 1,
            star,
        }
    }

    fn common_table(&self, named: &TableName) -> Option<Relation<'t>> {
        match named.name.parts.as_slice() {
            [name] if named.id.is_none() => self.cte(name.value()),
            _ => None,
        }
    }

    /// The rows of a table by its name.
    fn named(&mut self, named: &'t TableName) -> (Relation<'t>, Option<&'t crate::schema::Table>) {
        if named.id.is_some() {
            return (Relation::unknown(), None);
        }
        match self.schema.table_named(&named.name) {
            Some(table) => (self.stored_table(table), Some(table)),
            None => (Relation::unknown(), None),
        }
    }

    /// Goes through what stands beside other sources, which it sees only if it is lateral.
    fn beside<T>(&mut self, lateral: bool, step: impl FnOnce(&mut Self) -> T) -> T {
        let place = self.scopes.len().wrapping_sub(1);
        let before = self
            .scopes
            .get_mut(place)
            .map(|scope| std::mem::replace(&mut scope.hidden, !lateral));
        let outcome = step(self);
        if let (Some(scope), Some(before)) = (self.scopes.get_mut(place), before) {
            scope.hidden = before;
        }
        outcome
    }

    /// `(a JOIN b ..) AS c`: the names inside are not seen outside.
    fn nested(&mut self, inner: &'t TableRef) -> Relation<'t> {
        self.beside(false, |resolver| {
            resolver.scopes.push(Scope::default());
            let mut conditions = Vec::new();
            let side = resolver.table_ref(inner, &mut conditions);
            if let Some(scope) = resolver.scopes.last_mut() {
                scope.finish(side.star);
            }
            resolver.exprs(conditions);
            let columns = resolver.scopes.pop().and_then(|scope| scope.star());
            columns.map_or_else(Relation::unknown, Relation::new)
        })
    }
}

fn both<'t>(
    left: Option<Vec<StarColumn<'t>>>,
    right: Option<Vec<StarColumn<'t>>>,
) -> Option<Vec<StarColumn<'t>>> {
    let mut all = left?;
    all.extend(right?);
    Some(all)
}
