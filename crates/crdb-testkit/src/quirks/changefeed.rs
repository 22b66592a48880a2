//! A changefeed without a sink: rows that come as long as the statement runs.
//!
//! The proxy looks at the tables again and again, and tells what differs. So two changes of a row between two looks are one,
//! which a changefeed's "at least once" does not promise to tell apart either.
//!
//! A change is sent with the time after the look that has found it, and what is resolved is the time before a look: so a change is never
//! earlier than it says, and none that was not sent is earlier than what is resolved.

mod history;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::failure::Failure;
use super::perform::{Outcome, Way};
use super::session::Session;
use super::statement::Statement;
use super::tokens::{Token, TokenKind};
use super::transaction::State;
use super::wire::Frame;
use history::{Look, Place, Rows};

/// Where PostgreSQL keeps the changes that are sent next.
const KEPT_AS: &str = "crdb_testkit.changes";

/// How often `resolved` comes where no interval is named.
const RESOLVED: Duration = Duration::from_millis(100);

/// How long it rests between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What a changefeed is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Changefeed {
    tables: Vec<String>,
    updated: bool,
    resolved: Option<Duration>,
    initial_scan: bool,
    diff: bool,
    /// Begins behind this time, in nanoseconds.
    cursor: Option<u128>,
}

/// What PostgreSQL runs to tell the changes, in whichever format the client wants.
pub(super) fn told() -> String {
    format!(
        "SELECT \"table\", convert_to(key, 'UTF8') AS key, convert_to(value, 'UTF8') AS value FROM \
         json_to_recordset(coalesce(nullif(current_setting('{KEPT_AS}', true), ''), '[]')::json) AS \
         changes (\"table\" text, key text, value text)"
    )
}

/// Reads `CREATE CHANGEFEED FOR [TABLE] t, .. [WITH ..]` and its older form with EXPERIMENTAL; none where it has a sink.
pub(super) fn changefeed(statement: &[Token<'_>]) -> Option<Changefeed> {
    let [first, second, r#for, rest @ ..] = statement else {
        return None;
    };
    let begins = first.is("create") || first.is("experimental");
    if !(begins && second.is("changefeed") && r#for.is("for")) {
        return None;
    }
    let rest = match rest {
        [table, rest @ ..] if table.is("table") => rest,
        rest => rest,
    };
    let with = rest
        .iter()
        .position(|token| token.is("with"))
        .unwrap_or(rest.len());
    let names = &rest[..with];
    if names.iter().any(|token| token.is("into")) {
        return None;
    }
    let tables = names
        .split(|token| token.is_symbol(","))
        .map(|name| name.iter().map(|token| token.text).collect::<String>())
        .filter(|name| !name.is_empty())
        .collect::<Vec<_>>();
    let mut feed = Changefeed {
        tables,
        updated: false,
        resolved: None,
        initial_scan: true,
        diff: false,
        cursor: None,
    };
    for option in rest
        .get(with + 1..)
        .unwrap_or_default()
        .split(|token| token.is_symbol(","))
    {
        let value = option
            .get(2)
            .filter(|token| token.kind == TokenKind::Text)
            .map(|token| token.text.trim_matches('\''));
        match option.first().map(Token::name).as_deref() {
            Some("updated") => feed.updated = true,
            Some("resolved") => {
                feed.resolved = Some(value.and_then(interval).unwrap_or(RESOLVED));
            }
            Some("diff") => feed.diff = true,
            Some("no_initial_scan") => feed.initial_scan = false,
            Some("cursor") => {
                feed.initial_scan = false;
                let whole = value.and_then(|value| value.split('.').next());
                feed.cursor = Some(
                    whole
                        .and_then(|value| value.parse().ok())
                        .unwrap_or_default(),
                );
            }
            Some("initial_scan") => feed.initial_scan = value != Some("no"),
            _ => {}
        }
    }
    Some(feed)
}

/// The name of a table as a changefeed tells it: without schema and quotes.
fn bare(table: &str) -> String {
    match table.strip_suffix('"') {
        Some(inner) => {
            let start = inner
                .replace("\"\"", "\u{0}\u{0}")
                .rfind('"')
                .map_or(0, |at| at + 1);
            inner[start..].replace("\"\"", "\"")
        }
        None => table.rsplit('.').next().unwrap_or(table).to_owned(),
    }
}

/// `10s`, `500ms`.
fn interval(text: &str) -> Option<Duration> {
    let digits = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let count: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(count)),
        "s" | "" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_secs(count.checked_mul(60)?)),
        _ => None,
    }
}

