//! What a statement is, and what CockroachDB would do with it where PostgreSQL would do something else. Pure: text in,
//! decision out.

use std::sync::Arc;

use super::failure::Failure;
use super::rewrite::{rewrite, session_id};
use super::tokens::{Token, TokenKind, statements};
use super::version::CockroachVersion;

/// The name of the savepoint that makes RELEASE the commit.
const RESTART: &str = "cockroach_restart";

/// What a statement does to a transaction, as far as the proxy must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// No statement at all.
    Empty,
    Begin,
    Commit,
    Rollback,
    /// `SAVEPOINT`, `RELEASE` and `ROLLBACK TO`, of an ordinary savepoint.
    Savepoint,
    /// `SAVEPOINT cockroach_restart`.
    RestartSavepoint,
    /// `RELEASE SAVEPOINT cockroach_restart`.
    RestartRelease,
    /// `SELECT crdb_internal.force_retry('50ms')`, in milliseconds.
    ForceRetry(u64),
    /// Changes the schema.
    Ddl,
    /// `SET`, `SHOW`, `RESET`, `DISCARD`, `DEALLOCATE`, `PREPARE`: never fails for another transaction's sake.
    Session,
    /// COPY FROM STDIN.
    CopyIn,
    /// Reads or writes data.
    Data,
}

/// A statement, or what stands for several in one simple query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) class: Class,
    /// What PostgreSQL gets to run.
    pub(super) text: String,
    /// The command tag to answer with instead of PostgreSQL's.
    pub(super) tag: Option<&'static str>,
    /// CockroachDB refuses it when it parses or prepares it.
    pub(super) refusal: Option<Failure>,
    /// Several statements in one simple query, the last one of this class.
    pub(super) last: Option<Class>,
}

/// What the session that runs a statement is like.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    pub(super) version: CockroachVersion,
    pub(super) node_id: u32,
    pub(super) set_local: bool,
    /// The session's database, where it does not exist.
    pub(super) missing_database: Option<Arc<str>>,
}

impl Habits {
    /// Reads `sql`; several statements count as the first one, with the refusals of all.
    pub(super) fn read(&self, sql: &str) -> Statement {
        let all = statements(sql);
        let Some(first) = all.first() else {
            return Statement {
                class: Class::Empty,
                text: sql.to_owned(),
                tag: None,
                refusal: None,
                last: None,
            };
        };
        let class = classify(first);
        let mut refusal = all.iter().find_map(|statement| self.refuse(sql, statement));
        let is_copy = |statement: &Vec<Token<'_>>| statement[0].is("copy");
        if all.len() > 1 && refusal.is_none() && all.iter().any(is_copy) {
            refusal = Some(Failure::protocol(
                "COPY together with other statements in a query string is not supported",
            ));
        }
        let single = (all.len() == 1).then_some(first);
        let (text, tag) = single
            .and_then(|statement| self.answer(sql, statement, &class))
            .unwrap_or_else(|| (rewrite(sql, &all, self.missing_database.as_deref()), None));
        let last = (all.len() > 1).then(|| {
            all.last()
                .map_or(Class::Empty, |statement| classify(statement))
        });
        Statement {
            class,
            text,
            tag,
            refusal,
            last,
        }
    }

