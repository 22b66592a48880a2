//! Queries that say `-- cache`.

use super::Report;
use super::statement::first_word;
use crate::dialect::ast::Statement;
use crate::problem::Code;
use crate::query::Query;
use crate::reuse::Dependencies;

/// An answer that cannot be kept is loaded each time, whatever the header says.
pub(super) fn check(query: &Query, statements: &[Statement], report: &mut Report<'_>) {
    let [statement] = statements else { return };
    if !query.says_cache() {
        return;
    }
    if let Err(why) = Dependencies::of_statement(statement) {
        report.add(
            Code::CacheWithoutEffect,
            first_word(statement.span, report),
            format!("its answers are never kept: {why}"),
            "pass what changes as a parameter, or leave `-- cache` out",
        );
    }
}
