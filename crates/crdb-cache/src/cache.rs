//! The store of entries, and its settings.

use crate::clock::{Clock, Moment, SystemClock};
use crate::entry::Entry;
use crate::executor::CachedExecutor;
use crate::feed::{ChangeSource, Feed, Following};
use crate::flight::Flights;
use crate::key::Key;
use crate::observer::Observer;
use crate::origin::Origin;
use crate::shape::Scope;
use crate::timestamp::Timestamp;
use crate::token::CommitToken;
use parking_lot::Mutex;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Keeps answers, for any number of executors. Cloning it is cheap, and the clones share the entries.
///
/// ```
/// use crdb_cache::{Cache, Origin};
/// use crdb_exec::{CacheRule, Error, ExecutorExt, PooledExecutor, Row, SessionSource, Statement};
/// use std::time::Duration;
///
/// // With crdb-sql: `-- cache: 10s` in the header of the query.
/// const NAME: Statement<'static> = Statement::new("SELECT name FROM country WHERE code = $1")
///     .named("country.name")
///     .cached(CacheRule::new(Duration::from_secs(10)));
///
/// async fn country<S: SessionSource>(db: &PooledExecutor<S>, code: &str) -> Result<String, Error> {
///     // Once, when the service starts.
///     let cached = Cache::builder().max_bytes(64 << 20).build().over(db.clone());
///     cached.fetch_one(NAME, &[&code]).await?.get(0)
/// }
/// ```
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) id: u64,
    sequence: AtomicU64,
    shapes: AtomicU64,
    pub(crate) entries: moka::sync::Cache<Key, Arc<Entry>>,
    pub(crate) flights: Arc<Flights>,
    clock: Box<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) max_entry_bytes: usize,
    max_clock_offset: Duration,
    scopes: Mutex<Vec<Weak<Scope>>>,
    feeds: Mutex<Vec<Weak<Feed>>>,
}

/// Makes a [`Cache`].
pub struct CacheBuilder {
    max_bytes: u64,
    max_entry_bytes: usize,
    max_clock_offset: Duration,
    clock: Box<dyn Clock>,
    observer: Option<Arc<dyn Observer>>,
}

impl CacheBuilder {
    /// How many bytes all entries may take, about: 64 MiB by default. Beyond it those go that are used least.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// How many bytes one entry may take: 1 MiB by default. A larger answer is given and not kept.
    #[must_use]
    pub fn max_entry_bytes(mut self, bytes: usize) -> Self {
        self.max_entry_bytes = bytes;
        self
    }

    /// How far the clocks of two nodes of the server may be apart: 500 ms by default, as CockroachDB's `--max-offset`. Answers that a
    /// [feed](Cache::follow) keeps fresh are taken to be older by so much.
    #[must_use]
    pub fn max_clock_offset(mut self, offset: Duration) -> Self {
        self.max_clock_offset = offset;
        self
    }

    /// Sets the observer of the cache. By default there is none, which costs nothing.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The time by which entries age, for simulations.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The cache.
    #[must_use]
    pub fn build(self) -> Cache {
        let entries = moka::sync::Cache::builder()
            .max_capacity(self.max_bytes)
            .weigher(|key: &Key, entry: &Arc<Entry>| {
                let bytes = key.bytes() + entry.rows.bytes() + size_of::<Entry>();
                u32::try_from(bytes).unwrap_or(u32::MAX)
            })
            .build();
        Cache {
            shared: Arc::new(Shared {
                id: rand::random(),
                sequence: AtomicU64::new(0),
                shapes: AtomicU64::new(0),
                entries,
                flights: Arc::default(),
                clock: self.clock,
                observer: self.observer,
                max_entry_bytes: self.max_entry_bytes,
                max_clock_offset: self.max_clock_offset,
                scopes: Mutex::default(),
                feeds: Mutex::default(),
            }),
        }
    }
}

impl Cache {
    /// A cache with other settings than the defaults.
    #[must_use]
    pub fn builder() -> CacheBuilder {
        CacheBuilder {
            max_bytes: crate::defaults::MAX_BYTES,
            max_entry_bytes: crate::defaults::MAX_ENTRY_BYTES,
            max_clock_offset: crate::defaults::MAX_CLOCK_OFFSET,
            clock: Box::new(SystemClock::default()),
            observer: None,
        }
    }

