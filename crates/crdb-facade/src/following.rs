//! CockroachDB's changefeeds as the feed of the cache.

use std::fmt;
use std::time::Duration;

use crdb_cache::{ChangeNotice, ChangeSource, Following, ParseTimestampError, Timestamp};
use crdb_data::{ChangeEvent, Changes};
use crdb_exec::{Engine, PooledExecutor};
use futures_util::{StreamExt as _, future};
use serde::de::IgnoredAny;

use crate::source::Source;
use crate::{Database, Error};

/// How often a changefeed says up to which time it has told all changes: what answers from memory are older than answers of the server.
const RESOLVED: Duration = Duration::from_millis(200);

/// Changefeeds of a database as the feed of a cache. Made by [`Database::change_source`].
#[derive(Clone)]
pub struct Changefeed(PooledExecutor<Source>);

impl fmt::Debug for Changefeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changefeed").finish_non_exhaustive()
    }
}

impl ChangeSource for Changefeed {
    fn changes(&self, tables: &[String]) -> crdb_cache::Changes {
        let changes = Changes::of(tables)
            .without_initial_scan()
            .resolved_every(RESOLVED)
            .stream::<IgnoredAny, _>(&self.0);
        Box::pin(changes.filter_map(|event| {
            let notice = match event {
                Ok(event) => notice(event).map_err(Into::into).transpose(),
                Err(error) => Some(Err(error.into())),
            };
            future::ready(notice)
        }))
    }
}

fn notice(event: ChangeEvent<IgnoredAny>) -> Result<Option<ChangeNotice>, ParseTimestampError> {
    Ok(match event {
        ChangeEvent::Change(change) => Some(ChangeNotice::Changed {
            at: change.updated.parse::<Timestamp>()?,
            table: change.table,
        }),
        ChangeEvent::Resolved(time) => Some(ChangeNotice::Resolved(time.parse()?)),
        _ => None,
    })
}

impl Database {
    /// Follows the changes of these tables with a changefeed of CockroachDB, until what it gives is dropped: see
    /// [`Cache::follow`](crdb_cache::Cache::follow). `None` on PostgreSQL, which has none: answers go by their age there.
    ///
    /// The changefeed has a session of the pool for as long as it lives, and needs `SELECT` on the tables and
    /// `kv.rangefeed.enabled`.
    ///
    /// # Errors
    /// When no session can be had to see which server it is. That a changefeed does not begin is no error:
    /// [`Following::is_live`](crdb_cache::Following::is_live) says it, and until then everything that reads from these tables is a miss.
    ///
    /// # Cancel safety
    /// Dropping the future begins nothing.
    pub async fn follow_changes(
        &self,
        tables: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Option<Following>, Error> {
        let lease = self.pool().acquire().await?;
        if crdb_exec::Session::engine(&*lease) != Engine::CockroachDb {
            return Ok(None);
        }
        drop(lease);
        Ok(Some(self.cache().follow(tables, self.change_source())))
    }

    /// Changefeeds of this database, for [`Cache::follow`](crdb_cache::Cache::follow) of your own cache. A lost connection goes on from
    /// the last watermark, on another node if need be.
    #[must_use]
    pub fn change_source(&self) -> Changefeed {
        Changefeed(self.executor().clone())
    }
}
