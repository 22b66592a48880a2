//! Shapes of statements that surprise later.

use super::Report;
use crate::problem::Code;
use crate::statement::identifier;
use crate::statement::scope::{Part, Scope};
use crate::token::{Token, TokenKind};

pub(super) fn several_statements(text: &str, statements: &[Vec<Token>], report: &mut Report<'_>) {
    if let Some(second) = statements.get(1).and_then(|tokens| tokens.first()) {
        report.add(
            Code::SeveralStatements,
            second,
            "a second statement begins here; a server prepares one at a time",
            "give each statement its own `-- name:`, and run them in a transaction",
        );
    }
    let is_ddl = |statement: &Vec<Token>| {
        let first = statement.first();
        let words = ["create", "alter", "drop", "truncate", "comment"];
        first.is_some_and(|t| words.iter().any(|word| t.is_keyword(text, word)))
    };
    let ddl = statements.iter().find(|statement| is_ddl(statement));
    let data = statements.iter().any(|statement| !is_ddl(statement));
    if let Some(first) = ddl.and_then(|ddl| ddl.first()).filter(|_| data) {
        report.add(
            Code::MixedDdl,
            first,
            "a schema change stands beside data; CockroachDB may commit one without the other",
            "run schema changes on their own, as migrations",
        );
    }
}

/// `*` as an item of a select list or of RETURNING.
pub(super) fn star(scope: &Scope<'_>, report: &mut Report<'_>) {
    for select in scope.selects() {
        if !scope.is_exists() && !reads_named_columns(&select) {
            star_of(&select, report);
        }
    }
}

fn star_of(scope: &Scope<'_>, report: &mut Report<'_>) {
    let text = scope.text();
    let mut in_list = false;
    let mut previous: Option<&Token> = None;
    for part in scope.parts() {
        let Part::Token(token) = part else {
            previous = None;
            continue;
        };
        if token.is_keyword(text, "select") || token.is_keyword(text, "returning") {
            in_list = true;
        } else if token.is_keyword(text, "from") || token.is_keyword(text, "where") {
            in_list = false;
        } else if in_list && token.is_symbol(text, "*") && begins_item(previous, text) {
            report.add(
                Code::SelectStar,
                token,
                "`*` changes what the query returns when the table changes",
                "name the columns",
            );
            return;
        }
        previous = Some(token);
    }
}

/// Whether all that a SELECT reads are subqueries and WITH's names: their columns are written in the statement itself, where a
/// `*` over a table is found.
fn reads_named_columns(select: &Scope<'_>) -> bool {
    let text = select.text();
    let reads = select
        .verb()
        .is_some_and(|verb| verb.is_keyword(text, "select"));
    let mut from_seen = false;
    let mut parts = select.parts().iter().peekable();
    while let Some(part) = parts.next() {
        let Part::Token(token) = part else { continue };
        let is = |words: &[&str]| words.iter().any(|word| token.is_keyword(text, word));
        if from_seen
            && is(&[
                "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for",
            ])
        {
            break;
        }
        let begins = is(&["from"]) || from_seen && (is(&["join"]) || token.is_symbol(text, ","));
        if !begins {
            continue;
        }
        from_seen = true;
        parts.next_if(|next| matches!(next, Part::Token(t) if t.is_keyword(text, "lateral")));
        let named = match parts.peek() {
            Some(Part::Group(group)) => select.group(*group).0.verb().is_some(),
            Some(Part::Token(name)) => {
                identifier(name, text).is_some_and(|name| select.is_common_table(&name))
            }
            None => false,
        };
        if !named {
            return false;
        }
    }
    reads && from_seen
}

/// Whether a `*` after this token stands for columns, and not for a multiplication.
fn begins_item(previous: Option<&Token>, text: &str) -> bool {
    previous.is_some_and(|token| {
        token.is_symbol(text, ",")
            || token.is_symbol(text, ".")
            || ["select", "distinct", "all", "returning"]
                .iter()
                .any(|word| token.is_keyword(text, word))
    })
}

pub(super) fn limit_without_order(scope: &Scope<'_>, report: &mut Report<'_>) {
    let text = scope.text();
    let reads = scope
        .verb()
        .is_some_and(|verb| verb.is_keyword(text, "select"));
    let ordered = {
        let mut tokens = scope.tokens().peekable();
        let mut found = false;
        while let Some(token) = tokens.next() {
            found |= token.is_keyword(text, "order")
                && tokens
                    .peek()
                    .is_some_and(|next| next.is_keyword(text, "by"));
        }
        found
    };
    // Without FROM there is one row.
    let many = scope.find("from").is_some();
    if let Some(limit) = limit(scope).filter(|_| reads && many && !ordered && !scope.is_exists()) {
        report.add(
            Code::LimitWithoutOrder,
            limit,
            "LIMIT without ORDER BY returns any of the rows, others each time",
            "add an ORDER BY that decides, down to a unique column",
        );
    }
}

/// LIMIT or FETCH where it limits: no column of that name, and not LIMIT ALL.
fn limit<'a>(scope: &Scope<'a>) -> Option<&'a Token> {
    let text = scope.text();
    let mut previous: Option<&Token> = None;
    let mut tokens = scope.tokens().peekable();
    while let Some(token) = tokens.next() {
        let column = previous.is_some_and(|before| before.is_symbol(text, "."));
        let boundless = tokens
            .peek()
            .is_some_and(|next| next.is_keyword(text, "all") || next.is_keyword(text, "null"));
        let limits = token.is_keyword(text, "limit") || token.is_keyword(text, "fetch");
        if limits && !column && !boundless {
            return Some(token);
        }
        previous = Some(token);
    }
    None
}

pub(super) fn offset(scope: &Scope<'_>, report: &mut Report<'_>) {
    let text = scope.text();
    let mut parts = scope.parts().iter().peekable();
    let mut from_seen = false;
    while let Some(part) = parts.next() {
        let Part::Token(token) = part else { continue };
        from_seen |= token.is_keyword(text, "from");
        let skips = parts.peek().is_some_and(|next| match next {
            Part::Group(_) => true,
            Part::Token(next) => {
                next.text(text) != "0"
                    && matches!(
                        next.kind,
                        TokenKind::Number
                            | TokenKind::NamedParameter
                            | TokenKind::PositionalParameter
                    )
            }
        });
        // Without FROM there is nothing to page through, and a column may be called offset.
        if from_seen && skips && token.is_keyword(text, "offset") {
            report.add(
                Code::OffsetPagination,
                token,
                "OFFSET reads and throws away every row before the page",
                "continue after the last key instead: `WHERE (a, id) > (:a, :id) ORDER BY a, id LIMIT :n`",
            );
        }
    }
}
