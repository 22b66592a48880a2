//! UPSERT, which PostgreSQL does not know, and the writes of a transaction that wait for its COMMIT.

use std::io;

use super::failure::Failure;
use super::perform::{Outcome, Way};
use super::session::Session;
use super::settings::Setting;
use super::statement::Statement;
use super::tokens::Token;
use super::transaction::State;
use super::translate;
use super::wire::command_complete;

/// The savepoint before a write that may have to be forgotten.
const BEFORE_WRITE: &str = "crdb_testkit_before_write";

/// An UPSERT, cut where PostgreSQL needs other words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upsert {
    /// What stands between INTO and the columns or the rows.
    table: String,
    /// What stands between the parentheses after the table.
    columns: Option<String>,
    /// The rows: VALUES or a query.
    source: String,
    returning: String,
    /// How many rows VALUES has.
    rows: Option<usize>,
}

/// Reads an UPSERT.
pub(super) fn upsert(sql: &str, statement: &[Token<'_>]) -> Option<Upsert> {
    let [first, into, rest @ ..] = statement else {
        return None;
    };
    if !(first.is("upsert") && into.is("into")) {
        return None;
    }
    let mut depth = 0_i32;
    let mut rows_at = None;
    let mut returning_at = None;
    let mut rows = 0;
    let mut values = false;
    for (at, token) in rest.iter().enumerate() {
        if depth == 0 {
            if rows_at.is_none()
                && (token.is("values")
                    || token.is("select")
                    || token.is("with")
                    || token.is("table"))
            {
                rows_at = Some(at);
                values = token.is("values");
            } else if token.is("returning") {
                returning_at = Some(at);
            } else if rows_at.is_some() && values && token.is_symbol("(") {
                rows += 1;
            }
        }
        depth += i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
    }
    let rows_at = rows_at?;
    let open = rest[..rows_at]
        .iter()
        .position(|token| token.is_symbol("("));
    let close = rest[..rows_at]
        .iter()
        .rposition(|token| token.is_symbol(")"));
    let table_end = rest.get(open.unwrap_or(rows_at))?.start;
    let columns = match (open, close) {
        (Some(open), Some(close)) => Some(sql[rest[open].end()..rest[close].start].to_owned()),
        _ => None,
    };
    let source_end = returning_at.map_or(sql.len(), |at| rest[at].start);
    Some(Upsert {
        table: sql[rest.first()?.start..table_end].trim().to_owned(),
        columns,
        source: sql[rest[rows_at].start..source_end].trim().to_owned(),
        returning: sql[source_end..].to_owned(),
        rows: values.then_some(rows),
    })
}

impl Upsert {
    /// The table's name alone, without an alias.
    fn name(&self) -> &str {
        self.table.split_whitespace().next().unwrap_or_default()
    }

    /// Asks PostgreSQL for the columns of the primary key and all that can be written, a bar between them.
    fn question(&self) -> String {
        let table = self.name().replace('\'', "''");
        format!(
            "SELECT coalesce((SELECT string_agg(quote_ident(a.attname), ', ') FROM pg_index i JOIN pg_attribute a ON \
             a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = to_regclass('{table}') AND \
             i.indisprimary), '') || '|' || coalesce((SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM \
             pg_attribute WHERE attrelid = to_regclass('{table}') AND attnum > 0 AND NOT attisdropped AND \
             attgenerated = ''), '')"
        )
    }

    /// As PostgreSQL writes it, where the answer to the question is `known`.
    fn rewritten(&self, known: &str) -> String {
        let (key, all) = known.split_once('|').unwrap_or_default();
        let columns = self
            .columns
            .as_ref()
            .map_or_else(String::new, |columns| format!(" ({columns})"));
        let insert = format!("INSERT INTO {}{columns} {}", self.table, self.source);
        if key.is_empty() {
            // Without a key of its own a table has hidden row ids, and every row is new.
            return format!("{insert} {}", self.returning);
        }
        let set: Vec<String> = self
            .columns
            .as_deref()
            .unwrap_or(all)
            .split(',')
            .map(|column| format!("{0} = excluded.{0}", column.trim()))
            .collect();
        format!(
            "{insert} ON CONFLICT ({key}) DO UPDATE SET {} {}",
            set.join(", "),
            self.returning
        )
    }
}

impl Session {
    /// The text of a statement that depends on the tables there are.
    pub(super) async fn with_tables(&mut self, mut statement: Statement) -> io::Result<Statement> {
        if let Some(upsert) = &statement.upsert
            && self.transaction.state != State::Failed
            && let Ok(Some(known)) = self.backend.ask_in_batch(&upsert.question()).await?
        {
            statement.text = upsert.rewritten(&known);
        }
        Ok(statement)
    }

    /// Whether a statement writes without having read, in a transaction whose writes wait for its COMMIT.
    pub(super) async fn buffers(&mut self, statement: &Statement) -> io::Result<bool> {
        let blind = statement
            .upsert
            .as_ref()
            .is_some_and(|upsert| upsert.returning.is_empty() && upsert.rows.is_some());
        if !blind || self.transaction.state != State::Open {
            return Ok(false);
        }
        if !self.setting(Setting::BufferedWrites).await? {
            return Ok(false);
        }
        let isolation = self.backend.show_in_batch("transaction_isolation").await?;
        Ok(isolation.as_deref() == Some("serializable"))
    }

    /// Runs such a write. That it has lost against another transaction shows at COMMIT.
    pub(super) async fn execute_buffered(
        &mut self,
        statement: &Statement,
        way: Way<'_>,
    ) -> io::Result<Outcome> {
        self.backend
            .run_in_batch(&format!("SAVEPOINT {BEFORE_WRITE}"))
            .await?;
        if let Way::Portal { bind, .. } = way {
            // PostgreSQL drops with a savepoint what was bound after it, and not what was bound before.
            let _again = self.backend.bind_quietly(bind).await?;
        }
        self.start(statement, way).await?;
        let error = loop {
            let frame = self.backend.answer().await?;
            match frame.tag {
                b'E' => break Some(frame),
                b'C' => {
                    self.relay(frame, statement.tag);
                    break None;
                }
                b'N' => self.relay(frame, None),
                _ => {}
            }
        };
        let Some(error) = error else {
            self.backend
                .run_in_batch(&format!("RELEASE SAVEPOINT {BEFORE_WRITE}"))
                .await?;
            self.ran(statement);
            return Ok(Outcome::Complete);
        };
        if !matches!(translate::code(&error.body).as_str(), "40001" | "40P01") {
            return self.relay_failure(error).await;
        }
        self.backend.end_batch().await?;
        self.backend
            .run_in_batch(&format!("ROLLBACK TO SAVEPOINT {BEFORE_WRITE}"))
            .await?;
        let rows = statement.upsert.as_ref().and_then(|upsert| upsert.rows);
        self.relay(
            command_complete(&format!("INSERT 0 {}", rows.unwrap_or(0))),
            None,
        );
        self.ran(statement);
        self.transaction.doom();
        Ok(Outcome::Complete)
    }

    /// What a COMMIT is answered whose transaction has lost before.
    pub(super) fn lost_before(&self) -> Option<Failure> {
        let release = self.control.options.release();
        if self.transaction.state != State::Open {
            return None;
        }
        if self.transaction.is_doomed() {
            return Some(Failure::retry_commit(release));
        }
        let limit = self.control.failures().commit_limit;
        let late = limit.is_some_and(|limit| self.transaction.rows() > limit);
        late.then(|| Failure::commit_deadline(release))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::statements;
    use super::*;

    fn rewritten(sql: &str, known: &str) -> Option<String> {
        let upsert = upsert(sql, &statements(sql)[0])?;
        Some(upsert.rewritten(known).trim_end().to_owned())
    }

    #[test]
    fn an_upsert_is_an_insert_that_overwrites_by_the_key() {
        for (sql, expected) in [
            (
                "UPSERT INTO t (id, v) VALUES ($1, (2)), (3, 4) RETURNING id",
                "INSERT INTO t (id, v) VALUES ($1, (2)), (3, 4) ON CONFLICT (id) DO UPDATE SET id = excluded.id, \
                 v = excluded.v RETURNING id",
            ),
            (
                "UPSERT INTO t VALUES (1, 2, 3)",
                "INSERT INTO t VALUES (1, 2, 3) ON CONFLICT (id) DO UPDATE SET id = excluded.id, v = excluded.v, \
                 s = excluded.s",
            ),
            (
                "upsert into t (id) select f(x) from u",
                "INSERT INTO t (id) select f(x) from u ON CONFLICT (id) DO UPDATE SET id = excluded.id",
            ),
        ] {
            assert_eq!(rewritten(sql, "id|id, v, s").as_deref(), Some(expected));
        }
        assert_eq!(
            rewritten("UPSERT INTO t VALUES (1)", "|v").as_deref(),
            Some("INSERT INTO t VALUES (1)")
        );
        assert_eq!(rewritten("INSERT INTO t VALUES (1)", "id|id"), None);
    }

    #[test]
    fn the_rows_of_values_are_counted() {
        for (sql, rows) in [
            ("UPSERT INTO t VALUES (1, (2)), (3, f(4))", Some(2)),
            ("UPSERT INTO t (a) VALUES (1)", Some(1)),
            ("UPSERT INTO t SELECT (1)", None),
        ] {
            let read = upsert(sql, &statements(sql)[0]);
            assert_eq!(read.and_then(|upsert| upsert.rows), rows, "{sql}");
        }
    }
}
