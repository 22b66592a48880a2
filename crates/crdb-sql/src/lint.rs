//! Lints: what is accepted by a server and still wrong.
//!
//! They look at the tree, and say nothing about a statement that the dialect does not know. Each has a [`Code`] that a
//! query's header can allow with `-- allow: CODE`. A lint says nothing where it cannot know.

mod cached;
mod condition;
mod definition;
mod limit;
mod parameter;
mod scan;
mod select;
mod statement;
mod words;

use crate::dialect::ast::{Expr, Statement};
use crate::dialect::visit::{Visitor, walk_expr};
use crate::dialect::{self, Span};
use crate::placeholder::Places;
use crate::problem::{Code, Problem, Problems};
use crate::query::Query;
use crate::repository::Repository;
use crate::resolve::Resolver;
use crate::schema::Schema;
use select::Selects;
use words::Words;

/// Lints every query of a repository.
///
/// Without a schema (an empty one) the lints that need one say nothing.
#[must_use]
pub fn lint(repository: &Repository, schema: &Schema) -> Problems {
    Problems::new(
        repository
            .iter()
            .flat_map(|query| found(query, schema))
            .collect(),
    )
}

/// Lints one query.
#[must_use]
pub fn lint_query(query: &Query, schema: &Schema) -> Problems {
    Problems::new(found(query, schema))
}

fn found(query: &Query, schema: &Schema) -> Vec<Problem> {
    let mut report = Report::new(query);
    if let Ok(statements) = dialect::parse(query.text()) {
        tree(&statements, query, schema, &mut report);
    }
    let mut problems = report.problems;
    parameter::declared(query, &mut problems);
    problems.retain(|problem| !query.allowed().contains(&problem.code()));
    problems
        .into_iter()
        .map(|problem| problem.of_query(query.name()))
        .collect()
}

fn tree(statements: &[Statement], query: &Query, schema: &Schema, report: &mut Report<'_>) {
    let words = Words::of(query.text());
    statement::several(statements, report);
    cached::check(query, statements, report);
    definition::check(statements, query.text(), schema, report);
    parameter::inconsistent(query, statements, report);
    for statement in statements {
        let selects = Selects::new(schema, &words, report);
        let mut resolver = Resolver::new(schema, selects);
        resolver.statement(statement);
        statement::check(statement, schema, report);
    }
}

/// A lint that finds more than this in one query has said enough.
const MOST_OF_A_KIND: usize = 20;

/// Where lints put what they find.
struct Report<'a> {
    query: &'a Query,
    places: Option<Places>,
    problems: Vec<Problem>,
}

impl<'a> Report<'a> {
    fn new(query: &'a Query) -> Self {
        Self {
            query,
            places: None,
            problems: Vec::new(),
        }
    }

    /// What stands in the file where the query's text has `span`.
    fn in_file(&mut self, span: Span) -> &'a str {
        let source = self.query.source_text();
        let range = self.place(span);
        source.get(range).unwrap_or("")
    }

    /// The place in the statement's source of a place in the query's text.
    fn place(&mut self, span: Span) -> std::ops::Range<usize> {
        let source = self.query.source_text();
        let places = self.places.get_or_insert_with(|| Places::of(source));
        let range = span.range();
        places.in_source(range.start)..places.in_source(range.end)
    }

    /// Whether nothing more of this kind is added.
    fn has_enough(&self, code: Code) -> bool {
        let same = self
            .problems
            .iter()
            .filter(|problem| problem.code() == code);
        same.count() >= MOST_OF_A_KIND
    }

    /// `span` is a place in the query's text.
    fn add(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        if self.has_enough(code) {
            return;
        }
        let place = self.place(span);
        let offset = self.query.body().start;
        let place = offset + place.start..offset + place.end;
        self.problems
            .push(Problem::at(code, self.query.source(), place, message).help(help));
    }
}

/// Where an expression stands, as far as something in it says so.
fn span_of(expr: &Expr) -> Option<Span> {
    #[derive(Default)]
    struct First(Option<Span>);
    impl<'t> Visitor<'t> for First {
        fn expr(&mut self, expr: &'t Expr) {
            if self.0.is_some() {
                return;
            }
            self.0 = match expr {
                Expr::Column(column) => Some(column.span),
                Expr::Placeholder(placeholder) => Some(placeholder.span()),
                Expr::Function(function) => Some(function.name.span()),
                _ => None,
            };
        }
    }
    let mut first = First::default();
    walk_expr(expr, &mut first);
    first.0
}
