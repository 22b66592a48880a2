//! LIMIT and OFFSET: whether the rows that are left out matter.

use super::condition::Conditions;
use crate::dialect::ast::{Expr, Limit, Literal, LockWait, Query, Select, SelectItem};
use crate::dialect::visit::{Descend, Visitor, walk_expr};
use crate::resolve::{Scope, is_aggregate, is_scalar};

/// Whether a query leaves out rows after some number.
pub(super) fn limits(query: &Query) -> bool {
    match &query.limit {
        None | Some(Limit::All) => false,
        Some(Limit::Count(count) | Limit::Fetch(Some(count))) => {
            !matches!(count, Expr::Literal(Literal::Null)) && !is_zero(count)
        }
        Some(Limit::Fetch(None)) => true,
    }
}

/// Whether a query leaves out rows at the beginning.
pub(super) fn skips(query: &Query) -> bool {
    query
        .offset
        .as_ref()
        .is_some_and(|offset| !is_zero(&offset.count))
}

fn is_zero(count: &Expr) -> bool {
    matches!(count, Expr::Literal(Literal::Integer(number)) if &**number == "0")
}

/// Whether it may be that any of the rows is as good as another, so that no order is needed.
pub(super) fn any_rows_do<'t>(
    select: &'t Select,
    query: &'t Query,
    scope: &Scope<'t>,
    conditions: &Conditions<'t>,
) -> bool {
    let takes_free_rows = query
        .locking
        .iter()
        .any(|locking| locking.wait == LockWait::Skip);
    takes_free_rows
        || is_constant(select)
        || is_summed_up(select)
        || conditions.leave_one_row(scope) != Some(false)
}

/// Whether all rows are equal: `SELECT 1 FROM t LIMIT 1` asks whether there is one.
fn is_constant(select: &Select) -> bool {
    let mut names = Names::default();
    for item in &select.items {
        match item {
            SelectItem::Star(_) => return false,
            SelectItem::Expr { expr, .. } => walk_expr(expr, &mut names),
        }
    }
    !names.column && !names.unknown && !names.query
}

/// Whether the rows may be summed up into one.
fn is_summed_up(select: &Select) -> bool {
    let mut names = Names::default();
    for item in &select.items {
        match item {
            SelectItem::Star(_) => return false,
            SelectItem::Expr { expr, .. } => {
                // A column by itself has a value for each row.
                if matches!(expr, Expr::Column(_)) {
                    return false;
                }
                walk_expr(expr, &mut names);
            }
        }
    }
    select.group_by.is_empty() && (names.aggregate || names.unknown)
}

/// What stands in expressions, outside their subqueries.
#[derive(Default)]
struct Names {
    column: bool,
    query: bool,
    aggregate: bool,
    /// A function of which it is not known what it makes of rows.
    unknown: bool,
}

impl<'t> Visitor<'t> for Names {
    fn query(&mut self, _: &'t Query) -> Descend {
        self.query = true;
        Descend::Over
    }

    fn expr(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Column(_) => self.column = true,
            Expr::Function(function) => {
                self.aggregate |= is_aggregate(function);
                self.unknown |= !is_scalar(function) && function.over.is_none();
            }
            _ => {}
        }
    }
}
