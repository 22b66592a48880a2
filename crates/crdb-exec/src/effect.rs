//! What a statement's text says about its effect: whether it only reads, takes effect as a whole or not at all, and
//! whether it can end the transaction that it runs in.
//!
//! Every question is answered for the worse when the text does not say: an unknown first word may commit. The text is looked
//! at only after a failure, or where no ReadyForQuery told the transaction's status.

use crdb_sql::token::{TokenKind, tokenize};

/// What a statement outside a transaction can have done when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// It reads, and changes nothing.
    Read,
    /// It takes effect as a whole or not at all.
    Atomic,
    /// It may commit part of its work before it fails: `CALL` and `DO` run a COMMIT of their own, `VACUUM` and
    /// `CREATE INDEX CONCURRENTLY` are several transactions.
    Partial,
}

impl Effect {
    /// The effect that a statement of this text can have.
    ///
    /// ```
    /// use crdb_exec::Effect;
    ///
    /// assert_eq!(Effect::of("SELECT count(*) FROM t"), Effect::Read);
    /// assert_eq!(Effect::of("INSERT INTO t VALUES (1)"), Effect::Atomic);
    /// assert_eq!(Effect::of("CALL rebuild()"), Effect::Partial);
    /// ```
    #[must_use]
    pub fn of(text: &str) -> Self {
        let words = words(text);
        match words.first() {
            Some(first) if first.is_any(READING) && only_reads(&words) => Self::Read,
            Some(first) if first.is_any(ATOMIC) => Self::Atomic,
            Some(first) if first.is_any(DEFINING) => {
                let parts = words.iter().any(|word| word.is_any(IN_PARTS));
                if parts { Self::Partial } else { Self::Atomic }
            }
            _ => Self::Partial,
        }
    }
}

