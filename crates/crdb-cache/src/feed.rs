//! Changes of tables, which keep answers fresh for longer than their age alone would allow.

use crate::clock::Moment;
use crate::entry::Entry;
use crate::observer::MissReason;
use crate::shape::names;
use crate::timestamp::Timestamp;
use futures_util::{Stream, StreamExt as _};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What a [`ChangeSource`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeNotice {
    /// A row of this table was changed.
    Changed {
        /// The table, with or without its schema.
        table: String,
        /// When that was committed.
        at: Timestamp,
    },
    /// Every change up to this time has been reported.
    Resolved(Timestamp),
}

/// The stream of a [`ChangeSource`].
pub type Changes =
    Pin<Box<dyn Stream<Item = Result<ChangeNotice, Box<dyn StdError + Send + Sync>>> + Send>>;

/// Tells what changes in tables, such as a changefeed of CockroachDB.
///
/// # Contract
/// - Every change that is committed after the first [`Resolved`](ChangeNotice::Resolved) is reported, at least once, before a `Resolved` of its
///   time or a later one. A stream that cannot promise that any more ends or fails.
/// - The times are those of the server that answers are loaded from.
pub trait ChangeSource: Send + Sync + 'static {
    /// What changes in these tables from now on.
    fn changes(&self, tables: &[String]) -> Changes;
}

/// What is known of the changes of some tables.
#[derive(Debug)]
pub(crate) struct Feed {
    tables: Box<[String]>,
    /// How far the clock that told a watermark may be ahead of the one that told when an entry was read.
    offset: Duration,
    known: RwLock<Known>,
    ended: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    /// The first `Resolved` since the stream began: later changes are reported. `None` while it is lost.
    from: Option<Timestamp>,
    resolved: Timestamp,
    /// When `resolved` came.
    received: Moment,
    /// The latest change of each table.
    changed: HashMap<String, Timestamp>,
}

impl Feed {
    fn new(tables: Vec<String>, offset: Duration) -> Self {
        Self {
            tables: tables.into(),
            offset,
            known: RwLock::default(),
            ended: AtomicBool::new(false),
        }
    }

    /// Whether it reports changes of all of these tables.
    pub(crate) fn covers(&self, tables: &[String]) -> bool {
        let told = |table: &String| self.tables.iter().any(|told| names(table, told));
        !tables.is_empty() && tables.iter().all(told)
    }

    /// How long ago what an entry says was current, at most, given that nothing has changed since.
    ///
    /// # Errors
    /// Why the feed does not vouch for it.
    pub(crate) fn age(
        &self,
        entry: &Entry,
        tables: &[String],
        now: Moment,
    ) -> Result<Duration, MissReason> {
        let known = self.known.read();
        let read = entry.read.timestamp;
        let from = known.from.ok_or(MissReason::FeedLost)?;
        if read < from {
            // Changes between the two may not have been reported.
            return Err(MissReason::FeedLost);
        }
        let changed = known
            .changed
            .iter()
            .any(|(table, at)| *at > read && tables.iter().any(|own| bare(own) == bare(table)));
        if changed {
            return Err(MissReason::Changed);
        }
        let age = entry.age(now);
        if known.resolved <= read {
            return Ok(age);
        }
        // The servers' clocks say how much later the watermark is, as well as they agree. One that jumped cannot make it younger than
        // its arrival.
        let later = known.resolved.since(read).saturating_sub(self.offset);
        let by_server = age.saturating_sub(later);
        Ok(by_server.max(now.since(known.received)).min(age))
    }

    fn learn(&self, notice: ChangeNotice, now: Moment) {
        let mut known = self.known.write();
        match notice {
            ChangeNotice::Changed { table, at } => {
                let latest = known.changed.entry(table).or_default();
                *latest = at.max(*latest);
            }
            ChangeNotice::Resolved(at) => {
                known.from.get_or_insert(at);
                // A repetition is older than what is known.
                if at > known.resolved {
                    known.resolved = at;
                    known.received = now;
                }
            }
        }
    }

    fn lose(&self) {
        *self.known.write() = Known::default();
    }

    /// Whether it was given up, so that entries go by their own age again.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.known.read().from.is_some()
    }
}

/// The name without its schema and database. A feed may tell either; a table of this name in another schema counts as well.
fn bare(table: &str) -> &str {
    table.rsplit('.').next().unwrap_or(table)
}

/// How long it waits before a lost stream is begun anew.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows the changes of tables for a cache, until it is dropped: then answers go by their age alone. Made by
/// [`Cache::follow`](crate::Cache::follow).
#[must_use = "dropping it ends the feed"]
pub struct Following {
    feed: Arc<Feed>,
    task: JoinHandle<()>,
}

impl Following {
    pub(crate) fn begin(
        tables: Vec<String>,
        offset: Duration,
        source: impl ChangeSource,
        now: impl Fn() -> Moment + Send + Sync + 'static,
    ) -> (Self, Arc<Feed>) {
        let feed = Arc::new(Feed::new(tables, offset));
        let task = tokio::spawn({
            let feed = Arc::clone(&feed);
            async move {
                loop {
                    let mut changes = source.changes(&feed.tables);
                    while let Some(Ok(notice)) = changes.next().await {
                        feed.learn(notice, now());
                    }
                    feed.lose();
                    drop(changes);
                    tokio::time::sleep(PAUSE).await;
                }
            }
        });
        let following = Self {
            feed: Arc::clone(&feed),
            task,
        };
        (following, feed)
    }

    /// Whether changes are being reported. While it is lost, what it vouches for is a miss; it is begun anew by itself.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.feed.is_live()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
        self.feed.ended.store(true, Ordering::Release);
        self.feed.lose();
    }
}

impl fmt::Debug for Following {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Following")
            .field("tables", &self.feed.tables)
            .field("live", &self.is_live())
            .finish_non_exhaustive()
    }
}
