//! What stands in WHERE and after ON, and which rows it leaves.

use std::collections::HashSet;

use crate::dialect::ast::{
    BinaryOperator, ColumnRef, Expr, Ident, JoinCondition, JoinKind, LogicalOperator,
    QuantifiedOperator, Query, TableRef, TableSourceKind, UnaryOperator,
};
use crate::dialect::visit::{Descend, Visitor, walk_expr};
use crate::resolve::{Columns, Found, Scope};
use crate::schema::Index;

/// The conditions of a select or a write.
pub(super) struct Conditions<'t> {
    /// All of them.
    pub(super) all: Vec<&'t Expr>,
    /// Those that hold for each row, or for each row of a table that is joined to one.
    each: Vec<&'t Expr>,
    /// The columns of USING.
    pub(super) using: Vec<&'t Ident>,
    /// Whether tables are joined by whatever columns they have in common.
    pub(super) natural: bool,
    /// Whether all joins keep at most the rows that match.
    inner: bool,
}

impl<'t> Conditions<'t> {
    pub(super) fn of(from: &'t [TableRef], filters: impl IntoIterator<Item = &'t Expr>) -> Self {
        let mut conditions = Self {
            all: filters.into_iter().collect(),
            each: Vec::new(),
            using: Vec::new(),
            natural: false,
            inner: true,
        };
        conditions.each.clone_from(&conditions.all);
        let mut waiting: Vec<&TableRef> = from.iter().collect();
        while let Some(table) = waiting.pop() {
            match table {
                TableRef::Source(source) => {
                    if let (TableSourceKind::Nested(inner), None) = (&source.kind, &source.alias) {
                        waiting.push(inner);
                    }
                }
                TableRef::Join(join) => {
                    let keeps = !matches!(join.kind, JoinKind::Right | JoinKind::Full);
                    conditions.inner &= keeps;
                    match &join.condition {
                        JoinCondition::On(condition) => {
                            conditions.all.push(condition);
                            conditions.each.push(condition);
                        }
                        JoinCondition::Using(names) => conditions.using.extend(names),
                        JoinCondition::Natural => conditions.natural = true,
                        JoinCondition::None => {}
                    }
                    waiting.extend([&join.left, &join.right]);
                }
            }
        }
        conditions
    }

    /// Whether at most one row is left; `None` where that depends on what is not known.
    pub(super) fn leave_one_row(&self, scope: &Scope<'t>) -> Option<bool> {
        if !self.inner || self.natural {
            return None;
        }
        let mut equal = vec![Vec::new(); scope.sources().len()];
        let mut waiting = self.each.clone();
        while let Some(condition) = waiting.pop() {
            match condition {
                Expr::Nested(inner) => waiting.push(inner),
                Expr::Logical {
                    operator: LogicalOperator::And,
                    operands,
                } => waiting.extend(operands),
                Expr::Binary {
                    left,
                    operator: BinaryOperator::Symbol("="),
                    right,
                } => {
                    for (a, b) in pairs(left, right) {
                        for (column, value) in [(a, b), (b, a)] {
                            if let Some((source, name)) = column_of(column, scope)
                                && let Some(equal) = equal.get_mut(source)
                                && let Some(needs) = needed(value, scope)
                            {
                                equal.push(Equal { name, needs });
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let (fixed, perhaps) = fixed(scope, &equal);
        // Of what is no table of the schema, any column that is compared may be the key. How many rows a query gives is not
        // worked out.
        let unknown = scope
            .sources()
            .iter()
            .any(|source| source.derived || (source.table.is_none() && !self.all.is_empty()));
        match fixed.len() == scope.sources().len() {
            true => Some(true),
            false if perhaps || unknown || !self.using.is_empty() => None,
            false => Some(false),
        }
    }
}

/// `column = value`, once the sources that the value needs have one row.
#[derive(Clone)]
struct Equal<'t> {
    name: &'t str,
    needs: Vec<usize>,
}

/// The sources of which at most one row is left: a whole key of theirs is given. `equal` is by source. Also whether of
/// another one that may be: the columns of a unique index are given that is partial or holds an expression.
fn fixed(scope: &Scope<'_>, equal: &[Vec<Equal<'_>>]) -> (HashSet<usize>, bool) {
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); equal.len()];
    for (place, own) in equal.iter().enumerate() {
        for need in own.iter().flat_map(|equal| &equal.needs) {
            if let Some(after) = followers.get_mut(*need) {
                after.push(place);
            }
        }
    }
    let mut fixed: HashSet<usize> = HashSet::new();
    let mut perhaps: HashSet<usize> = HashSet::new();
    let mut waiting: Vec<usize> = (0..equal.len()).collect();
    while let Some(place) = waiting.pop() {
        let table = scope.sources().get(place).and_then(|source| source.table);
        let (Some(table), Some(own)) = (table, equal.get(place)) else {
            continue;
        };
        if fixed.contains(&place) {
            continue;
        }
        let given: HashSet<&str> = own
            .iter()
            .filter(|equal| equal.needs.iter().all(|need| fixed.contains(need)))
            .map(|equal| equal.name)
            .collect();
        let whole = |key: &&Index| key.columns().iter().all(|c| given.contains(c.as_str()));
        let mut unique = table.indexes().iter().filter(|index| index.is_unique());
        if unique.clone().filter(whole).any(Index::is_key) {
            fixed.insert(place);
            let after = followers.get_mut(place).map(std::mem::take);
            waiting.extend(after.into_iter().flatten());
        } else if unique.any(|key| whole(&key)) {
            perhaps.insert(place);
        }
    }
    let perhaps = perhaps.difference(&fixed).next().is_some();
    (fixed, perhaps)
}

/// The sources of which a value takes columns; `None` where it may be another for each row all the same.
fn needed(value: &Expr, scope: &Scope<'_>) -> Option<Vec<usize>> {
    let mut queries = HasQuery(false);
    walk_expr(value, &mut queries);
    if queries.0 {
        return None;
    }
    let mut needs = Vec::new();
    for column in Columns::of(value) {
        match scope.find(&column.parts) {
            Found::Column(_, Some(source)) => needs.push(source),
            Found::Column(_, None) | Found::Unknown => return None,
            // An outer query's.
            Found::Missing => {}
        }
    }
    Some(needs)
}

struct HasQuery(bool);

impl<'t> Visitor<'t> for HasQuery {
    fn query(&mut self, _: &'t Query) -> Descend {
        self.0 = true;
        Descend::Over
    }
}

/// A column of a source of this scope, by the place of the source.
fn column_of<'t>(expr: &'t Expr, scope: &Scope<'_>) -> Option<(usize, &'t str)> {
    let column = column_ref(expr)?;
    match scope.find(&column.parts) {
        Found::Column(_, Some(source)) => Some((source, column.parts.last()?.value())),
        _ => None,
    }
}

fn column_ref(expr: &Expr) -> Option<&ColumnRef> {
    match expr {
        Expr::Column(column) if !column.star => Some(column),
        Expr::Nested(inner) => column_ref(inner),
        _ => None,
    }
}

/// The sides of a comparison, tuples part by part.
fn pairs<'t>(left: &'t Expr, right: &'t Expr) -> Vec<(&'t Expr, &'t Expr)> {
    match (unnested(left), unnested(right)) {
        (Expr::Tuple { values: a, .. }, Expr::Tuple { values: b, .. }) => a.iter().zip(b).collect(),
        (left, right) => vec![(left, right)],
    }
}

