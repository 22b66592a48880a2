//! The text that PostgreSQL gets instead of what it does not know. Pure.

use super::statement::{Class, classify};
use super::tokens::{Token, TokenKind};

/// `sql` as PostgreSQL knows it: without `AS OF SYSTEM TIME ..` and `PRIORITY ..`, with its own words for the tables of
/// `SHOW`, and with the name of the session's database where that does not exist. Only a constant or a call can be a time
/// here; anything else stays, and PostgreSQL refuses it.
pub(super) fn rewrite(sql: &str, all: &[Vec<Token<'_>>], missing_database: Option<&str>) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut copied = 0;
    for statement in all {
        let begins = matches!(classify(statement), Class::Begin) || statement[0].is("set");
        for at in 0..statement.len() {
            let instead = shown(&statement[at..])
                .or_else(|| named_database(&statement[at..], missing_database?));
            if let Some((end, instead)) = instead {
                text.push_str(&sql[copied..statement[at].start.max(copied)]);
                text.push_str(&instead);
                copied = end;
                continue;
            }
            let cut = as_of_system_time(&statement[at..])
                .or_else(|| begins.then(|| priority(&statement[at..])).flatten());
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
    }
    text.push_str(&sql[copied..]);
    text
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

    fn rewritten(sql: &str) -> String {
        rewrite(sql, &statements(sql), Some("o'no"))
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
            ("BEGIN PRIORITY HIGH", "BEGIN "),
            (
                "BEGIN ISOLATION LEVEL SERIALIZABLE, PRIORITY LOW",
                "BEGIN ISOLATION LEVEL SERIALIZABLE",
            ),
            (
                "BEGIN PRIORITY LOW, READ WRITE; SELECT 1",
                "BEGIN  READ WRITE; SELECT 1",
            ),
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
        for sql in [
            "SELECT a[1]",
            "SELECT * FROM [SHOW JOBS]",
            "SELECT '[SHOW CLUSTER SESSIONS]'",
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
            rewrite("SELECT current_database()", &[], None),
            "SELECT current_database()"
        );
    }
}