    /// An executor that gives what is kept, and loads through `origin` what is not.
    ///
    /// Entries belong to this executor and its clones: another one, over another pool or another user's sessions, finds none of them.
    pub fn over<O: Origin>(&self, origin: O) -> CachedExecutor<O> {
        let scope = Arc::new(Scope::new(origin.sessions_differ()));
        let mut scopes = self.shared.scopes.lock();
        scopes.retain(|scope| scope.strong_count() > 0);
        scopes.push(Arc::downgrade(&scope));
        drop(scopes);
        CachedExecutor::new(origin, Arc::clone(&self.shared), scope)
    }

    /// Makes everything useless that was read from this table before now, and what is being read. The name is with or without its
    /// schema, as the catalog has it; without one it is the table of any schema.
    ///
    /// Only this process forgets.
    pub fn invalidate(&self, table: &str) {
        self.shared.invalidate(Some(table));
    }

    /// Makes everything useless that was read before now.
    pub fn invalidate_all(&self) {
        self.shared.invalidate(None);
    }

    /// Follows the changes of these tables, named as the catalog has them, with or without their schemas. What is read from them and from
    /// no others is given as long as nothing has changed, and is as old as the latest time up to which all changes are known: its
    /// rule bounds that. While the feed is lost, all of it is a miss.
    ///
    /// No feed reports alterations of tables and views. So once in the age that the rule allows a load of the statement, for any
    /// parameters, has to find them unaltered; else its answers go by their own age.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn follow(
        &self,
        tables: impl IntoIterator<Item = impl Into<String>>,
        source: impl ChangeSource,
    ) -> Following {
        let tables = tables.into_iter().map(Into::into).collect();
        let shared = Arc::downgrade(&self.shared);
        let now = move || {
            shared
                .upgrade()
                .map(|shared| shared.now())
                .unwrap_or_default()
        };
        let (following, feed) = Following::begin(tables, self.shared.max_clock_offset, source, now);
        let mut feeds = self.shared.feeds.lock();
        feeds.retain(|feed| feed.strong_count() > 0);
        feeds.push(Arc::downgrade(&feed));
        drop(feeds);
        // What is known already does not know of the feed.
        let scopes = self.shared.scopes.lock().clone();
        for scope in scopes.iter().filter_map(Weak::upgrade) {
            scope.forget_all();
        }
        following
    }

    /// A token of all commits that were answered before now, for this process: what is read with it was read from now on.
    ///
    /// `committed` is the time of the commit by the server's clock, where it is known, so that the token can be carried to another
    /// process.
    #[must_use]
    pub fn token(&self, committed: Option<Timestamp>) -> CommitToken {
        CommitToken::local(self.shared.id, self.shared.next(), committed)
    }

    /// How many bytes the entries take, about, and how many there are. Both are a little behind.
    #[must_use]
    pub fn size(&self) -> CacheSize {
        CacheSize {
            bytes: self.shared.entries.weighted_size(),
            entries: self.shared.entries.entry_count(),
        }
    }
}

/// How much a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheSize {
    /// Bytes.
    pub bytes: u64,
    /// Entries.
    pub entries: u64,
}

impl Shared {
    /// The number of an event: each is larger than all before it.
    pub(crate) fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The number of the latest event.
    pub(crate) fn latest(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    pub(crate) fn next_shape(&self) -> u64 {
        self.shapes.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The feed that reports changes in all of these tables, where there is one.
    pub(crate) fn feed(&self, tables: &[String]) -> Option<Arc<Feed>> {
        let feeds = self.feeds.lock();
        feeds
            .iter()
            .filter_map(Weak::upgrade)
            .find(|feed| feed.covers(tables))
    }

    fn invalidate(&self, table: Option<&str>) {
        // What begins after this sees what the caller knows of.
        let sequence = self.next();
        let scopes = self.scopes.lock().clone();
        for scope in scopes.iter().filter_map(Weak::upgrade) {
            scope.invalidate(table, sequence);
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CacheBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("max_bytes", &self.max_bytes)
            .field("max_entry_bytes", &self.max_entry_bytes)
            .finish_non_exhaustive()
    }
}