const READING: &[&str] = &["SELECT", "VALUES", "TABLE", "SHOW", "WITH"];
const ATOMIC: &[&str] = &[
    "SELECT", "VALUES", "TABLE", "SHOW", "WITH", "INSERT", "UPDATE", "DELETE", "UPSERT", "MERGE",
    "EXPLAIN", "TRUNCATE", "COPY", "SET", "RESET",
];
const DEFINING: &[&str] = &["CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "COMMENT"];
const IN_PARTS: &[&str] = &[
    "CONCURRENTLY",
    "DATABASE",
    "TABLESPACE",
    "SUBSCRIPTION",
    "SYSTEM",
];

/// Words that write, or lock, wherever they stand in a query.
const WRITING: &[&str] = &[
    "INSERT", "UPDATE", "DELETE", "UPSERT", "MERGE", "INTO", "CALL", "EXECUTE",
];

/// What may stand before a `(` in a query that only reads: words of the grammar, and functions that change nothing. Any
/// other name may be a function of the user's own, which may write.
const READING_BEFORE_BRACKET: &[&str] = &[
    "SELECT",
    "VALUES",
    "WITH",
    "AS",
    "IN",
    "ANY",
    "ALL",
    "SOME",
    "EXISTS",
    "NOT",
    "AND",
    "OR",
    "ON",
    "USING",
    "FROM",
    "JOIN",
    "WHERE",
    "HAVING",
    "BY",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "DISTINCT",
    "OVER",
    "PARTITION",
    "WHEN",
    "THEN",
    "ELSE",
    "CASE",
    "LIMIT",
    "OFFSET",
    "FILTER",
    "ROW",
    "ARRAY",
    "LATERAL",
    "MATERIALIZED",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "IS",
    "INTERVAL",
    "VARCHAR",
    "CHAR",
    "DECIMAL",
    "NUMERIC",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TIME",
    "TIMETZ",
    "BIT",
    "STRING",
    "COUNT",
    "SUM",
    "MIN",
    "MAX",
    "AVG",
    "ARRAY_AGG",
    "STRING_AGG",
    "JSON_AGG",
    "JSONB_AGG",
    "BOOL_AND",
    "BOOL_OR",
    "COALESCE",
    "NULLIF",
    "GREATEST",
    "LEAST",
    "CAST",
    "EXTRACT",
    "DATE_TRUNC",
    "DATE_PART",
    "NOW",
    "LOWER",
    "UPPER",
    "LENGTH",
    "SUBSTRING",
    "SUBSTR",
    "TRIM",
    "CONCAT",
    "REPLACE",
    "POSITION",
    "OVERLAY",
    "ABS",
    "ROUND",
    "FLOOR",
    "CEIL",
    "CEILING",
    "MOD",
    "ROW_NUMBER",
    "RANK",
    "DENSE_RANK",
    "LAG",
    "LEAD",
    "FIRST_VALUE",
    "LAST_VALUE",
    "UNNEST",
    "GENERATE_SERIES",
    "TO_CHAR",
    "MD5",
    "SHA256",
    "PG_SLEEP",
    "VERSION",
    "CURRENT_SETTING",
    "AGE",
];

fn only_reads(words: &[Word<'_>]) -> bool {
    words.iter().enumerate().all(|(index, word)| {
        if word.is_any(WRITING) {
            // A row lock: FOR UPDATE, FOR NO KEY UPDATE.
            let before = index.checked_sub(1).and_then(|at| words.get(at));
            return word.is("UPDATE")
                && before.is_some_and(|before| before.is_any(&["FOR", "KEY"]));
        }
        !word.before_bracket || (!word.quoted && word.is_any(READING_BEFORE_BRACKET))
    })
}

/// What can end the transaction that a statement runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// Only a statement of transaction control.
    Control,
    /// Also a statement that defines something: CockroachDB commits before it, unless `autocommit_before_ddl` is off.
    Definition,
}

/// Whether a statement of this text may change whether CockroachDB commits before DDL, so that what follows it may end the transaction.
pub(crate) fn may_set_commit_before_ddl(text: &str) -> bool {
    const SETTING: &[u8] = b"autocommit_before_ddl";
    let mut windows = text.as_bytes().windows(SETTING.len());
    windows.any(|window| window.eq_ignore_ascii_case(SETTING))
}

/// Whether a statement of this text may end the transaction that it runs in.
pub(crate) fn may_end_transaction(text: &str, ended_by: EndedBy) -> bool {
    let mut words = leading(text);
    let Some(first) = words.next() else {
        return false;
    };
    if first.is_any(&["COMMIT", "END", "ABORT", "PREPARE"]) {
        return true;
    }
    if first.is("ROLLBACK") {
        return !is_rollback_to_savepoint(text);
    }
    if first.is("RELEASE") {
        // Releasing it is the commit: CockroachDB's documentation of SAVEPOINT.
        return words.any(|word| word.is("COCKROACH_RESTART"));
    }
    let plain = first.is_any(ATOMIC) && !first.is("TRUNCATE")
        || first.is_any(&[
            "BEGIN",
            "START",
            "SAVEPOINT",
            "DECLARE",
            "FETCH",
            "MOVE",
            "CLOSE",
            "LOCK",
            "LISTEN",
            "NOTIFY",
            "UNLISTEN",
            "DEALLOCATE",
        ]);
    ended_by == EndedBy::Definition && !plain
}

/// Whether a statement goes back to a savepoint, in any of its spellings.
pub(crate) fn is_rollback_to_savepoint(text: &str) -> bool {
    let mut words = leading(text);
    words.next().is_some_and(|word| word.is("ROLLBACK"))
        && words
            .find(|word| !word.is_any(&["WORK", "TRANSACTION"]))
            .is_some_and(|word| word.is("TO"))
}

/// Whether a statement is a COPY from or to the client.
#[cfg(feature = "tokio-postgres")]
pub(crate) fn is_copy(text: &str) -> bool {
    leading(text).next().is_some_and(|word| word.is("COPY"))
        && words(text)
            .iter()
            .any(|word| word.is_any(&["STDIN", "STDOUT"]))
}

/// A word of a statement's text.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    quoted: bool,
    before_bracket: bool,
}

impl Word<'_> {
    fn is(&self, word: &str) -> bool {
        let text = if self.quoted {
            self.text.trim_matches('"')
        } else {
            self.text
        };
        text.eq_ignore_ascii_case(word)
    }

    fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }
}

/// The words at the beginning of a text, up to the first token that is none; brackets and semicolons in front are skipped.
fn leading(text: &str) -> impl Iterator<Item = Word<'_>> {
    tokenize(text)
        .filter(|token| !token.kind.is_trivia())
        .skip_while(move |token| token.is_symbol(text, "(") || token.is_symbol(text, ";"))
        .map_while(move |token| match token.kind {
            TokenKind::Word | TokenKind::QuotedIdentifier => Some(Word {
                text: text.get(token.span.clone())?,
                quoted: token.kind == TokenKind::QuotedIdentifier,
                before_bracket: false,
            }),
            _ => None,
        })
}

