//! Tables that are locked against schema changes (`schema_locked`). Pure.

use super::settings::parse_boolean;
use super::tokens::{Token, TokenKind};

/// What a statement does to a table's definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Alteration {
    /// `CREATE TABLE`, with the `schema_locked` that it asks for.
    Create { table: String, locked: Option<bool> },
    /// `ALTER TABLE .. SET (schema_locked = ..)`.
    Lock { table: String, locked: bool },
    /// Any other change. A statement of its own unlocks the table for most of them.
    Change { table: String, unlocks: bool },
    /// `DROP TABLE`.
    Drop { table: String },
}

/// Reads what a statement does to a table's definition.
pub(super) fn alteration(statement: &[Token<'_>]) -> Option<Alteration> {
    let is = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.is(word));
    let position = |word: &str| statement.iter().position(|token| token.is(word));
    if is(0, "create") && position("index").is_some_and(|at| at <= 2) {
        let (table, _) = name(&statement[position("on")? + 1..])?;
        return Some(Alteration::Change {
            table,
            unlocks: true,
        });
    }
    let at = position("table").filter(|at| *at <= 2)?;
    let rest = &statement[at + 1..];
    let rest = match rest {
        [r#if, exists, rest @ ..] if r#if.is("if") && exists.is("exists") => rest,
        [r#if, not, exists, rest @ ..] if r#if.is("if") && not.is("not") && exists.is("exists") => {
            rest
        }
        rest => rest,
    };
    let (table, rest) = name(rest)?;
    match statement.first()?.name().as_str() {
        "create" => Some(Alteration::Create {
            table,
            locked: asked(statement),
        }),
        "drop" => Some(Alteration::Drop { table }),
        "alter" => Some(match asked(statement) {
            Some(locked) => Alteration::Lock { table, locked },
            None => Alteration::Change {
                unlocks: !by_hand(rest),
                table,
            },
        }),
        _ => None,
    }
}

/// Changes for which the table has to be unlocked by hand.
fn by_hand(rest: &[Token<'_>]) -> bool {
    let is = |at: usize, word: &str| rest.get(at).is_some_and(|token| token.is(word));
    let constraint = ["constraint", "check", "foreign", "unique", "primary"]
        .iter()
        .any(|word| is(1, word));
    ((is(0, "add") || is(0, "drop")) && constraint)
        || (is(0, "set") && is(1, "locality"))
        || is(0, "experimental_audit")
}

/// The `schema_locked` that a statement asks for.
fn asked(statement: &[Token<'_>]) -> Option<bool> {
    let at = statement
        .iter()
        .position(|token| token.is("schema_locked"))?;
    let value = statement
        .get(at + 2)
        .filter(|_| statement[at + 1].is_symbol("="));
    value.map_or(Some(true), |value| {
        parse_boolean(value.text.trim_matches('\''))
    })
}

/// A name, of which only the last part counts, and what follows it.
fn name<'s, 't>(tokens: &'s [Token<'t>]) -> Option<(String, &'s [Token<'t>])> {
    let mut at = 0;
    while tokens.get(at + 1).is_some_and(|token| token.is_symbol(".")) {
        at += 2;
    }
    let token = tokens.get(at)?;
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedName)
        .then(|| (token.name(), &tokens[at + 1..]))
}

/// Where `WITH (schema_locked = ..)` stands in a CREATE TABLE, which PostgreSQL does not know.
pub(super) fn with_clause(statement: &[Token<'_>]) -> Option<(usize, usize)> {
    statement.windows(6).find_map(|tokens| {
        let [with, open, name, equals, _, close] = tokens else {
            return None;
        };
        let found = with.is("with")
            && open.is_symbol("(")
            && name.is("schema_locked")
            && equals.is_symbol("=")
            && close.is_symbol(")");
        found.then(|| (with.start, close.end()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tokens::statements;
    use super::*;

    #[test]
    fn what_is_done_to_a_table_is_known() {
        let change = |unlocks| {
            Some(Alteration::Change {
                table: "t".to_owned(),
                unlocks,
            })
        };
        for (sql, expected) in [
            ("ALTER TABLE t ADD COLUMN a INT8", change(true)),
            (
                "ALTER TABLE IF EXISTS public.t ADD CONSTRAINT c CHECK (a > 0)",
                change(false),
            ),
            ("ALTER TABLE t DROP CONSTRAINT c", change(false)),
            ("ALTER TABLE t SET LOCALITY GLOBAL", change(false)),
            ("CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a)", change(true)),
            ("CREATE INDEX ON a.b.t (a)", change(true)),
            (
                "ALTER TABLE t SET (schema_locked = false)",
                Some(Alteration::Lock {
                    table: "t".to_owned(),
                    locked: false,
                }),
            ),
            (
                "CREATE TABLE IF NOT EXISTS t (a INT8) WITH (schema_locked = true)",
                Some(Alteration::Create {
                    table: "t".to_owned(),
                    locked: Some(true),
                }),
            ),
            (
                "CREATE TABLE \"T\" (a INT8)",
                Some(Alteration::Create {
                    table: "T".to_owned(),
                    locked: None,
                }),
            ),
            (
                "DROP TABLE t",
                Some(Alteration::Drop {
                    table: "t".to_owned(),
                }),
            ),
            ("DROP INDEX i", None),
            ("SELECT 1", None),
        ] {
            assert_eq!(alteration(&statements(sql)[0]), expected, "{sql}");
        }
    }
}
