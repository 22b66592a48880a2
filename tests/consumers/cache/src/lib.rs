//! A service that answers from memory what may be ten seconds old.

use crdb_cache::{Cache, CachedExecutor};
use crdb_exec::{CacheRule, Error, ExecutorExt, PooledExecutor, Row, SessionSource, Statement};
use std::time::Duration;

const NAME: Statement<'static> = Statement::new("SELECT name FROM country WHERE code = $1")
    .named("country.name")
    .cached(CacheRule::new(Duration::from_secs(10)));

/// In front of an executor.
pub fn in_front_of<S: SessionSource>(db: PooledExecutor<S>) -> CachedExecutor<PooledExecutor<S>> {
    Cache::builder().build().over(db)
}

/// The name of a country.
///
/// # Errors
/// As the executor.
pub async fn name<S: SessionSource>(
    db: &CachedExecutor<PooledExecutor<S>>,
    code: &str,
) -> Result<String, Error> {
    db.fetch_one(NAME, &[&code]).await?.get(0)
}
