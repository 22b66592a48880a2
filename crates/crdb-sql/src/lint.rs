//! Lints: what is accepted by a server and still wrong.
//!
//! They read tokens, so they also speak about statements that only a server can parse. Each has a [`Code`] that a
//! query's header can allow with `-- allow: CODE`.

mod parameter;
mod scan;
mod shape;
mod width;
mod write;

use crate::problem::{Code, Problem, Problems};
use crate::query::Query;
use crate::repository::Repository;
use crate::schema::Schema;
use crate::source::SourceFile;
use crate::statement::{self, scope::Scopes};
use crate::token::{Token, tokenize};

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
    let text = query.source_text();
    let tokens: Vec<Token> = tokenize(text).filter(|t| !t.kind.is_trivia()).collect();
    let mut report = Report {
        source: query.source(),
        offset: query.body().start,
        problems: Vec::new(),
    };
    let statements = statement::split(text);
    shape::several_statements(text, &statements, &mut report);
    for statement in &statements {
        let scopes = Scopes::new(text, statement);
        for scope in scopes.queries() {
            write::without_where(&scope, &mut report);
            shape::star(&scope, &mut report);
            shape::limit_without_order(&scope, &mut report);
            shape::offset(&scope, &mut report);
            for select in scope.selects() {
                scan::full_scan(&select, schema, &mut report);
            }
        }
    }
    width::implicit_int(text, &tokens, &mut report);
    parameter::inconsistent(query, text, &tokens, &mut report);
    let mut problems = report.problems;
    parameter::declared(query, &mut problems);
    problems.retain(|problem| !query.allowed().contains(&problem.code()));
    problems
        .into_iter()
        .map(|problem| problem.of_query(query.name()))
        .collect()
}

/// Where lints put what they find.
struct Report<'a> {
    source: &'a SourceFile,
    /// Where the statement begins in the file.
    offset: usize,
    problems: Vec<Problem>,
}

impl Report<'_> {
    fn add(&mut self, code: Code, token: &Token, message: impl Into<String>, help: &str) {
        let span = self.offset + token.span.start..self.offset + token.span.end;
        self.problems
            .push(Problem::at(code, self.source, span, message).help(help));
    }
}
