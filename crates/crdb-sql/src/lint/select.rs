//! Lints that need to know what the names in a statement stand for.

use std::collections::HashSet;

use super::condition::Conditions;
use super::words::Words;
use super::{Report, limit, scan};
use crate::dialect::Span;
use crate::dialect::ast::{
    Expr, Ident, Query, QueryBody, Returning, Select, SelectItem, Statement, StatementKind,
};
use crate::dialect::keyword::Keyword;
use crate::problem::Code;
use crate::resolve::{Observer, Scope};
use crate::schema::Schema;

/// Looks at each select and each write of a statement.
pub(super) struct Selects<'t, 'r, 'q> {
    schema: &'t Schema,
    words: &'r Words,
    report: &'r mut Report<'q>,
    /// The selects of which EXISTS asks only whether there are rows.
    tested: HashSet<*const Select>,
}

impl<'t, 'r, 'q> Selects<'t, 'r, 'q> {
    pub(super) fn new(schema: &'t Schema, words: &'r Words, report: &'r mut Report<'q>) -> Self {
        Self {
            schema,
            words,
            report,
            tested: HashSet::new(),
        }
    }

    fn star(&mut self, items: &[SelectItem]) {
        let star = items.iter().find_map(|item| match item {
            SelectItem::Star(span) => Some(*span),
            SelectItem::Expr {
                expr: Expr::Column(column),
                ..
            } if column.star => Some(Span::new(
                column.span.end.saturating_sub(1),
                column.span.end,
            )),
            SelectItem::Expr { .. } => None,
        });
        if let Some(span) = star {
            self.report.add(
                Code::SelectStar,
                span,
                "`*` changes what the query returns when the table changes",
                "name the columns",
            );
        }
    }

    fn without_filter(&mut self, code: Code, verb: Keyword, table: Span) {
        let Some(span) = self.words.before(table.start, verb) else {
            return;
        };
        let what = match verb {
            Keyword::UPDATE => "UPDATE without WHERE changes every row",
            _ => "DELETE without WHERE removes every row",
        };
        let help = format!("add a WHERE, or `-- allow: {code}` to the header");
        self.report.add(code, span, what, help);
    }

    /// LIMIT and OFFSET of a query.
    fn bounds(&mut self, query: &Query, many: bool, any_rows: bool) {
        if many
            && !any_rows
            && query.order_by.is_empty()
            && limit::limits(query)
            && let Some(span) = self
                .words
                .last(query.span, &[Keyword::LIMIT, Keyword::FETCH])
        {
            self.report.add(
                Code::LimitWithoutOrder,
                span,
                "LIMIT without ORDER BY returns any of the rows, others each time",
                "add an ORDER BY that decides, down to a unique column",
            );
        }
        if many
            && limit::skips(query)
            && let Some(span) = self.words.last(query.span, &[Keyword::OFFSET])
        {
            self.report.add(
                Code::OffsetPagination,
                span,
                "OFFSET reads and throws away every row before the page",
                "continue after the last key instead: `WHERE (a, id) > (:a, :id) ORDER BY a, id LIMIT :n`",
            );
        }
    }
}

