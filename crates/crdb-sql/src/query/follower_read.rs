//! Where `AS OF SYSTEM TIME` stands in a statement.
//!
//! Only tokens are read, so that a service without the parser has it too.

use crate::query::Staleness;
use crate::token::{Token, TokenKind, tokenize};

/// Keywords that end the list of tables, where the clause stands (`from_clause` in CockroachDB's grammar).
const AFTER_TABLES: [&str; 8] = [
    "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH",
];

/// Keywords that begin a statement which writes, behind a parenthesis or bracket.
const WRITES: [&str; 4] = ["INSERT", "UPSERT", "UPDATE", "DELETE"];

/// The statement with the clause, or why it cannot have one.
pub(crate) fn text(text: &str, staleness: Staleness) -> Result<String, &'static str> {
    let at = place(text)?;
    let (before, after) = text.split_at(at);
    let time = staleness.expression();
    Ok(format!("{before} AS OF SYSTEM TIME {time}{after}"))
}

/// Where the clause stands: behind the tables of a single SELECT.
fn place(text: &str) -> Result<usize, &'static str> {
    let tokens: Vec<Token> = tokenize(text)
        .filter(|token| !token.kind.is_trivia())
        .collect();
    let is = |at: usize, keyword: &str| {
        tokens
            .get(at)
            .is_some_and(|token| token.is_keyword(text, keyword))
    };
    if !is(0, "SELECT") && !is(0, "WITH") {
        return Err("only a SELECT can read the past");
    }
    let (mut depth, mut selects, mut from, mut end) = (0_usize, false, false, None);
    for (at, token) in tokens.iter().enumerate() {
        if token.is_symbol(text, ";") {
            return Err("only one statement at a time can read the past");
        }
        if is(at, "AS") && is(at + 1, "OF") && is(at + 2, "SYSTEM") {
            return Err("the statement has AS OF SYSTEM TIME already");
        }
        let opened = at.checked_sub(1).and_then(|before| tokens.get(before));
        let opened = opened.is_some_and(|t| t.is_symbol(text, "(") || t.is_symbol(text, "["));
        if opened && WRITES.iter().any(|keyword| is(at, keyword)) {
            return Err("a statement that writes cannot read the past");
        }
        if token.kind == TokenKind::Punctuation {
            match token.text(text) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            continue;
        }
        let field = at
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|before| before.is_symbol(text, "."));
        if depth > 0 || field {
            continue;
        }
        if is(at, "UNION") || is(at, "INTERSECT") || is(at, "EXCEPT") {
            return Err("in a statement of several SELECTs the clause must be written out");
        }
        if is(at, "FOR") {
            return Err("a statement that locks rows cannot read the past");
        }
        selects |= is(at, "SELECT");
        if WRITES.iter().any(|keyword| is(at, keyword)) && !selects {
            return Err("a statement that writes cannot read the past");
        }
        // `a IS DISTINCT FROM b` has no table.
        from |= selects && is(at, "FROM") && !is(at.wrapping_sub(1), "DISTINCT");
        if from && end.is_none() && AFTER_TABLES.iter().any(|keyword| is(at, keyword)) {
            end = tokens.get(at - 1).map(|last| last.span.end);
        }
    }
    if !from {
        return Err("a statement that reads no table has no past to read");
    }
    Ok(end.unwrap_or_else(|| tokens.last().map_or(text.len(), |last| last.span.end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clause_stands_behind_the_tables() {
        for (sql, wanted) in [
            ("SELECT a FROM t", "SELECT a FROM t|"),
            ("SELECT a FROM t -- all", "SELECT a FROM t| -- all"),
            (
                "SELECT a FROM t JOIN u ON t.a IS DISTINCT FROM u.a WHERE b = $1",
                "SELECT a FROM t JOIN u ON t.a IS DISTINCT FROM u.a| WHERE b = $1",
            ),
            (
                "SELECT a IS DISTINCT FROM b, extract(year FROM c) FROM t ORDER BY a",
                "SELECT a IS DISTINCT FROM b, extract(year FROM c) FROM t| ORDER BY a",
            ),
            (
                "WITH w AS (SELECT a FROM t WHERE b) SELECT a FROM w, (SELECT 1 LIMIT 1) AS x GROUP BY a",
                "WITH w AS (SELECT a FROM t WHERE b) SELECT a FROM w, (SELECT 1 LIMIT 1) AS x| GROUP BY a",
            ),
            (
                "SELECT \"FROM\", 'WHERE' FROM a.order /* WHERE */ LIMIT 1",
                "SELECT \"FROM\", 'WHERE' FROM a.order| /* WHERE */ LIMIT 1",
            ),
            (
                "SELECT a FROM t@{NO_FULL_SCAN} LIMIT 1",
                "SELECT a FROM t@{NO_FULL_SCAN}| LIMIT 1",
            ),
        ] {
            let at = place(sql).expect(sql);
            assert_eq!(format!("{}|{}", &sql[..at], &sql[at..]), wanted);
        }
    }

    #[test]
    fn what_has_no_past_is_told_why() {
        for (sql, why) in [
            ("SELECT 1", "reads no table"),
            ("SELECT a IS DISTINCT FROM b", "reads no table"),
            ("UPDATE t SET a = 1", "only a SELECT"),
            ("WITH w AS (SELECT 1) DELETE FROM t", "that writes"),
            (
                "WITH w AS (DELETE FROM t RETURNING a) SELECT a FROM w",
                "that writes",
            ),
            (
                "SELECT a FROM [INSERT INTO t VALUES (1) RETURNING a]",
                "that writes",
            ),
            ("SELECT a FROM t FOR UPDATE", "locks rows"),
            ("SELECT a FROM t UNION SELECT a FROM u", "several SELECTs"),
            ("SELECT a FROM t AS OF SYSTEM TIME '-1s'", "already"),
            ("SELECT a FROM t; SELECT 1", "one statement"),
        ] {
            let found = place(sql).expect_err(sql);
            assert!(found.contains(why), "{sql}: {found}");
        }
    }
}