/// What changed between two looks at a table: key, and the row before and after.
fn changes<'r>(
    before: &'r Rows,
    after: &'r Rows,
) -> impl Iterator<Item = (&'r String, Option<&'r Value>, Option<&'r Value>)> {
    let new = after
        .iter()
        .map(move |(key, row)| (key, before.get(key), Some(row)))
        .filter(|(_, earlier, row)| earlier != row);
    let gone = before
        .iter()
        .filter(move |(key, _)| !after.contains_key(*key))
        .map(|(key, row)| (key, Some(row), None));
    new.chain(gone)
}

impl Session {
    /// Tells changes until the client goes or cancels.
    pub(super) async fn feed_changes(
        &mut self,
        feed: &Changefeed,
        statement: &Statement,
        way: Way<'_>,
    ) -> io::Result<Outcome> {
        if self.transaction.state != State::Idle || self.transaction.has_begun() {
            let message = "CHANGEFEED cannot be used inside a multi-statement transaction";
            return self.fail(&Failure::new("25000", message)).await;
        }
        let places: Vec<_> = feed
            .tables
            .iter()
            .map(|table| Place::new(&self.control.upstream.address, &self.database, table))
            .collect();
        let mut known: Vec<Option<Arc<Rows>>> = vec![None; feed.tables.len()];
        if let Some(cursor) = feed.cursor {
            for (place, known) in places.iter().zip(&mut known) {
                let Some(rows) = place.rows_at(cursor) else {
                    let message = format!(
                        "batch timestamp {} must be after replica GC threshold",
                        timestamp(cursor)
                    );
                    return self.fail(&Failure::new("XXUUU", message)).await;
                };
                *known = Some(rows);
            }
        }
        let mut resolved_at: Option<Instant> = None;
        let mut described = false;
        self.control.was_cancelled(self.key);
        loop {
            if self.control.was_cancelled(self.key) {
                return self.fail(&Failure::cancelled()).await;
            }
            let before = nanoseconds();
            let mut found = Vec::new();
            // What changed between the time and the look is not sent where the look is the first.
            let mut tells_all = true;
            for (place, (table, known)) in places.iter().zip(feed.tables.iter().zip(&mut known)) {
                let rows = match self.look(table).await? {
                    Ok(rows) => Arc::new(rows),
                    Err(outcome) => return Ok(outcome),
                };
                tells_all &= known.is_some() || feed.initial_scan;
                let earlier = known.replace(Arc::clone(&rows));
                if earlier.is_some() || feed.initial_scan {
                    found.push((table, earlier.unwrap_or_default(), Arc::clone(&rows)));
                }
                place.keep(Look {
                    before,
                    after: nanoseconds(),
                    rows,
                });
            }
            let after = nanoseconds();
            let mut told = Vec::new();
            for (table, earlier, rows) in &found {
                for (key, earlier, row) in changes(earlier, rows) {
                    told.push(json!({
                        "table": bare(table),
                        "key": key,
                        "value": feed.value(earlier, row, after).to_string(),
                    }));
                }
            }
            if let Some(interval) = feed.resolved
                && tells_all
                && resolved_at.is_none_or(|at| at.elapsed() >= interval)
            {
                resolved_at = Some(Instant::now());
                let value = json!({"resolved": timestamp(before)}).to_string();
                told.push(json!({"table": null, "key": null, "value": value}));
            }
            if !(told.is_empty() && described) {
                if let Some(error) = self.tell(&json!(told), statement, way, described).await? {
                    return self.relay_failure(error).await;
                }
                described = true;
            }
            self.backend.end_batch().await?;
            if self.is_gone().await? {
                return Ok(Outcome::Over);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The rows of a table, or how the statement ended.
    async fn look(&mut self, table: &str) -> io::Result<Result<Rows, Outcome>> {
        let key = format!(
            "SELECT coalesce((SELECT string_agg('t.' || quote_ident(a.attname), ', ') FROM pg_index i JOIN pg_attribute a \
             ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE i.indrelid = '{table}'::regclass AND \
             i.indisprimary), 't.ctid')"
        );
        let key = match self.backend.ask_in_batch(&key).await? {
            Ok(key) => key.unwrap_or_default(),
            Err(error) => return self.relay_failure(error).await.map(Err),
        };
        let rows = format!(
            "SELECT coalesce(jsonb_object_agg(jsonb_build_array({key})::text, to_jsonb(t)), '{{}}')::text FROM {table} AS t"
        );
        match self.backend.ask_in_batch(&rows).await? {
            Ok(rows) => Ok(Ok(rows
                .and_then(|rows| serde_json::from_str(&rows).ok())
                .unwrap_or_default())),
            Err(error) => self.relay_failure(error).await.map(Err),
        }
    }

    /// Lets PostgreSQL write the changes as rows, and sends them. Gives the error if there was one.
    async fn tell(
        &mut self,
        changes: &Value,
        statement: &Statement,
        way: Way<'_>,
        described: bool,
    ) -> io::Result<Option<Frame>> {
        let changes = changes.to_string().replace('\'', "''");
        let keep = format!("SET {KEPT_AS} = '{changes}'");
        if let Some(error) = self.backend.run_in_batch(&keep).await? {
            return Ok(Some(error));
        }
        if let Way::Portal { bind, .. } = way
            && let Some(error) = self.backend.bind_quietly(bind).await?
        {
            return Ok(Some(error));
        }
        self.start(statement, way).await?;
        loop {
            let frame = self.backend.answer().await?;
            match frame.tag {
                b'E' => return Ok(Some(frame)),
                b'C' | b's' => break,
                b'T' if described || !matches!(way, Way::Text) => {}
                b'T' | b'D' => self.relay(frame, None),
                _ => {}
            }
        }
        self.flush().await?;
        Ok(None)
    }

    /// Whether the client has gone, or wants to. What else it has sent is kept for later.
    async fn is_gone(&mut self) -> io::Result<bool> {
        tokio::select! {
            biased;
            message = self.client.reader.next() => match message? {
                Some(message) if !message.is_terminate() => {
                    self.early.push_back(message);
                    Ok(false)
                }
                _ => Ok(true),
            },
            () = std::future::ready(()) => Ok(false),
        }
    }
}

impl Changefeed {
    /// A change as JSON.
    fn value(&self, before: Option<&Value>, after: Option<&Value>, now: u128) -> Value {
        let mut value = json!({"after": after});
        if self.diff {
            value["before"] = json!(before);
        }
        if self.updated {
            value["updated"] = json!(timestamp(now));
        }
        value
    }
}

fn nanoseconds() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos())
}

fn timestamp(nanoseconds: u128) -> String {
    format!("{nanoseconds}.0000000000")
}

#[cfg(test)]
mod tests {
    use super::super::tokens::statements;
    use super::*;