impl<'t> Observer<'t> for Selects<'t, '_, '_> {
    fn exists(&mut self, query: &'t Query) {
        let mut waiting = vec![&query.body];
        while let Some(body) = waiting.pop() {
            match body {
                QueryBody::Select(select) => {
                    self.tested.insert(std::ptr::from_ref(&**select));
                }
                QueryBody::Nested(inner) => waiting.push(&inner.body),
                QueryBody::SetOperation { left, right, .. } => waiting.extend([&**left, &**right]),
                _ => {}
            }
        }
    }

    fn query(&mut self, query: &'t Query) {
        let mut body = &query.body;
        let mut any = false;
        loop {
            match body {
                QueryBody::SetOperation { left, .. } => body = left,
                QueryBody::Nested(inner) => {
                    // The order inside holds for a query that stands alone in parentheses.
                    any |= !inner.order_by.is_empty();
                    body = &inner.body;
                }
                QueryBody::Select(select) => {
                    any |= self.tested.contains(&std::ptr::from_ref(&**select));
                    let many = !select.from.is_empty();
                    return self.bounds(query, many, any);
                }
                QueryBody::Table(_) => return self.bounds(query, true, any),
                QueryBody::Values(_) => return,
            }
        }
    }

    fn select(&mut self, select: &'t Select, query: Option<&'t Query>, scope: &Scope<'t>) {
        let tested = self.tested.contains(&std::ptr::from_ref(select));
        let named = !scope.sources().is_empty() && scope.sources().iter().all(|s| s.derived);
        if !tested && !named {
            self.star(&select.items);
        }
        let conditions = Conditions::of(&select.from, select.filter.iter().chain(&select.having));
        if let Some(query) = query {
            let many = !select.from.is_empty();
            let any_rows = tested
                || (limit::limits(query) && limit::any_rows_do(select, query, scope, &conditions));
            self.bounds(query, many, any_rows);
            if let Some(time) = &select.as_of
                && !query.locking.is_empty()
            {
                let span = super::span_of(time)
                    .or_else(|| self.words.last(query.span, &[Keyword::FOR]))
                    .unwrap_or(select.span);
                self.report.add(
                    Code::LockInThePast,
                    span,
                    "what is read in the past cannot be locked: CockroachDB refuses it",
                    "leave out AS OF SYSTEM TIME, or FOR UPDATE",
                );
            }
        }
        let missed = scan::missed(scope, &conditions);
        if missed.is_empty() || scan::ends_early(select, query, scope) {
            return;
        }
        scan::report(&missed, self.report);
        if query.is_some_and(|query| !query.locking.is_empty()) {
            scan::report_lock(&missed, self.report);
        }
    }

    fn write(&mut self, statement: &'t Statement, scope: &Scope<'t>) {
        let (returning, from, filter) = match &statement.kind {
            StatementKind::Insert(insert) => {
                if let Some(Returning::Items(items)) = &insert.returning {
                    self.star(items);
                }
                return;
            }
            StatementKind::Update(update) => {
                // With a LIMIT it is one batch of many, which CockroachDB's sql_safe_updates lets pass too.
                if update.filter.is_none() && update.limit.is_none() {
                    let table = update.table.span;
                    self.without_filter(Code::UpdateWithoutWhere, Keyword::UPDATE, table);
                }
                (&update.returning, &update.from, &update.filter)
            }
            StatementKind::Delete(delete) => {
                if delete.filter.is_none() && delete.limit.is_none() && delete.batch.is_none() {
                    let table = delete.table.span;
                    self.without_filter(Code::DeleteWithoutWhere, Keyword::DELETE, table);
                }
                (&delete.returning, &delete.using, &delete.filter)
            }
            _ => return,
        };
        if let Some(Returning::Items(items)) = returning {
            self.star(items);
        }
        let missed = scan::missed(scope, &Conditions::of(from, filter));
        scan::report(&missed, self.report);
    }

    fn missing(&mut self, name: &'t Ident, known: &mut dyn Iterator<Item = &'t str>) {
        // Comparing a name with all others takes long where there are many of both.
        if self.schema.is_empty() || self.report.has_enough(Code::UnknownColumn) {
            return;
        }
        let near = crate::name::nearest(name.value(), known);
        let help = match near.first() {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                "no table of the statement has it, as far as the schema's files tell".to_owned()
            }
        };
        let message = format!("there is no column `{}`", name.value());
        self.report
            .add(Code::UnknownColumn, name.span(), message, help);
    }

    fn integer_division(&mut self, operand: &'t Expr) {
        if let Some(span) = super::span_of(operand) {
            self.report.add(
                Code::IntegerDivision,
                span,
                "`/` between integers gives a DECIMAL on CockroachDB and cuts to an integer on PostgreSQL",
                "cast one side to DECIMAL, or write `div(a, b)` for a whole number",
            );
        }
    }
}