    /// What CockroachDB does not take.
    fn refuse(&self, sql: &str, statement: &[Token<'_>]) -> Option<Failure> {
        let first = statement.first()?;
        let has = |word: &str| statement.iter().any(|token| token.is(word));
        let syntax = |at: &Token<'_>| Some(Failure::syntax(sql, at.start, at.text));
        match first.text.to_ascii_lowercase().as_str() {
            "listen" | "notify" => return syntax(first),
            "unlisten" if !self.version.knows_unlisten() => return syntax(first),
            "lock" => return syntax(first),
            "create" if self.missing_database.is_some() => {
                return Some(Failure::nowhere_to_create(created(statement)?));
            }
            "set" if !self.set_local && statement.get(1).is_some_and(|token| token.is("local")) => {
                let at = statement.get(2)?;
                return Some(Failure::unimplemented_syntax(sql, at.start, at.text, 32562));
            }
            "copy" if has("to") && has("stdout") => {
                if !self.version.copies_out() {
                    return syntax(statement.iter().find(|token| token.is("to"))?);
                }
                if has("binary") {
                    return Some(Failure::unimplemented(
                        "binary format for COPY TO not implemented",
                        97180,
                        self.version,
                    ));
                }
            }
            "copy" => {
                if statement.get(1).is_some_and(|token| token.is("binary")) {
                    return syntax(statement.get(2)?);
                }
                if let Some(freeze) = statement
                    .iter()
                    .find(|token| token.is("freeze") || token.is("where"))
                {
                    return syntax(freeze);
                }
            }
            "declare" => {
                if has("binary") {
                    return Some(Failure::unimplemented(
                        "DECLARE BINARY CURSOR",
                        77099,
                        self.version,
                    ));
                }
                let scrolls = statement.iter().position(|token| token.is("scroll"));
                if scrolls.is_some_and(|at| !statement[at - 1].is("no")) {
                    return Some(Failure::unimplemented(
                        "DECLARE SCROLL CURSOR",
                        77102,
                        self.version,
                    ));
                }
                let holds = statement
                    .windows(2)
                    .any(|pair| pair[0].is("with") && pair[1].is("hold"));
                if holds && self.version.refuses_holdable_cursors() {
                    return Some(Failure::unimplemented(
                        "DECLARE CURSOR WITH HOLD",
                        77101,
                        self.version,
                    ));
                }
            }
            _ => {}
        }
        statement.iter().enumerate().find_map(|(at, token)| {
            let called = statement
                .get(at + 1)
                .is_some_and(|next| next.is_symbol("("));
            let name = token.name();
            (called && name.contains("_advisory_") && !locks_nothing(&name, &statement[at + 1..]))
                .then(|| Failure::new("42883", format!("unknown function: {name}()")))
        })
    }

    /// What CockroachDB answers from itself: the text that makes PostgreSQL answer the same, and the tag.
    fn answer(
        &self,
        sql: &str,
        statement: &[Token<'_>],
        class: &Class,
    ) -> Option<(String, Option<&'static str>)> {
        let words: Vec<String> = statement.iter().map(Token::name).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let banner = self.version.banner();
        match words.as_slice() {
            ["show", "node_id"] => Some((
                format!("SELECT '{}'::text AS node_id", self.node_id),
                Some("SHOW 1"),
            )),
            ["show", "crdb_testkit_imitation"] => Some(("SELECT true".to_owned(), None)),
            ["show", "session_id"] => Some((
                format!("SELECT {} AS session_id", session_id("pg_backend_pid()")),
                Some("SHOW 1"),
            )),
            ["cancel", "session", _] => {
                let wanted = statement.get(2).filter(|id| id.kind == TokenKind::Text)?;
                Some((cancel_session(wanted.text), Some("CANCEL SESSIONS 1")))
            }
            ["show", "crdb_version"] => Some((
                format!("SELECT '{banner}'::text AS crdb_version"),
                Some("SHOW 1"),
            )),
            ["show", "server_version"] => Some((
                format!("SELECT '{SERVER_VERSION}'::text AS server_version"),
                Some("SHOW 1"),
            )),
            ["select", "version", "(", ")"] => {
                Some((format!("SELECT '{banner}'::text AS version"), None))
            }
            ["discard", "all"] => Some((sql.to_owned(), Some(self.version.discard_tag()))),
            ["select", name, "(", arguments @ .., ")"]
                if name.contains("_advisory_") && !arguments.is_empty() =>
            {
                let (open, close) = (statement.get(2)?, statement.last()?);
                let arguments = &sql[open.end()..close.start];
                Some((
                    format!("SELECT (({arguments}) IS NULL OR true) AS {name}"),
                    None,
                ))
            }
            _ if matches!(class, Class::ForceRetry(_)) => Some((
                "SELECT 0::int8 AS \"crdb_internal.force_retry\"".to_owned(),
                None,
            )),
            _ => None,
        }
    }
}

/// Ends the session of this id, a string in SQL, or fails.
fn cancel_session(wanted: &str) -> String {
    let id = session_id("pid");
    format!(
        "DO $crdb_testkit$ BEGIN IF (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {id} = {wanted}) IS NULL \
         THEN RAISE EXCEPTION 'session ID % not found', {wanted}; END IF; END $crdb_testkit$"
    )
}

/// What `server_version` says on every supported release.
pub(super) const SERVER_VERSION: &str = "13.0.0";

/// The name of a table, view, sequence or type that a statement creates.
fn created<'t>(statement: &[Token<'t>]) -> Option<&'t str> {
    const KINDS: [&str; 4] = ["table", "view", "sequence", "type"];
    let kind = statement
        .iter()
        .take(3)
        .position(|token| KINDS.iter().any(|kind| token.is(kind)))?;
    let rest = &statement[kind + 1..];
    let name = if rest.first()?.is("if") {
        rest.get(3)
    } else {
        rest.first()
    };
    name.map(|name| name.text)
}

