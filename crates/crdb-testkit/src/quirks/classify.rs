//! What a statement does to a transaction. Pure.

use super::tokens::{Token, TokenKind};

/// The name of the savepoint that makes RELEASE the commit.
const RESTART: &str = "cockroach_restart";

/// What a statement does to a transaction, as far as the proxy must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// No statement at all.
    Empty,
    Begin,
    Commit {
        /// `AND CHAIN`: another transaction begins at once.
        chain: bool,
    },
    Rollback {
        /// `AND CHAIN`: another transaction begins at once.
        chain: bool,
    },
    /// `SAVEPOINT` of an ordinary savepoint.
    Savepoint,
    /// `RELEASE` of an ordinary savepoint.
    Release,
    /// `ROLLBACK TO` a savepoint of this name.
    RollbackTo(String),
    /// `SAVEPOINT cockroach_restart`.
    RestartSavepoint,
    /// `RELEASE SAVEPOINT cockroach_restart`.
    RestartRelease,
    /// `SET TRANSACTION`.
    SetTransaction,
    /// `SHOW COMMIT TIMESTAMP`.
    ShowCommitTimestamp,
    /// `SELECT crdb_internal.force_retry('50ms')`, in milliseconds.
    ForceRetry(u64),
    /// Changes the schema.
    Ddl,
    /// `SET`, `SHOW`, `RESET`, `DISCARD`, `DEALLOCATE`, `PREPARE`: never fails for another transaction's sake.
    Session,
    /// COPY FROM STDIN.
    CopyIn,
    /// Begins with INSERT, UPSERT, UPDATE or DELETE.
    Write,
    /// Reads data, or does what its first word does not tell.
    Data,
}

pub(super) fn classify(statement: &[Token<'_>]) -> Class {
    let name = |at: usize| statement.get(at).map(Token::name);
    let is = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.is(word));
    let chain = statement
        .windows(2)
        .any(|pair| pair[0].is("and") && pair[1].is("chain"));
    match name(0).unwrap_or_default().as_str() {
        "begin" | "start" => Class::Begin,
        "commit" | "end" => Class::Commit { chain },
        "rollback" | "abort" => {
            let to = if is(1, "transaction") || is(1, "work") {
                2
            } else {
                1
            };
            if is(to, "to") {
                let at = if is(to + 1, "savepoint") { 2 } else { 1 };
                Class::RollbackTo(name(to + at).unwrap_or_default())
            } else {
                Class::Rollback { chain }
            }
        }
        "savepoint" if name(1).as_deref() == Some(RESTART) => Class::RestartSavepoint,
        "savepoint" => Class::Savepoint,
        "release" => {
            let at = if is(1, "savepoint") { 2 } else { 1 };
            if name(at).as_deref() == Some(RESTART) {
                Class::RestartRelease
            } else {
                Class::Release
            }
        }
        "create" | "experimental" if is(1, "changefeed") => Class::Session,
        "create" | "drop" | "alter" if is(1, "role") || is(1, "user") => Class::Data,
        "create" | "drop" | "alter" | "truncate" | "comment" | "grant" | "revoke" => Class::Ddl,
        "set" if is(1, "transaction") => Class::SetTransaction,
        "show" if is(1, "commit") && is(2, "timestamp") => Class::ShowCommitTimestamp,
        "set" | "show" | "reset" | "discard" | "deallocate" | "prepare" | "close" => Class::Session,
        "copy" if statement.iter().any(|token| token.is("stdin")) => Class::CopyIn,
        "select" if is(1, "crdb_internal") && is(3, "force_retry") => {
            let text = statement.iter().find(|token| token.kind == TokenKind::Text);
            Class::ForceRetry(text.and_then(|text| milliseconds(text.text)).unwrap_or(0))
        }
        "insert" | "upsert" | "update" | "delete" => Class::Write,
        "with" if writes_within(statement) => Class::Write,
        _ => Class::Data,
    }
}

/// Whether a common table expression, or what follows them, writes.
fn writes_within(statement: &[Token<'_>]) -> bool {
    statement.windows(2).any(|pair| {
        let [before, token] = pair else { return false };
        let begins = before.is_symbol("(") || before.is_symbol(")");
        let writes = ["insert", "upsert", "update", "delete"];
        begins && writes.iter().any(|word| token.is(word))
    })
}

/// The interval of `'50ms'`, `'1s'`, `'2m'` or `'1h'`.
fn milliseconds(text: &str) -> Option<u64> {
    let text = text.trim_matches('\'');
    let digits = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let count: u64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::statements;
    use super::*;

    #[test]
    fn statements_are_known_by_what_they_do_to_a_transaction() {
        let commit = |chain| Class::Commit { chain };
        let rollback = |chain| Class::Rollback { chain };
        for (sql, class) in [
            ("begin", Class::Begin),
            ("START TRANSACTION READ ONLY", Class::Begin),
            ("COMMIT", commit(false)),
            ("end transaction", commit(false)),
            ("COMMIT AND CHAIN", commit(true)),
            ("COMMIT AND NO CHAIN", commit(false)),
            ("ROLLBACK", rollback(false)),
            ("abort", rollback(false)),
            ("ROLLBACK WORK AND CHAIN", rollback(true)),
            ("ROLLBACK TO SAVEPOINT a", Class::RollbackTo("a".to_owned())),
            ("ROLLBACK WORK TO \"A\"", Class::RollbackTo("A".to_owned())),
            ("savepoint a", Class::Savepoint),
            ("SAVEPOINT COCKROACH_RESTART", Class::RestartSavepoint),
            ("savepoint \"cockroach_restart\"", Class::RestartSavepoint),
            ("RELEASE SAVEPOINT cockroach_restart", Class::RestartRelease),
            ("RELEASE cockroach_restart", Class::RestartRelease),
            ("RELEASE SAVEPOINT b", Class::Release),
            ("CREATE TABLE t (id INT8)", Class::Ddl),
            ("CREATE USER u", Class::Data),
            ("SET x = 1", Class::Session),
            ("SET TRANSACTION READ ONLY", Class::SetTransaction),
            ("SHOW COMMIT TIMESTAMP", Class::ShowCommitTimestamp),
            ("COPY t FROM STDIN", Class::CopyIn),
            (
                "SELECT crdb_internal.force_retry('50ms')",
                Class::ForceRetry(50),
            ),
            (
                "SELECT crdb_internal.force_retry('1h':::INTERVAL)",
                Class::ForceRetry(3_600_000),
            ),
            ("UPDATE t SET a = 1", Class::Write),
            ("WITH x AS (SELECT 1) SELECT * FROM x", Class::Data),
            (
                "WITH x AS (SELECT a FROM t FOR UPDATE) SELECT * FROM x",
                Class::Data,
            ),
            (
                "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x",
                Class::Write,
            ),
            ("WITH x AS (SELECT 1) DELETE FROM t", Class::Write),
            ("SET CLUSTER SETTING a.b = 1", Class::Session),
        ] {
            assert_eq!(classify(&statements(sql)[0]), class, "{sql}");
        }
    }
}
