//! A statement, and what CockroachDB would do with it where PostgreSQL would do something else. Pure: text in, decision out.

use std::sync::Arc;

use super::changefeed::{self, Changefeed, changefeed};
pub(super) use super::classify::{Class, classify};
use super::commit_timestamp;
use super::failure::Failure;
use super::jobs::{self, JobControl, Wait};
use super::rewrite::{is_historical, is_in_the_future, rewrite, session_id};
use super::schema_lock::{Alteration, alteration};
use super::settings::{Access, Setting, access};
use super::syntax::{self, Readings};
use super::tokens::{Token, TokenKind, statements};
use super::upsert::{Upsert, upsert};
use super::version::CockroachVersion;

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) class: Class,
    /// What PostgreSQL gets to run.
    pub(super) text: String,
    /// The command tag to answer with instead of PostgreSQL's.
    pub(super) tag: Option<&'static str>,
    /// CockroachDB refuses it when it prepares or runs it.
    pub(super) refusal: Option<Failure>,
    /// The parameter that it sets, and that CockroachDB reports then.
    pub(super) sets: Option<&'static str>,
    /// It names a [`Setting`].
    pub(super) names_setting: bool,
    /// It has the word CONCURRENTLY: PostgreSQL runs it by itself only.
    pub(super) is_concurrent: bool,
    /// A procedure or a block, which may commit before it ends.
    pub(super) may_commit: bool,
    /// It has placeholders.
    pub(super) takes_parameters: bool,
    /// What it does to a table's definition.
    pub(super) alters: Option<Alteration>,
    /// An UPSERT, whose text depends on the table.
    pub(super) upsert: Option<Upsert>,
    /// A changefeed without a sink.
    pub(super) changefeed: Option<Changefeed>,
    /// The jobs that it waits for.
    pub(super) waits_for: Option<Wait>,
    /// What it says to a job.
    pub(super) controls: Option<JobControl>,
    /// It reads what CockroachDB keeps to itself: `crdb_internal` or `system`.
    pub(super) internal: bool,
    /// It creates what goes with its session.
    pub(super) temporary: bool,
    /// It has an `AS OF SYSTEM TIME`.
    pub(super) historical: bool,
    /// It asks for the time of its transaction.
    pub(super) reads_clock: bool,
}

impl Statement {
    pub(super) fn empty() -> Self {
        Self {
            class: Class::Empty,
            text: String::new(),
            tag: None,
            refusal: None,
            sets: None,
            names_setting: false,
            may_commit: false,
            is_concurrent: false,
            takes_parameters: false,
            alters: None,
            upsert: None,
            changefeed: None,
            waits_for: None,
            controls: None,
            internal: false,
            temporary: false,
            historical: false,
            reads_clock: false,
        }
    }
}

impl Statement {
    /// The tag of a schema change that PostgreSQL did not see: its verb and its object.
    pub(super) fn ddl_tag(&self) -> String {
        let words: Vec<String> = self
            .text
            .split_whitespace()
            .map(str::to_ascii_uppercase)
            .filter(|word| word != "UNIQUE")
            .take(2)
            .collect();
        words.join(" ")
    }
}

/// What the session that runs a statement is like.
#[derive(Clone, Debug)]
pub(super) struct Habits {
    pub(super) version: CockroachVersion,
    pub(super) node_id: u32,
    pub(super) set_local: bool,
    /// What `pg_backend_pid()` says: the process id of BackendKeyData.
    pub(super) process_id: u32,
    /// The session's database, where it does not exist.
    pub(super) missing_database: Option<Arc<str>>,
    /// What `SHOW SYNTAX` answers where a test has said it.
    pub(super) readings: Option<Arc<Readings>>,
}

impl Habits {
    /// Reads the statements of a simple query; the error is the parser's, and then none of them runs.
    pub(super) fn read_all(&self, sql: &str) -> Result<Vec<Statement>, Failure> {
        let all = statements(sql);
        if let Some(failure) = all
            .iter()
            .find_map(|statement| self.refuse_syntax(sql, statement))
        {
            return Err(failure);
        }
        Ok(all
            .iter()
            .map(|statement| self.read_one(sql, statement, all.len() > 1))
            .collect())
    }

    /// Reads the one statement of a Parse.
    pub(super) fn read(&self, sql: &str) -> Result<Statement, Failure> {
        let mut all = self.read_all(sql)?;
        if all.len() > 1 {
            let message = "prepared statement had several statements, expected 1";
            return Err(Failure::new("42P14", message));
        }
        Ok(all.pop().unwrap_or_else(Statement::empty))
    }