/// Every word of a text.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut adjacent = false;
    for token in tokenize(text).filter(|token| !token.kind.is_trivia()) {
        match token.kind {
            TokenKind::Word | TokenKind::QuotedIdentifier => {
                words.push(Word {
                    text: text.get(token.span.clone()).unwrap_or_default(),
                    quoted: token.kind == TokenKind::QuotedIdentifier,
                    before_bracket: false,
                });
                adjacent = true;
            }
            _ => {
                if adjacent
                    && token.is_symbol(text, "(")
                    && let Some(last) = words.last_mut()
                {
                    last.before_bracket = true;
                }
                adjacent = false;
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_seen_wherever_it_stands() {
        for text in [
            "SET LOCAL autocommit_before_ddl = on",
            "select SET_CONFIG('AutoCommit_Before_DDL', 'on', true)",
            "RESET autocommit_before_ddl",
        ] {
            assert!(may_set_commit_before_ddl(text), "{text}");
        }
        for text in ["", "SET LOCAL search_path = a", "autocommit_before_dd"] {
            assert!(!may_set_commit_before_ddl(text), "{text}");
        }
    }

    #[test]
    fn only_what_is_known_to_read_reads() {
        for text in [
            "SELECT 1",
            "  -- INSERT\n select * from t where a in (1, 2) for no key update",
            "(SELECT count(*) FROM t)",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "SHOW statement_timeout",
            "SELECT 'DELETE', \"update_me\" FROM t",
            "SELECT pg_sleep(30)",
        ] {
            assert_eq!(Effect::of(text), Effect::Read, "{text}");
        }
        for text in [
            "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
            "SELECT * FROM [INSERT INTO t VALUES (1) RETURNING *]",
            "SELECT my_function()",
            "SELECT \"count\"(*) FROM t",
            "SELECT * INTO u FROM t",
            "SELECT nextval('s')",
            "INSERT INTO t VALUES (1)",
            "CREATE TABLE t (n INT8)",
        ] {
            assert_eq!(Effect::of(text), Effect::Atomic, "{text}");
        }
        for text in [
            "CALL p()",
            "/* */ do $$ begin commit; end $$",
            "VACUUM t",
            "CREATE INDEX CONCURRENTLY i ON t (n)",
            "DROP DATABASE d",
            "EXECUTE prepared",
            "",
        ] {
            assert_eq!(Effect::of(text), Effect::Partial, "{text}");
        }
    }

    #[test]
    fn what_may_end_a_transaction() {
        for text in [
            "COMMIT",
            "commit and chain",
            " /* x */ END",
            "ROLLBACK",
            "ROLLBACK WORK AND CHAIN",
            "ABORT",
            "PREPARE TRANSACTION 'x'",
            "RELEASE SAVEPOINT cockroach_restart",
            "release \"cockroach_restart\"",
            "; COMMIT",
        ] {
            assert!(may_end_transaction(text, EndedBy::Control), "{text}");
        }
        for text in [
            "ROLLBACK TO a",
            "ROLLBACK WORK TO SAVEPOINT a",
            "ROLLBACK TRANSACTION TO a",
            "RELEASE a",
            "SAVEPOINT a",
            "SELECT 'COMMIT'",
            "INSERT INTO t VALUES (1)",
            "BEGIN; SET LOCAL statement_timeout = 1",
            "",
        ] {
            assert!(!may_end_transaction(text, EndedBy::Definition), "{text}");
        }
        for text in ["CREATE TABLE t ()", "TRUNCATE t", "ANALYZE t", "CALL p()"] {
            assert!(!may_end_transaction(text, EndedBy::Control), "{text}");
            assert!(may_end_transaction(text, EndedBy::Definition), "{text}");
        }
    }

    #[cfg(feature = "tokio-postgres")]
    #[test]
    fn copies_from_and_to_the_client() {
        assert!(is_copy("COPY t FROM STDIN"));
        assert!(is_copy("copy (select 1) to stdout (format csv)"));
        assert!(!is_copy("COPY t FROM '/data/t.csv'"));
        assert!(!is_copy("SELECT 'COPY t FROM STDIN'"));
    }
}