fn unnested(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => unnested(inner),
        _ => expr,
    }
}

/// A comparison that an index can serve: a column, and the source that the other side is a column of.
pub(super) struct Comparison<'t> {
    pub(super) source: usize,
    pub(super) column: &'t str,
    pub(super) with: Option<usize>,
}

/// What the conditions compare with something. What is not understood counts: it is rather silent.
pub(super) fn comparisons<'t>(conditions: &[&'t Expr], scope: &Scope<'_>) -> Vec<Comparison<'t>> {
    let mut compare = Compare {
        scope,
        found: Vec::new(),
    };
    for condition in conditions {
        compare.truth(condition);
        walk_expr(condition, &mut compare);
    }
    compare.found
}

struct Compare<'s, 'o, 't> {
    scope: &'s Scope<'o>,
    found: Vec<Comparison<'t>>,
}

/// Operators that an index of some kind serves.
const COMPARES: &[&str] = &["=", "<", ">", "<=", ">=", "@>", "<@", "?", "?|", "?&", "&&"];

impl<'t> Compare<'_, '_, 't> {
    /// A column that is a condition by itself.
    fn truth(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Column(_) => self.note(expr, None),
            Expr::Nested(operand)
            | Expr::Unary {
                operator: UnaryOperator::Not,
                operand,
            } => self.truth(operand),
            Expr::Logical { operands, .. } => operands.iter().for_each(|part| self.truth(part)),
            _ => {}
        }
    }

    fn note(&mut self, expr: &'t Expr, other: Option<&'t Expr>) {
        match expr {
            Expr::Nested(inner) => return self.note(inner, other),
            // A part of a document, which an inverted index finds.
            Expr::Binary {
                left,
                operator: BinaryOperator::Symbol("->" | "->>" | "#>" | "#>>"),
                ..
            } => return self.note(left, other),
            Expr::Tuple { values, .. } => {
                return values.iter().for_each(|value| self.note(value, None));
            }
            _ => {}
        }
        let Some((source, column)) = column_of(expr, self.scope) else {
            return;
        };
        let with = other
            .and_then(|other| column_of(other, self.scope))
            .map(|(with, _)| with)
            .filter(|with| *with != source);
        self.found.push(Comparison {
            source,
            column,
            with,
        });
    }
}

impl<'t> Visitor<'t> for Compare<'_, '_, 't> {
    fn query(&mut self, _: &'t Query) -> Descend {
        Descend::Over
    }

    fn expr(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Binary {
                left,
                operator: BinaryOperator::Symbol(symbol),
                right,
            } if COMPARES.contains(symbol) => {
                for (left, right) in pairs(left, right) {
                    self.note(left, Some(right));
                    self.note(right, Some(left));
                }
            }
            Expr::Binary {
                left,
                operator: BinaryOperator::Qualified(_),
                right,
            } => {
                self.note(left, None);
                self.note(right, None);
            }
            Expr::In {
                operand,
                negated: false,
                ..
            }
            | Expr::Between {
                operand,
                negated: false,
                ..
            }
            | Expr::Like {
                operand,
                negated: false,
                ..
            }
            | Expr::Is { operand, .. }
            | Expr::IsDistinctFrom { left: operand, .. }
            | Expr::Quantified {
                left: operand,
                operator: QuantifiedOperator::Binary(_),
                ..
            } => {
                self.note(operand, None);
                if let Expr::Quantified { right, .. } | Expr::IsDistinctFrom { right, .. } = expr {
                    self.note(right, None);
                }
            }
            _ => {}
        }
    }
}
