//! Full scans, as far as the schema shows them.
//!
//! A table is *reached* when an index begins with a column that the query compares with a value, or with a column of a
//! table that is reached itself.

use std::collections::HashSet;

use super::Report;
use super::condition::{Conditions, comparisons};
use crate::dialect::ast::{
    Distinct, Expr, FunctionArguments, IndexFlag, IndexHint, OrderTarget, Query, Select, SelectItem,
};
use crate::dialect::keyword::Keyword;
use crate::problem::Code;
use crate::resolve::{Found, Scope, Source, builtin_name};
use crate::schema::{Index, Table};

/// The sources of which all rows are read.
pub(super) fn missed<'s, 't>(
    scope: &'s Scope<'t>,
    conditions: &Conditions<'t>,
) -> Vec<(&'s Source<'t>, &'t Table)> {
    let sources = scope.sources();
    if conditions.natural || sources.iter().all(|source| source.table.is_none()) {
        return Vec::new();
    }
    // What is no table of the schema is small, or known elsewhere; whether a condition is what an index computes
    // is not understood.
    let mut reached: Vec<bool> = sources
        .iter()
        .map(|source| match source.table {
            Some(table) => !conditions.all.is_empty() && has_computed_index(table),
            None => true,
        })
        .collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); sources.len()];
    let mut waiting: Vec<usize> = Vec::new();
    let begins = |place: usize, column: &str| {
        let table = sources.get(place).and_then(|source| source.table);
        table.is_some_and(|table| {
            table
                .indexes()
                .iter()
                .any(|index| begins_with(index, column))
        })
    };
    for comparison in comparisons(&conditions.all, scope) {
        if begins(comparison.source, comparison.column) {
            match comparison.with.and_then(|with| followers.get_mut(with)) {
                Some(after) => after.push(comparison.source),
                None => waiting.push(comparison.source),
            }
        }
    }
    // A name of USING stands between the sources that have it: what reaches one of them reaches the name, and the name reaches
    // each that has an index on it. An edge from every source to every other would take the cube of the joins.
    let names: HashSet<&str> = conditions.using.iter().map(|name| name.value()).collect();
    for name in names {
        let node = followers.len();
        let mut after = Vec::new();
        let mut others = false;
        for (place, source) in sources.iter().enumerate() {
            match source.table {
                Some(table) if table.column(name).is_some() => {
                    if let Some(followers) = followers.get_mut(place) {
                        followers.push(node);
                    }
                    if begins(place, name) {
                        after.push(place);
                    }
                }
                Some(_) => {}
                None => others = true,
            }
        }
        if others {
            waiting.extend(&after);
        }
        followers.push(after);
    }
    waiting.extend((0..sources.len()).filter(|place| reached.get(*place) == Some(&true)));
    while let Some(place) = waiting.pop() {
        if let Some(reached) = reached.get_mut(place) {
            *reached = true;
        }
        let after = followers.get_mut(place).map(std::mem::take);
        waiting.extend(after.into_iter().flatten());
    }
    let all = sources.iter().zip(&reached);
    all.filter(|(_, reached)| !**reached)
        .filter_map(|(source, _)| Some((source, source.table?)))
        .collect()
}

/// Says that tables are read whole.
pub(super) fn report(missed: &[(&Source<'_>, &Table)], report: &mut Report<'_>) {
    let Some((first, _)) = missed.first() else {
        return;
    };
    let names: Vec<String> = missed
        .iter()
        .map(|(_, table)| format!("`{}`", table.name()))
        .collect();
    let message = format!(
        "reads all of {}: no index begins with a column that the query compares",
        names.join(", ")
    );
    report.add(
        Code::FullScan,
        first.span,
        message,
        "compare an indexed column, add an index, or `-- allow: full_scan` where all rows are wanted",
    );
}

/// Says that what is read whole is locked whole.
pub(super) fn report_lock(missed: &[(&Source<'_>, &Table)], report: &mut Report<'_>) {
    if let Some((first, table)) = missed.first() {
        let message = format!(
            "locks every row of `{}` that it reads, also those that it does not return",
            table.name()
        );
        report.add(
            Code::LockWithoutIndex,
            first.span,
            message,
            "compare an indexed column, so that only the rows that are wanted are read",
        );
    }
}

fn begins_with(index: &Index, column: &str) -> bool {
    index.columns().first().is_some_and(|first| first == column)
}

/// Whether an index begins with an expression.
fn has_computed_index(table: &Table) -> bool {
    let indexes = table.indexes();
    indexes.iter().any(|index| index.columns().is_empty())
}

/// Whether a scan of a single table ends early, or is meant: it stops at LIMIT, it takes the first or last entry of an
/// index, or a hint has the server refuse it.
pub(super) fn ends_early(select: &Select, query: Option<&Query>, scope: &Scope<'_>) -> bool {
    let [source] = scope.sources() else {
        return false;
    };
    let Some(table) = source.table else {
        return false;
    };
    if refuses_scan(select) {
        return true;
    }
    let in_order = |expr: &Expr| match expr {
        Expr::Column(column) => {
            let name = column.parts.last().map_or("", |name| name.value());
            matches!(scope.find(&column.parts), Found::Column(..))
                && table
                    .indexes()
                    .iter()
                    .any(|index| !index.is_inverted() && begins_with(index, name))
        }
        _ => false,
    };
    let limited = query.is_some_and(super::limit::limits);
    let plain = select.group_by.is_empty()
        && matches!(select.distinct, Distinct::None | Distinct::All)
        && !select.items.iter().any(is_call);
    match query.and_then(|query| query.order_by.first()) {
        Some(first) => match &first.target {
            OrderTarget::Expr(expr) => limited && in_order(expr),
            OrderTarget::PrimaryKey(_) | OrderTarget::Index { .. } => limited,
        },
        None if limited && plain && select.filter.is_none() => true,
        None => select.filter.is_none() && select.group_by.is_empty() && ends(select, in_order),
    }
}

fn is_call(item: &SelectItem) -> bool {
    matches!(item, SelectItem::Expr { expr: Expr::Function(call), .. } if crate::resolve::is_aggregate(call) || call.over.is_some())
}

/// Whether all items are the least or the greatest value of an index.
fn ends(select: &Select, in_order: impl Fn(&Expr) -> bool) -> bool {
    let mut items = select.items.iter();
    !select.items.is_empty()
        && items.all(|item| match item {
            SelectItem::Expr {
                expr: Expr::Function(call),
                ..
            } if call.over.is_none() && call.filter.is_none() => {
                matches!(builtin_name(call), Some("min" | "max"))
                    && matches!(&call.arguments, FunctionArguments::List(values)
                        if matches!(values.as_slice(), [value] if in_order(value)))
            }
            _ => false,
        })
}

/// Whether the table has the hint that makes a full scan an error.
fn refuses_scan(select: &Select) -> bool {
    use crate::dialect::ast::{TableRef, TableSourceKind};
    select.from.iter().any(|table| match table {
        TableRef::Source(source) => match &source.kind {
            TableSourceKind::Table(table) => match &table.hint {
                Some(IndexHint::Flags(flags)) => {
                    flags.contains(&IndexFlag::Word(Keyword::NO_FULL_SCAN))
                }
                _ => false,
            },
            _ => false,
        },
        TableRef::Join(_) => false,
    })
}
