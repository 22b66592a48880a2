//! Which statements wait for which others.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crdb_exec::{
    AcquireOptions, Engine, ExecutorExt as _, PooledExecutor, RetrySafety, Row, Session as _,
    SessionSource, Statement,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Inspected;
use super::explain::what;
use crate::profile::Profile;
use crate::profile::report::{clock, seconds_of, short};
use crate::query_text::{fingerprint, summary};

/// How many pairs of statements are kept.
const MOST: usize = 100;

/// A statement that waited for another transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contention {
    /// The statement that waited.
    pub waiting: Contender,
    /// The one that it waited for: on PostgreSQL the latest of the transaction that had the lock, on CockroachDB each of that transaction.
    pub blocking: Contender,
    /// The table that they met at, where CockroachDB says so (v23.1 and later).
    pub table: Option<String>,
    /// How often it was seen: looks on PostgreSQL, the server's events on CockroachDB.
    pub seen: u64,
    /// The longest wait that was seen, in seconds.
    pub longest: f64,
    /// When it was last seen, in seconds since 1970.
    pub last: f64,
}

/// A statement of this service, or of another client of the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Contender {
    /// Its name, where this service has one for it.
    pub name: Option<String>,
    /// Its fingerprint; empty where the server does not say which statement it is.
    pub fingerprint: String,
    /// Its operation and tables.
    pub summary: String,
}

/// What has been seen so far.
#[derive(Debug, Default)]
pub(in crate::profile) struct Contentions(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    pairs: HashMap<Met, Times>,
    failure: Option<String>,
}

/// Who waited, for whom, and at which table.
type Met = (Contender, Contender, Option<String>);

/// How often a pair was seen, how long it waited at most, and when it was seen last, in seconds.
type Times = (u64, f64, f64);

/// One pair, as a server tells it.
#[derive(Debug)]
struct Pair {
    waiting: String,
    blocking: Option<String>,
    table: Option<String>,
    seen: u64,
    longest: f64,
}

/// Who waits for a lock now, and for whom.
const POSTGRESQL: &str = include_str!("contention_postgresql.sql");

/// Who has waited within so many seconds, and for whom.
const COCKROACHDB: &str = include_str!("contention_cockroachdb.sql");

/// Asks again and again.
#[derive(Debug, Default)]
pub(super) struct Look {
    engine: Option<Engine>,
    /// When CockroachDB was asked last, and how many races had been lost until then.
    asked: Option<(Instant, u64)>,
}

impl Look {
    /// Asks, if it is time and there is a reason to.
    pub(super) async fn at<S: SessionSource>(
        &mut self,
        profile: &Profile,
        inspected: &Inspected,
        database: &PooledExecutor<S>,
    ) {
        let collisions = inspected.collisions.load(Ordering::Relaxed);
        let is_idle = inspected.running.load(Ordering::Relaxed) == 0;
        if is_idle && self.asked.map_or(0, |(_, before)| before) == collisions {
            return;
        }
        let engine = match self.engine {
            Some(engine) => engine,
            None => match database.source().acquire(AcquireOptions::default()).await {
                Ok(lease) => *self.engine.insert(lease.engine()),
                Err(_) => return,
            },
        };
        let answer = match engine {
            Engine::PostgreSql => ask(POSTGRESQL, None, database).await,
            _ => {
                let window = inspected.options.window;
                let (since, before) = self.asked.unzip();
                let elapsed = since.map_or(window, |since: Instant| since.elapsed());
                if elapsed < window || before.unwrap_or(0) == collisions {
                    return;
                }
                self.asked = Some((Instant::now(), collisions));
                ask(COCKROACHDB, Some(elapsed.as_secs_f64()), database).await
            }
        };
        match answer {
            Ok(pairs) => profile
                .contentions
                .add(pairs, |text| profile.statements.named(text)),
            Err(failure) => profile.contentions.fail(failure),
        }
    }
}

async fn ask<S: SessionSource>(
    question: &str,
    seconds: Option<f64>,
    database: &PooledExecutor<S>,
) -> Result<Vec<Pair>, String> {
    let statement = Statement::new(question).retry(RetrySafety::Never);
    let rows = match &seconds {
        Some(seconds) => database.fetch_all(statement, &[seconds]).await,
        None => database.fetch_all(statement, &[]).await,
    };
    let rows = rows.map_err(|error| what(&error))?;
    rows.iter()
        .map(|row| Pair::read(row).map_err(|error| what(&error)))
        .collect()
}

impl Pair {
    fn read(row: &impl Row) -> Result<Self, crdb_exec::Error> {
        let seen = if row.len() > 4 { row.get::<i64>(4)? } else { 1 };
        Ok(Self {
            waiting: row.get::<Option<String>>(0)?.unwrap_or_default(),
            blocking: row.get(1)?,
            longest: row.get::<Option<f64>>(2)?.unwrap_or_default(),
            table: if row.len() > 3 { row.get(3)? } else { None },
            seen: u64::try_from(seen).unwrap_or_default(),
        })
    }
}