    #[test]
    fn a_changefeed_is_read() {
        let read = |sql: &str| changefeed(&statements(sql)[0]);
        let feed = read(
            "CREATE CHANGEFEED FOR TABLE a, s.b WITH updated, resolved = '2s', no_initial_scan",
        )
        .unwrap();
        assert_eq!(feed.tables, ["a", "s.b"]);
        assert!(feed.updated && !feed.initial_scan && !feed.diff);
        assert_eq!(feed.resolved, Some(Duration::from_secs(2)));
        let feed = read("CREATE CHANGEFEED FOR a WITH cursor = '17.0000000002'").unwrap();
        assert!(feed.cursor == Some(17) && !feed.initial_scan);
        let feed = read("EXPERIMENTAL CHANGEFEED FOR a").unwrap();
        assert!(feed.initial_scan && feed.resolved.is_none());
        assert_eq!(read("CREATE CHANGEFEED FOR a INTO 'kafka://x'"), None);
        assert_eq!(read("CREATE TABLE changefeed (a INT8)"), None);
    }

    #[test]
    fn a_table_is_told_by_its_bare_name() {
        for (name, told) in [
            ("t", "t"),
            ("s.t", "t"),
            ("\"s\".\"T.x\"", "T.x"),
            ("\"a\"\"b\"", "a\"b"),
        ] {
            assert_eq!(bare(name), told);
        }
    }

    #[test]
    fn what_changed_is_what_differs() {
        let rows = |pairs: &[(&str, i64)]| -> Rows {
            pairs
                .iter()
                .map(|(key, row)| ((*key).to_owned(), json!(row)))
                .collect()
        };
        let (before, after) = (
            rows(&[("a", 1), ("b", 2), ("c", 3)]),
            rows(&[("a", 1), ("b", 5), ("d", 4)]),
        );
        let told: Vec<_> = changes(&before, &after)
            .map(|(key, _, row)| (key.as_str(), row.and_then(Value::as_i64)))
            .collect();
        assert_eq!(told, [("b", Some(5)), ("d", Some(4)), ("c", None)]);
    }
}