/// The advisory lock functions that exist, with one argument, and do nothing.
fn locks_nothing(name: &str, call: &[Token<'_>]) -> bool {
    let mut depth = 0_usize;
    let mut commas = 0;
    for token in call {
        match token.text {
            "(" => depth += 1,
            ")" if depth == 1 => break,
            ")" => depth -= 1,
            "," if depth == 1 => commas += 1,
            _ => {}
        }
    }
    matches!(name, "pg_try_advisory_lock" | "pg_advisory_unlock") && commas == 0
}

pub(super) fn classify(statement: &[Token<'_>]) -> Class {
    let name = |at: usize| statement.get(at).map(Token::name);
    let is = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.is(word));
    let savepoint = |at: usize, restart: Class| {
        if name(at).as_deref() == Some(RESTART) {
            restart
        } else {
            Class::Savepoint
        }
    };
    match name(0).unwrap_or_default().as_str() {
        "begin" | "start" => Class::Begin,
        "commit" | "end" => Class::Commit,
        "rollback" | "abort" => {
            let to = if is(1, "transaction") || is(1, "work") {
                2
            } else {
                1
            };
            if is(to, "to") {
                Class::Savepoint
            } else {
                Class::Rollback
            }
        }
        "savepoint" => savepoint(1, Class::RestartSavepoint),
        "release" => savepoint(
            if is(1, "savepoint") { 2 } else { 1 },
            Class::RestartRelease,
        ),
        "create" | "drop" | "alter" | "truncate" | "comment" | "grant" | "revoke" => Class::Ddl,
        "set" | "show" | "reset" | "discard" | "deallocate" | "prepare" | "close" => Class::Session,
        "copy" if statement.iter().any(|token| token.is("stdin")) => Class::CopyIn,
        "select" if is(1, "crdb_internal") && is(3, "force_retry") => {
            let text = statement.iter().find(|token| token.kind == TokenKind::Text);
            Class::ForceRetry(text.and_then(|text| milliseconds(text.text)).unwrap_or(0))
        }
        _ => Class::Data,
    }
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
    use super::*;

    const HABITS: Habits = Habits {
        version: CockroachVersion::V25_2,
        node_id: 3,
        set_local: true,
        missing_database: None,
    };

    #[test]
    fn statements_are_known_by_what_they_do_to_a_transaction() {
        for (sql, class) in [
            ("", Class::Empty),
            ("-- nothing", Class::Empty),
            ("begin", Class::Begin),
            ("START TRANSACTION READ ONLY", Class::Begin),
            ("COMMIT", Class::Commit),
            ("end transaction", Class::Commit),
            ("ROLLBACK", Class::Rollback),
            ("abort", Class::Rollback),
            ("ROLLBACK TO SAVEPOINT a", Class::Savepoint),
            ("ROLLBACK WORK TO a", Class::Savepoint),
            ("savepoint a", Class::Savepoint),
            ("SAVEPOINT COCKROACH_RESTART", Class::RestartSavepoint),
            ("savepoint \"cockroach_restart\"", Class::RestartSavepoint),
            ("RELEASE SAVEPOINT cockroach_restart", Class::RestartRelease),
            ("RELEASE cockroach_restart", Class::RestartRelease),
            ("RELEASE SAVEPOINT b", Class::Savepoint),
            ("CREATE TABLE t (id INT8)", Class::Ddl),
            ("SET x = 1", Class::Session),
            ("COPY t FROM STDIN", Class::CopyIn),
            (
                "SELECT crdb_internal.force_retry('50ms')",
                Class::ForceRetry(50),
            ),
            (
                "SELECT crdb_internal.force_retry('1h':::INTERVAL)",
                Class::ForceRetry(3_600_000),
            ),
            ("WITH x AS (SELECT 1) SELECT * FROM x", Class::Data),
        ] {
            assert_eq!(HABITS.read(sql).class, class, "{sql}");
        }
    }

    #[test]
    fn advisory_locks_are_unknown_but_for_the_two_that_do_nothing() {
        for sql in [
            "SELECT pg_advisory_lock(1)",
            "SELECT pg_advisory_xact_lock(1)",
            "SELECT 1 WHERE pg_try_advisory_lock(1, 2)",
            "SELECT pg_advisory_unlock_all()",
        ] {
            assert_eq!(
                HABITS.read(sql).refusal.map(|refusal| refusal.code),
                Some("42883"),
                "{sql}"
            );
        }
        for sql in [
            "SELECT pg_try_advisory_lock(f(1, 2))",
            "SELECT 'pg_advisory_lock(1)'",
        ] {
            assert_eq!(HABITS.read(sql).refusal, None, "{sql}");
        }
    }

    #[test]
    fn an_imitation_admits_to_be_one() {
        let text = HABITS.read(crate::engine::ASKS_FOR_IMITATION).text;
        assert_eq!(text, "SELECT true");
    }

    #[test]
    fn older_releases_refuse_more() {
        let old = Habits {
            version: CockroachVersion::V22_1,
            set_local: true,
            ..HABITS
        };
        for sql in [
            "UNLISTEN *",
            "COPY t TO STDOUT",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        ] {
            assert!(old.read(sql).refusal.is_some(), "{sql}");
            assert_eq!(HABITS.read(sql).refusal, None, "{sql}");
        }
    }

    #[test]
    fn cursors_go_forward_and_are_text() {
        for sql in [
            "DECLARE c SCROLL CURSOR FOR SELECT 1",
            "DECLARE c BINARY CURSOR FOR SELECT 1",
        ] {
            assert_eq!(
                HABITS.read(sql).refusal.map(|refusal| refusal.code),
                Some("0A000"),
                "{sql}"
            );
        }
        assert_eq!(
            HABITS
                .read("DECLARE c NO SCROLL CURSOR FOR SELECT 1")
                .refusal,
            None
        );
    }

    #[test]
    fn several_statements_are_known_by_the_first_and_the_last() {
        let statement = HABITS.read("BEGIN; INSERT INTO t VALUES (1); COMMIT");
        assert_eq!(
            (statement.class, statement.last),
            (Class::Begin, Some(Class::Commit))
        );
    }

    /// Pieces of statements in any order: nothing that a client sends may end the proxy.
    fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
        let piece = proptest::sample::select(vec![
            "BEGIN",
            "SET TRANSACTION",
            "PRIORITY",
            "HIGH",
            ",",
            ";",
            "(",
            ")",
            "AS OF SYSTEM TIME",
            "'-1s'",
            "f(",
            "$1",
            "COPY",
            "BINARY",
            "TO",
            "STDOUT",
            "STDIN",
            "FROM",
            "DECLARE",
            "c",
            "SCROLL",
            "NO",
            "CURSOR",
            "WITH HOLD",
            "SELECT",
            "pg_advisory_lock",
            "pg_try_advisory_lock",
            "SAVEPOINT",
            "RELEASE",
            "ROLLBACK TO",
            "cockroach_restart",
            "LOCK",
            "LISTEN",
            "CREATE TABLE",
            "IF NOT EXISTS",
            "current_database",
            "CANCEL SESSION",
            "crdb_internal.force_retry(",
            "'9999999999999999999h'",
            "\"",
            "'",
            "$$",
            "--",
            "/*",
            "\n",
            "é",
        ]);
        proptest::strategy::Strategy::prop_map(proptest::collection::vec(piece, 0..12), |pieces| {
            pieces.join(" ")
        })
    }

    proptest::proptest! {
        #[test]
        fn any_statement_can_be_read(sql in pieces()) {
            for version in [CockroachVersion::V22_1, CockroachVersion::V25_2] {
                let habits = Habits { version, set_local: false, missing_database: Some("m".into()), ..HABITS };
                let statement = habits.read(&sql);
                proptest::prop_assert!(statement.text.len() <= 2 * sql.len() + 400);
            }
        }
    }
}