impl Contender {
    /// The statement of this text; what the server hides is not known.
    fn of(text: &str, named: impl Fn(&str) -> Option<String>) -> Self {
        if text.is_empty() || text.starts_with("<insufficient privilege>") {
            return Self::default();
        }
        let fingerprint = fingerprint(text);
        Self {
            name: named(&fingerprint),
            summary: summary(text),
            fingerprint,
        }
    }
}

impl Contentions {
    fn add(&self, pairs: Vec<Pair>, named: impl Fn(&str) -> Option<String>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.failure = None;
        let now = seconds_of(SystemTime::now());
        for pair in pairs {
            let key = (
                Contender::of(&pair.waiting, &named),
                Contender::of(pair.blocking.as_deref().unwrap_or_default(), &named),
                pair.table,
            );
            if seen.pairs.len() >= MOST && !seen.pairs.contains_key(&key) {
                // The one that was seen longest ago gives way.
                let oldest = seen
                    .pairs
                    .iter()
                    .min_by(|(_, (_, _, a)), (_, (_, _, b))| a.total_cmp(b));
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    seen.pairs.remove(&oldest);
                }
            }
            let (count, longest, last) = seen.pairs.entry(key).or_default();
            *count = count.saturating_add(pair.seen);
            *longest = longest.max(pair.longest);
            *last = now;
        }
    }

    fn fail(&self, failure: String) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.failure = Some(failure);
    }

    pub(in crate::profile) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }

    /// All of them, those that were seen most often first, and why the last question failed, if it did.
    pub(in crate::profile) fn all(&self) -> (Vec<Contention>, Option<String>) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Contention> = seen
            .pairs
            .iter()
            .map(
                |((waiting, blocking, table), (count, longest, last))| Contention {
                    waiting: waiting.clone(),
                    blocking: blocking.clone(),
                    table: table.clone(),
                    seen: *count,
                    longest: *longest,
                    last: *last,
                },
            )
            .collect();
        all.sort_by(|a, b| b.seen.cmp(&a.seen).then(b.last.total_cmp(&a.last)));
        (all, seen.failure.clone())
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(name),
            None if self.fingerprint.is_empty() => f.write_str("a statement that is not known"),
            None => f.write_str(&self.summary),
        }
    }
}

impl fmt::Display for Contention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} waited for {}; seen {} times, {} at most, last at {}",
            self.waiting,
            self.blocking,
            self.seen,
            short(self.longest),
            clock(self.last)
        )?;
        match &self.table {
            Some(table) => write!(f, "; table {table}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(waiting: &str, blocking: Option<&str>, longest: f64) -> Pair {
        Pair {
            waiting: waiting.to_owned(),
            blocking: blocking.map(str::to_owned),
            table: None,
            seen: 1,
            longest,
        }
    }

    #[test]
    fn pairs_are_told_by_name_and_never_by_text() {
        let debit = fingerprint("UPDATE accounts SET v = v - $1 WHERE id = $2");
        let named = |found: &str| (*found == debit).then(|| "accounts.debit".to_owned());
        let contentions = Contentions::default();
        let waiting = "UPDATE accounts SET v = v - $1 WHERE id = $2 /*traceparent='x'*/";
        contentions.add(
            vec![
                pair(
                    waiting,
                    Some("DELETE FROM gone WHERE word = 'rosebud'"),
                    0.25,
                ),
                pair("SELECT 1 FROM t WHERE a = 'rosebud'", None, 1.0),
                pair("<insufficient privilege>", Some(""), 0.0),
            ],
            named,
        );
        contentions.add(
            vec![pair(
                waiting,
                Some("DELETE FROM gone WHERE word = 'other'"),
                0.5,
            )],
            named,
        );
        let (all, failure) = contentions.all();
        assert_eq!((all.len(), failure), (3, None));
        assert!(!format!("{all:?}").contains("rosebud"));
        let told = all[0].to_string();
        assert!(
            told.starts_with(
                "accounts.debit waited for DELETE gone; seen 2 times, 500.0ms at most"
            ),
            "{told}"
        );
        assert!(all.iter().any(|one| {
            one.to_string()
                .contains("SELECT t waited for a statement that is not known")
        }));
    }

    #[test]
    fn a_bounded_number_of_pairs_is_kept() {
        let contentions = Contentions::default();
        for number in 0..MOST + 50 {
            contentions.add(
                vec![pair(&format!("SELECT a FROM t{number}"), None, 0.0)],
                |_| None,
            );
        }
        let (all, _) = contentions.all();
        assert_eq!(all.len(), MOST);
        contentions.fail("the server answered 42501".to_owned());
        assert_eq!(
            contentions.all().1.as_deref(),
            Some("the server answered 42501")
        );
        contentions.clear();
        assert_eq!(contentions.all(), (vec![], None));
    }
}
