//! The text that PostgreSQL gets instead of what it does not know. Pure.

use super::classify::{Class, classify};
use super::schema_lock::with_clause;
use super::settings::Setting;
use super::statement::Habits;
use super::tokens::{Token, TokenKind};
use super::version::CockroachVersion;

/// A statement as PostgreSQL knows it: without `AS OF SYSTEM TIME ..` and `PRIORITY ..`, read only where a transaction is
/// historical, with its own words for the tables of `SHOW`, and with the session's own names for what differs behind the
/// proxy. Only a constant or a call can be a time here; anything else stays, and PostgreSQL refuses it.
pub(super) fn rewrite(sql: &str, statement: &[Token<'_>], habits: &Habits) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut copied = 0;
    let begins = matches!(classify(statement), Class::Begin | Class::SetTransaction);
    let mut historical = false;
    for at in 0..statement.len() {
        if let Some((end, instead)) = replaced(statement, at, habits) {
            text.push_str(&sql[copied..statement[at].start.max(copied)]);
            text.push_str(&instead);
            copied = end;
            continue;
        }
        let time = as_of_system_time(&statement[at..]);
        historical |= time.is_some();
        let cut = time.or_else(|| begins.then(|| priority(&statement[at..])).flatten());
        if let Some((end, after)) = cut {
            // A comma between transaction modes goes with the mode that it separates.
            let comma = begins && at > 0 && statement[at - 1].is_symbol(",");
            let end = if begins && !comma && after.is_some_and(|token| token.is_symbol(",")) {
                after.map_or(end, Token::end)
            } else {
                end
            };
            let start = if comma {
                statement[at - 1].start
            } else {
                statement[at].start
            };
            text.push_str(&sql[copied..start.max(copied)]);
            copied = end;
        }
    }
    text.push_str(&sql[copied..]);
    let says_so = statement
        .windows(2)
        .any(|pair| pair[0].is("read") && pair[1].is("only"));
    if begins && historical && !says_so {
        text.push_str(" READ ONLY");
    }
    text
}

/// What stands for the tokens from `at` on, and where that ends.
fn replaced(statement: &[Token<'_>], at: usize, habits: &Habits) -> Option<(usize, String)> {
    let rest = &statement[at..];
    shown(rest)
        .or_else(|| activity(statement, at))
        .or_else(|| shown_jobs(rest, habits.version))
        .or_else(|| shown_syntax(rest, habits))
        .or_else(|| logical_timestamp(rest))
        .or_else(|| isolation(statement, at, habits.version))
        .or_else(|| schema_lock(statement, at))
        .or_else(|| drop_database(statement, at))
        .or_else(|| concurrently(statement, at))
        .or_else(|| named_database(rest, habits.missing_database.as_deref()?))
        .or_else(|| process_id(statement, at, habits.process_id))
        .or_else(|| named_setting(rest, habits.version))
}

/// `cluster_logical_timestamp()`: when the transaction began, in nanoseconds.
fn logical_timestamp(tokens: &[Token<'_>]) -> Option<(usize, String)> {
    let [function, open, close, ..] = tokens else {
        return None;
    };
    let called =
        function.is("cluster_logical_timestamp") && open.is_symbol("(") && close.is_symbol(")");
    called.then(|| {
        let text = format!("(SELECT {}) ", nanoseconds("now()"));
        (close.end(), text)
    })
}

/// An expression for a time in nanoseconds with the logical part of CockroachDB's clock behind the point.
pub(super) fn nanoseconds(time: &str) -> String {
    format!("round(extract(epoch FROM {time}) * 1000000) * 1000 + 0.0000000000")
}

/// An isolation level that CockroachDB raises: REPEATABLE READ, which has to be enabled, and until v23.2 READ COMMITTED.
fn isolation(
    statement: &[Token<'_>],
    at: usize,
    version: CockroachVersion,
) -> Option<(usize, String)> {
    let before = |back: usize, word: &str| {
        at.checked_sub(back)
            .and_then(|at| statement.get(at))
            .is_some_and(|token| token.is(word))
    };
    let raised = |level: &str| match level {
        "read committed" | "read uncommitted" if version.reads_committed() => {
            (level == "read uncommitted").then_some("read committed")
        }
        "read committed" | "read uncommitted" | "repeatable read" | "snapshot" => {
            Some("serializable")
        }
        _ => None,
    };
    let token = &statement[at];
    if before(2, "isolation") && before(1, "level") {
        let second = statement.get(at + 1);
        let two = second.map(|second| format!("{} {}", token.name(), second.name()));
        return match two.as_deref().and_then(raised) {
            Some(level) => Some((second?.end(), level.to_owned())),
            None => Some((token.end(), raised(&token.name())?.to_owned())),
        };
    }
    let sets = before(2, "default_transaction_isolation") || before(2, "transaction_isolation");
    (sets && statement[0].is("set") && token.kind == TokenKind::Text).then(|| {
        let level = token.text.trim_matches('\'').to_ascii_lowercase();
        raised(&level).map(|level| (token.end(), format!("'{level}'")))
    })?
}

/// `WITH (schema_locked = ..)` of a CREATE TABLE, which PostgreSQL does not know.
fn schema_lock(statement: &[Token<'_>], at: usize) -> Option<(usize, String)> {
    let (start, end) = with_clause(statement)?;
    (statement[at].start == start && statement[0].is("create")).then(|| (end, String::new()))
}

/// `DROP DATABASE .. CASCADE` and `.. RESTRICT`: PostgreSQL has no such words, and ends the sessions of the database only
/// on request.
fn drop_database(statement: &[Token<'_>], at: usize) -> Option<(usize, String)> {
    let last = at + 1 == statement.len() && at >= 3;
    let drops = statement[0].is("drop") && statement[1..].first()?.is("database");
    if !(last && drops) {
        return None;
    }
    let token = &statement[at];
    if token.is("cascade") {
        return Some((token.end(), "WITH (FORCE)".to_owned()));
    }
    token.is("restrict").then(|| (token.end(), String::new()))
}

/// `CREATE INDEX CONCURRENTLY` and `DROP INDEX CONCURRENTLY`: CockroachDB does so anyway, also within a batch, where PostgreSQL
/// refuses it.
fn concurrently(statement: &[Token<'_>], at: usize) -> Option<(usize, String)> {
    let token = statement.get(at).filter(|token| token.is("concurrently"))?;
    let index = at
        .checked_sub(1)
        .filter(|index| statement[*index].is("index"))?;
    let verb = match index {
        1 => &statement[0],
        2 if statement[1].is("unique") => &statement[0],
        _ => return None,
    };
    (verb.is("create") || verb.is("drop")).then(|| (token.end(), String::new()))
}

/// `pg_backend_pid()` as the process id that the client knows.
fn process_id(statement: &[Token<'_>], at: usize, id: u32) -> Option<(usize, String)> {
    let [function, open, close, ..] = &statement[at..] else {
        return None;
    };
    if !(function.is("pg_backend_pid") && open.is_symbol("(") && close.is_symbol(")")) {
        return None;
    }
    let before = at.checked_sub(1).and_then(|before| statement.get(before));
    let after = statement.get(at + 3);
    // A column of its own keeps the function's name.
    let column = before.is_some_and(|token| token.is("select") || token.is_symbol(","))
        && after
            .is_none_or(|token| token.is("from") || token.is_symbol(",") || token.is_symbol(")"))
        && !statement[..at]
            .iter()
            .any(|token| token.is("from") || token.is("where") || token.is("values"));
    let name = if column { " AS pg_backend_pid" } else { "" };
    Some((close.end(), format!("({})::int4{name}", id.cast_signed())))
}

/// The name of one of CockroachDB's settings in a call of `set_config` or `current_setting`.
fn named_setting(tokens: &[Token<'_>], version: CockroachVersion) -> Option<(usize, String)> {
    let [function, open, name, ..] = tokens else {
        return None;
    };
    let called = function.is("set_config") || function.is("current_setting");
    if !(called && open.is_symbol("(") && name.kind == TokenKind::Text) {
        return None;
    }
    let setting = Setting::find(name.text.trim_matches('\''), version)?;
    Some((
        name.end(),
        format!("{}('{}'", function.text, setting.kept_as()),
    ))
}

/// The end of an `AS OF SYSTEM TIME` that `tokens` begin with, and the token after it.
fn as_of_system_time<'t>(tokens: &'t [Token<'t>]) -> Option<(usize, Option<&'t Token<'t>>)> {
    let words = ["as", "of", "system", "time"];
    if tokens.len() < 5 || !words.iter().zip(tokens).all(|(word, token)| token.is(word)) {
        return None;
    }
    let time = &tokens[4];
    let last = match time.kind {
        TokenKind::Text => 4,
        TokenKind::Number if !time.text.starts_with('$') => 4,
        TokenKind::Word => {
            let mut depth = 0_usize;
            4 + tokens[4..].iter().position(|token| {
                depth += usize::from(token.is_symbol("("));
                depth -= usize::from(token.is_symbol(")") && depth > 0);
                token.is_symbol(")") && depth == 0
            })?
        }
        _ => return None,
    };
    Some((tokens[last].end(), tokens.get(last + 1)))
}

/// Whether a statement has an `AS OF SYSTEM TIME`.
pub(super) fn is_historical(statement: &[Token<'_>]) -> bool {
    (0..statement.len()).any(|at| as_of_system_time(&statement[at..]).is_some())
}

/// Whether an `AS OF SYSTEM TIME` is a constant interval into the future.
pub(super) fn is_in_the_future(statement: &[Token<'_>]) -> bool {
    statement.windows(5).any(|tokens| {
        as_of_system_time(tokens).is_some()
            && tokens[4].kind == TokenKind::Text
            && tokens[4]
                .text
                .strip_prefix('\'')
                .is_some_and(is_positive_interval)
    })
}

/// `1s'`, `10 minutes'`: no sign, digits and a unit; a time of the day or a date is none.
fn is_positive_interval(text: &str) -> bool {
    let unit = text
        .trim_start_matches(|character: char| character.is_ascii_digit())
        .trim_start();
    unit.len() < text.len() && unit.starts_with(|character: char| character.is_ascii_alphabetic())
}

/// The end of a `PRIORITY LOW` that `tokens` begin with, and the token after it.
fn priority<'t>(tokens: &'t [Token<'t>]) -> Option<(usize, Option<&'t Token<'t>>)> {
    let [priority, level, ..] = tokens else {
        return None;
    };
    let known = level.is("low") || level.is("normal") || level.is("high");
    (priority.is("priority") && known).then(|| (level.end(), tokens.get(2)))
}

/// The id of the session whose process id in PostgreSQL this expression gives: 32 hexadecimal digits, as CockroachDB has.
pub(super) fn session_id(pid: &str) -> String {
    format!("lpad(to_hex({pid}), 32, '0')")
}

/// The end of a `[SHOW CLUSTER SESSIONS]`, `.. QUERIES]` or `.. TRANSACTIONS]` that `tokens` begin with, and a table with
/// some of its columns.
fn shown(tokens: &[Token<'_>]) -> Option<(usize, String)> {
    let [open, show, cluster, what, close, ..] = tokens else {
        return None;
    };
    if !(open.is_symbol("[") && show.is("show") && cluster.is("cluster") && close.is_symbol("]")) {
        return None;
    }
    let (column, which) = match what.name().as_str() {
        "sessions" => (
            "CASE state WHEN 'active' THEN 'ACTIVE' ELSE 'IDLE' END AS status",
            "true",
        ),
        "queries" => ("query", "state = 'active'"),
        "transactions" => ("xact_start", "xact_start IS NOT NULL"),
        _ => return None,
    };
    let id = session_id("pid");
    let table = format!(
        "(SELECT {id} AS session_id, usename::text AS user_name, application_name, {column} FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND {which}) AS shown"
    );
    Some((close.end(), table))
}

/// `pg_stat_activity`, which CockroachDB has and never fills: the same columns, and no rows.
fn activity(statement: &[Token<'_>], at: usize) -> Option<(usize, String)> {
    const NAME: &str = "pg_stat_activity";
    // What may follow a table without being its name.
    const NO_NAME: &str = "where join on inner left right full cross natural group order having limit offset union intersect \
                           except for";
    let token = &statement[at];
    let is = |at: Option<usize>, text: &str| {
        at.and_then(|at| statement.get(at))
            .is_some_and(|token| token.text.eq_ignore_ascii_case(text))
    };
    let (last, before) = if token.is(NAME) && !is(at.checked_sub(1), ".") {
        (at, at.checked_sub(1))
    } else if token.is("pg_catalog") && is(Some(at + 1), ".") && is(Some(at + 2), NAME) {
        (at + 2, at.checked_sub(1))
    } else {
        return None;
    };
    // Elsewhere it is the name of a column, or qualifies one.
    if !["from", "join", ","].iter().any(|word| is(before, word)) || is(Some(last + 1), ".") {
        return None;
    }
    // A table in parentheses needs a name: its own, where the statement gives it none.
    let named = statement.get(last + 1).is_some_and(|next| {
        matches!(next.kind, TokenKind::Word | TokenKind::QuotedName)
            && !NO_NAME.split(' ').any(|word| next.is(word))
    });
    let name = if named { "" } else { " AS pg_stat_activity" };
    let table = format!("(SELECT * FROM pg_catalog.pg_stat_activity WHERE false){name}");
    Some((statement[last].end(), table))
}

/// The end of a `[SHOW JOBS]` or `[SHOW JOB ..]` that `tokens` begin with, and a table with its columns.
fn shown_jobs(tokens: &[Token<'_>], version: CockroachVersion) -> Option<(usize, String)> {
    let [open, rest @ ..] = tokens else {
        return None;
    };
    if !open.is_symbol("[") {
        return None;
    }
    let (length, query, _) = super::jobs::shown(rest, version)?;
    let close = rest.get(length).filter(|token| token.is_symbol("]"))?;
    Some((close.end(), format!("({query}) AS shown")))
}

/// The end of a `[SHOW SYNTAX 'text']` that `tokens` begin with, and a table with its fields.
fn shown_syntax(tokens: &[Token<'_>], habits: &Habits) -> Option<(usize, String)> {
    let [open, rest @ ..] = tokens else {
        return None;
    };
    if !open.is_symbol("[") {
        return None;
    }
    let (_, query) = super::syntax::shown(rest, habits)?;
    let close = rest.get(3).filter(|token| token.is_symbol("]"))?;
    Some((close.end(), format!("({query}) AS shown")))
}

/// The end of a `current_database()` that `tokens` begin with, and this name instead.
fn named_database(tokens: &[Token<'_>], name: &str) -> Option<(usize, String)> {
    let [function, open, close, ..] = tokens else {
        return None;
    };
    let called = function.is("current_database") && open.is_symbol("(") && close.is_symbol(")");
    called.then(|| (close.end(), format!("'{}'::name", name.replace('\'', "''"))))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::statements;
    use super::*;

    fn habits(missing_database: Option<&str>) -> Habits {
        Habits {
            version: CockroachVersion::V26_2,
            node_id: 1,
            set_local: true,
            process_id: 7,
            missing_database: missing_database.map(Into::into),
            readings: None,
        }
    }

    fn rewritten(sql: &str) -> String {
        rewrite(sql, &statements(sql)[0], &habits(Some("o'no")))
    }

    #[test]
    fn what_postgresql_does_not_know_is_taken_out() {
        for (sql, left) in [
            ("SELECT 1", "SELECT 1"),
            (
                "SELECT * FROM t AS OF SYSTEM TIME '-1s'",
                "SELECT * FROM t ",
            ),
            (
                "SELECT * FROM t AS OF SYSTEM TIME follower_read_timestamp() WHERE a = 1",
                "SELECT * FROM t  WHERE a = 1",
            ),
            (
                "SELECT * FROM t AS OF SYSTEM TIME with_max_staleness('1s', true)",
                "SELECT * FROM t ",
            ),
            (
                "BEGIN AS OF SYSTEM TIME '-1s', READ ONLY",
                "BEGIN  READ ONLY",
            ),
            ("BEGIN AS OF SYSTEM TIME '-1s'", "BEGIN  READ ONLY"),
            ("BEGIN PRIORITY HIGH", "BEGIN "),
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE, PRIORITY LOW",
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
            ),
            ("BEGIN PRIORITY LOW, READ WRITE", "BEGIN  READ WRITE"),
            ("SELECT priority high FROM t", "SELECT priority high FROM t"),
        ] {
            assert_eq!(rewritten(sql), left, "{sql}");
        }
    }

    #[test]
    fn a_placeholder_is_no_time() {
        let sql = "SELECT * FROM t AS OF SYSTEM TIME $1";
        assert_eq!(rewritten(sql), sql);
    }

    #[test]
    fn what_only_cockroachdb_shows_is_put_in_postgresqls_words() {
        let sessions = rewritten("SELECT session_id FROM [SHOW CLUSTER SESSIONS] WHERE true");
        assert!(
            sessions.starts_with("SELECT session_id FROM (SELECT ")
                && sessions.ends_with(") AS shown WHERE true"),
            "{sessions}"
        );
        assert!(rewritten("SELECT query FROM [show cluster queries]").contains("state = 'active'"));
        for sql in ["SELECT a[1]", "SELECT '[SHOW CLUSTER SESSIONS]'"] {
            assert_eq!(rewritten(sql), sql);
        }
    }

    #[test]
    fn the_activity_of_sessions_is_empty() {
        const NONE: &str = "(SELECT * FROM pg_catalog.pg_stat_activity WHERE false)";
        for (sql, text) in [
            (
                "SELECT count(*) FROM pg_stat_activity WHERE pid = 1",
                format!("SELECT count(*) FROM {NONE} AS pg_stat_activity WHERE pid = 1"),
            ),
            (
                "SELECT pg_stat_activity.pid FROM PG_CATALOG.PG_STAT_ACTIVITY",
                format!("SELECT pg_stat_activity.pid FROM {NONE} AS pg_stat_activity"),
            ),
            (
                "SELECT a.pid FROM t, pg_stat_activity AS a JOIN pg_stat_activity b ON a.pid = b.pid",
                format!("SELECT a.pid FROM t, {NONE} AS a JOIN {NONE} b ON a.pid = b.pid"),
            ),
        ] {
            assert_eq!(rewritten(sql), text);
        }
        for sql in [
            "SELECT pg_stat_activity FROM t",
            "SELECT 'pg_stat_activity'",
            "SELECT a FROM other.pg_stat_activity",
        ] {
            assert_eq!(rewritten(sql), sql);
        }
    }

    #[test]
    fn a_database_that_does_not_exist_keeps_its_name() {
        assert_eq!(
            rewritten("SELECT current_database()"),
            "SELECT 'o''no'::name"
        );
        assert_eq!(
            rewrite(
                "SELECT current_database()",
                &statements("SELECT current_database()")[0],
                &habits(None)
            ),
            "SELECT current_database()"
        );
    }

    #[test]
    fn a_session_knows_itself_by_the_id_that_the_client_has() {
        for (sql, text) in [
            (
                "SELECT pg_backend_pid()",
                "SELECT (7)::int4 AS pg_backend_pid",
            ),
            ("SELECT pg_backend_pid() AS p", "SELECT (7)::int4 AS p"),
            (
                "SELECT 1 WHERE pg_backend_pid() = 7",
                "SELECT 1 WHERE (7)::int4 = 7",
            ),
        ] {
            assert_eq!(rewritten(sql), text);
        }
    }

    #[test]
    fn isolation_levels_are_raised() {
        let of = |version, sql: &str| {
            let habits = Habits {
                version,
                ..habits(None)
            };
            rewrite(sql, &statements(sql)[0], &habits)
        };
        for (sql, old, new) in [
            (
                "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY",
                "BEGIN ISOLATION LEVEL serializable, READ ONLY",
                "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY",
            ),
            (
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "SET TRANSACTION ISOLATION LEVEL serializable",
                "SET TRANSACTION ISOLATION LEVEL serializable",
            ),
            (
                "SET default_transaction_isolation = 'read committed'",
                "SET default_transaction_isolation = 'serializable'",
                "SET default_transaction_isolation = 'read committed'",
            ),
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
            ),
        ] {
            assert_eq!(of(CockroachVersion::V23_1, sql), old);
            assert_eq!(of(CockroachVersion::V26_2, sql), new);
        }
    }

    #[test]
    fn words_that_postgresql_lacks_are_left_out() {
        for (sql, text) in [
            ("DROP DATABASE d CASCADE", "DROP DATABASE d WITH (FORCE)"),
            (
                "DROP DATABASE IF EXISTS d RESTRICT",
                "DROP DATABASE IF EXISTS d ",
            ),
            ("DROP DATABASE cascade", "DROP DATABASE cascade"),
            ("DROP TABLE t CASCADE", "DROP TABLE t CASCADE"),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)",
                "CREATE UNIQUE INDEX  i ON t (a)",
            ),
            ("DROP INDEX CONCURRENTLY i", "DROP INDEX  i"),
            (
                "SELECT index concurrently FROM t",
                "SELECT index concurrently FROM t",
            ),
            (
                "CREATE TABLE t (a INT8) WITH (schema_locked = true)",
                "CREATE TABLE t (a INT8) ",
            ),
        ] {
            assert_eq!(rewritten(sql), text);
        }
    }

    #[test]
    fn settings_have_their_kept_name_in_calls() {
        assert_eq!(
            rewritten("SELECT set_config('autocommit_before_ddl', 'off', false)"),
            "SELECT set_config('crdb_testkit.autocommit_before_ddl', 'off', false)"
        );
        let other = "SELECT current_setting('application_name')";
        assert_eq!(rewritten(other), other);
    }

    #[test]
    fn a_time_in_the_future_is_known() {
        for (sql, future) in [
            ("BEGIN AS OF SYSTEM TIME '1s'", true),
            ("SELECT 1 FROM t AS OF SYSTEM TIME '10 minutes'", true),
            ("BEGIN AS OF SYSTEM TIME '-1s'", false),
            ("BEGIN AS OF SYSTEM TIME '2020-01-01 00:00:00'", false),
            ("BEGIN AS OF SYSTEM TIME '1700000000000000000.0'", false),
            ("BEGIN AS OF SYSTEM TIME now()", false),
        ] {
            assert_eq!(is_in_the_future(&statements(sql)[0]), future, "{sql}");
        }
    }
}