    fn read_one(&self, sql: &str, tokens: &[Token<'_>], among_others: bool) -> Statement {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Statement::empty();
        };
        let sql = &sql[first.start..last.end()];
        // Again, so that places count from the beginning of this statement.
        let Some(tokens) = statements(sql).pop() else {
            return Statement::empty();
        };
        let class = classify(&tokens);
        let mut refusal = self.refuse_plan(&tokens, among_others);
        if is_in_the_future(&tokens) {
            refusal = refusal.or_else(|| Some(Failure::in_the_future()));
        }
        let folded = sql.to_ascii_lowercase();
        let names_setting = Setting::ALL
            .iter()
            .any(|setting| folded.contains(setting.name()));
        let own = match access(&tokens, self.version) {
            Some(Access::Write(text)) => Some((text, None)),
            Some(Access::Show(text)) => Some((text, Some(self.version.show_tag()))),
            Some(Access::NoBoolean(name)) => {
                refusal = refusal.or_else(|| Some(Failure::no_boolean(name)));
                None
            }
            None => self.answer(sql, &tokens, &class),
        };
        let (text, tag) =
            own.unwrap_or_else(|| (rewrite(sql, &tokens, self), tag(&tokens, self.version)));
        Statement {
            sets: reported(&tokens),
            historical: is_historical(&tokens),
            alters: alteration(&tokens),
            upsert: upsert(sql, &tokens),
            changefeed: changefeed(&tokens),
            waits_for: (0..tokens.len())
                .find_map(|at| jobs::shown(&tokens[at..], self.version))
                .and_then(|(_, _, wait)| wait),
            controls: jobs::control(&tokens),
            internal: reads_internals(&tokens),
            temporary: creates_temporary(&tokens),
            is_concurrent: tokens.iter().any(|token| token.is("concurrently")),
            may_commit: tokens[0].is("call") || tokens[0].is("do"),
            reads_clock: tokens
                .iter()
                .any(|token| token.is("cluster_logical_timestamp")),
            takes_parameters: tokens
                .iter()
                .any(|token| token.kind == TokenKind::Number && token.text.starts_with('$')),
            class,
            text,
            tag,
            refusal,
            names_setting,
        }
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
                Some(self.version.show_tag()),
            )),
            ["show", "crdb_testkit_imitation"] => Some(("SELECT true".to_owned(), None)),
            ["show", "session_id"] => Some((
                format!("SELECT {} AS session_id", session_id("pg_backend_pid()")),
                Some(self.version.show_tag()),
            )),
            ["cancel", "session", _] => {
                let wanted = statement.get(2).filter(|id| id.kind == TokenKind::Text)?;
                Some((cancel_session(wanted.text), Some("CANCEL SESSIONS 1")))
            }
            ["pause" | "resume" | "cancel", "job", _] => {
                jobs::control(statement)?;
                Some(("DO $$ BEGIN END $$".to_owned(), None))
            }
            ["show", "crdb_version"] => Some((
                format!("SELECT '{banner}'::text AS crdb_version"),
                Some(self.version.show_tag()),
            )),
            ["show", "server_version"] => Some((
                format!("SELECT '{SERVER_VERSION}'::text AS server_version"),
                Some(self.version.show_tag()),
            )),
            ["select", "version", "(", ")"] => {
                Some((format!("SELECT '{banner}'::text AS version"), None))
            }
            ["alter", "table", ..]
                if matches!(alteration(statement), Some(Alteration::Lock { .. })) =>
            {
                Some(("DO $$ BEGIN END $$".to_owned(), Some("ALTER TABLE")))
            }
            ["set", "cluster", "setting", ..]
                if !statement.iter().any(|token| token.text.starts_with('$')) =>
            {
                Some(("DO $$ BEGIN END $$".to_owned(), Some("SET CLUSTER SETTING")))
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
            ["show", "syntax", _] => {
                let (_, query) = syntax::shown(statement, self)?;
                Some((query, Some("SHOW SYNTAX #")))
            }
            ["show", "job" | "jobs", ..] => {
                let (length, query, _) = jobs::shown(statement, self.version)?;
                (length == statement.len()).then_some((query, Some("SHOW JOBS #")))
            }
            _ if changefeed(statement).is_some() => Some((changefeed::told(), None)),
            ["show", "commit", "timestamp"] if self.version.shows_commit_timestamp() => {
                Some((commit_timestamp::shown(), Some("SHOW COMMIT TIMESTAMP 1")))
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

/// The command tag that CockroachDB gives where PostgreSQL gives another.
fn tag(statement: &[Token<'_>], version: CockroachVersion) -> Option<&'static str> {
    let is = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.is(word));
    match statement.first()?.name().as_str() {
        "start" => Some("BEGIN"),
        "show" => Some(version.show_tag()),
        "set" if is(1, "transaction") => Some("SET TRANSACTION"),
        "truncate" => Some("TRUNCATE"),
        "create" if statement.iter().any(|token| token.is("table")) => {
            let at = statement.iter().position(|token| token.is("as"))?;
            // `CREATE TABLE t AS ..`, `CREATE TABLE t (a, b) AS ..`: a generated column's AS is within parentheses.
            let depth = statement[..at].iter().fold(0_i32, |depth, token| {
                depth + i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"))
            });
            (depth == 0).then_some("CREATE TABLE AS")
        }
        "comment" if is(1, "on") => Some(match statement.get(2)?.name().as_str() {
            "column" => "COMMENT ON COLUMN",
            "database" => "COMMENT ON DATABASE",
            "index" => "COMMENT ON INDEX",
            "schema" => "COMMENT ON SCHEMA",
            "constraint" => "COMMENT ON CONSTRAINT",
            "type" => "COMMENT ON TYPE",
            _ => "COMMENT ON TABLE",
        }),
        _ => None,
    }
}

/// Whether a statement reads `crdb_internal` or the database `system`, but for the tables of it that stay open.
fn reads_internals(statement: &[Token<'_>]) -> bool {
    // `SupportedVTables` of pkg/sql/crdb_internal.go.
    const OPEN: [&str; 13] = [
        "cluster_contended_indexes",
        "cluster_contended_keys",
        "cluster_contended_tables",
        "cluster_contention_events",
        "cluster_locks",
        "cluster_queries",
        "cluster_sessions",
        "cluster_transactions",
        "index_usage_statistics",
        "statement_statistics",
        "transaction_contention_events",
        "transaction_statistics",
        "zones",
    ];
    statement.windows(3).any(|tokens| {
        let [schema, dot, name] = tokens else {
            return false;
        };
        let closed = schema.name() == "crdb_internal" || schema.name() == "system";
        closed && dot.is_symbol(".") && !OPEN.contains(&name.name().as_str())
    })
}

/// `CREATE [OR REPLACE] [LOCAL | GLOBAL] {TEMP | TEMPORARY} ..`.
pub(super) fn creates_temporary(statement: &[Token<'_>]) -> bool {
    const BEFORE: [&str; 4] = ["or", "replace", "local", "global"];
    let mut rest = statement.iter();
    rest.next().is_some_and(|first| first.is("create"))
        && rest
            .find(|token| !BEFORE.iter().any(|word| token.is(word)))
            .is_some_and(|token| token.is("temp") || token.is("temporary"))
}

/// The parameter that a SET sets, if CockroachDB reports it.
fn reported(statement: &[Token<'_>]) -> Option<&'static str> {
    let first = statement.first()?;
    if !first.is("set") {
        return None;
    }
    let at = if statement
        .get(1)
        .is_some_and(|token| token.is("local") || token.is("session"))
    {
        2
    } else {
        1
    };
    let name = statement.get(at)?;
    if name.is("time") && statement.get(at + 1).is_some_and(|token| token.is("zone")) {
        return Some("TimeZone");
    }
    if name.is("names") {
        return Some("client_encoding");
    }
    let name = name.name();
    super::translate::REPORTED
        .into_iter()
        .find(|reported| reported.eq_ignore_ascii_case(&name))
}

/// What `server_version` says on every supported release.
pub(super) const SERVER_VERSION: &str = "13.0.0";

#[cfg(test)]
mod tests {
    use super::*;

    const HABITS: Habits = Habits {
        version: CockroachVersion::V26_2,
        node_id: 3,
        set_local: true,
        process_id: 0x0030_0001,
        missing_database: None,
        readings: None,
    };

    #[test]
    fn an_imitation_admits_to_be_one() {
        let text = HABITS
            .read(crate::engine::ASKS_FOR_IMITATION)
            .map(|statement| statement.text);
        assert_eq!(text.as_deref(), Ok("SELECT true"));
    }

    fn code(habits: &Habits, sql: &str) -> Option<&'static str> {
        match habits.read(sql) {
            Ok(statement) => statement.refusal.map(|refusal| refusal.code),
            Err(refusal) => Some(refusal.code),
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
            assert_eq!(code(&HABITS, sql), Some("42883"), "{sql}");
        }
        for sql in [
            "SELECT pg_try_advisory_lock(f(1, 2))",
            "SELECT 'pg_advisory_lock(1)'",
        ] {
            assert_eq!(code(&HABITS, sql), None, "{sql}");
        }
    }

    #[test]
    fn older_releases_refuse_more() {
        let old = Habits {
            version: CockroachVersion::V22_1,
            ..HABITS
        };
        for sql in [
            "UNLISTEN *",
            "COPY t TO STDOUT",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            "COMMIT AND CHAIN",
            "CREATE TRIGGER a BEFORE INSERT ON t EXECUTE FUNCTION f()",
        ] {
            assert!(code(&old, sql).is_some(), "{sql}");
            assert_eq!(code(&HABITS, sql), None, "{sql}");
        }
    }

    #[test]
    fn cursors_go_forward_and_are_text() {
        for sql in [
            "DECLARE c SCROLL CURSOR FOR SELECT 1",
            "DECLARE c BINARY CURSOR FOR SELECT 1",
        ] {
            assert_eq!(code(&HABITS, sql), Some("0A000"), "{sql}");
        }
        assert_eq!(
            code(&HABITS, "DECLARE c NO SCROLL CURSOR FOR SELECT 1"),
            None
        );
    }

    #[test]
    fn no_encoding_but_utf8_is_known() {
        for sql in [
            "SET client_encoding = 'latin1'",
            "SET NAMES latin1",
            "SET client_encoding TO SQL_ASCII",
        ] {
            assert_eq!(code(&HABITS, sql), Some("0A000"), "{sql}");
        }
        for sql in [
            "SET client_encoding = 'utf-8'",
            "SET NAMES DEFAULT",
            "SET application_name = 'latin1'",
        ] {
            assert_eq!(code(&HABITS, sql), None, "{sql}");
        }
    }

    #[test]
    fn tags_are_cockroachdbs() {
        for (sql, tag) in [
            ("START TRANSACTION", Some("BEGIN")),
            ("TRUNCATE TABLE t", Some("TRUNCATE")),
            ("SET TRANSACTION READ ONLY", Some("SET TRANSACTION")),
            ("CREATE TABLE t AS SELECT 1", Some("CREATE TABLE AS")),
            (
                "CREATE TABLE t (a, b) AS SELECT 1, 2",
                Some("CREATE TABLE AS"),
            ),
            (
                "CREATE TABLE t (a INT8 GENERATED ALWAYS AS (1) STORED)",
                None,
            ),
            ("COMMENT ON COLUMN t.a IS 'x'", Some("COMMENT ON COLUMN")),
            ("SHOW node_id", Some("SHOW")),
            ("SHOW autocommit_before_ddl", Some("SHOW")),
            ("SELECT 1", None),
        ] {
            let read = HABITS.read(sql).map(|statement| statement.tag);
            assert_eq!(read, Ok(tag), "{sql}");
        }
    }

    #[test]
    fn what_is_reported_is_known_by_its_name() {
        for (sql, sets) in [
            ("SET TIME ZONE 'UTC'", Some("TimeZone")),
            ("SET LOCAL timezone = 'UTC'", Some("TimeZone")),
            ("set application_name = 'x'", Some("application_name")),
            ("RESET datestyle", None),
            ("SET statement_timeout = 0", None),
            ("SHOW timezone", None),
        ] {
            assert_eq!(
                HABITS.read(sql).map(|statement| statement.sets),
                Ok(sets),
                "{sql}"
            );
        }
    }

    #[test]
    fn a_query_is_cut_into_its_statements() {
        let all = HABITS
            .read_all(" BEGIN; -- no\n INSERT INTO t VALUES (';') ;; COMMIT")
            .map(|all| {
                all.into_iter()
                    .map(|statement| statement.text)
                    .collect::<Vec<_>>()
            });
        let expected = ["BEGIN", "INSERT INTO t VALUES (';')", "COMMIT"].map(str::to_owned);
        assert_eq!(all, Ok(expected.to_vec()));
        assert_eq!(code(&HABITS, "SELECT 1; SELECT 2"), Some("42P14"));
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
            for version in CockroachVersion::ALL {
                let habits = Habits { version, set_local: false, missing_database: Some("m".into()), ..HABITS };
                for statement in habits.read_all(&sql).unwrap_or_default() {
                    proptest::prop_assert!(statement.text.len() <= 4 * sql.len() + 400);
                }
            }
        }
    }
}
