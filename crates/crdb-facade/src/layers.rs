//! Translates the configuration into each layer's own.

use std::time::Duration;

use crdb_exec::{Backoff, PooledExecutorBuilder, SessionSource, TransactionOptions};
use crdb_pool::NodeAddress;

use crate::Config;
use crate::config::keys;

pub(crate) fn nodes(config: &Config) -> Vec<NodeAddress> {
    config
        .get(keys::auth::NODES)
        .iter()
        .map(|node| {
            let mut address = NodeAddress::new(node.host(), node.port());
            if let Some(ip) = node.ip() {
                address = address.with_ip(ip);
            }
            if let Some(locality) = node.locality() {
                address = address.with_locality(locality);
            }
            address
        })
        .collect()
}

pub(crate) fn pool(
    config: &Config,
    pool: crdb_pool::ConfigBuilder,
    margin: Duration,
) -> crdb_pool::ConfigBuilder {
    use keys::pool as key;
    let mut pool = pool
        .min_size(config.get(key::MIN_SIZE))
        .max_size(config.get(key::MAX_SIZE))
        .max_per_node(config.get(key::MAX_PER_NODE))
        .max_waiters(config.get(key::MAX_WAITERS) as usize)
        .max_opening(config.get(key::MAX_OPENING))
        .acquire_timeout(config.get(key::ACQUIRE_TIMEOUT))
        .connect_timeout(
            config
                .get(keys::auth::CONNECT_TIMEOUT)
                .saturating_add(margin),
        )
        .check_timeout(config.get(key::CHECK_TIMEOUT))
        .reset_timeout(config.get(key::RESET_TIMEOUT))
        .probe_timeout(config.get(key::PROBE_TIMEOUT))
        .fresh_for(config.get(key::FRESH_FOR))
        .ping_interval(config.get(key::PING_INTERVAL))
        .max_lifetime(config.get(key::MAX_LIFETIME))
        .idle_timeout(config.get(key::IDLE_TIMEOUT))
        .jitter(config.get(key::JITTER))
        .failures_to_open(config.get(key::FAILURES_TO_OPEN))
        .half_open_probes(config.get(key::HALF_OPEN_PROBES))
        .min_backoff(config.get(key::MIN_BACKOFF))
        .max_backoff(config.get(key::MAX_BACKOFF))
        .slow_start(config.get(key::SLOW_START))
        .spill_over(config.get(key::SPILL_OVER))
        .reset_always(config.get(key::RESET_ALWAYS))
        .leak_after(config.get(key::LEAK_AFTER));
    if let Some(locality) = config.get(key::LOCALITY) {
        pool = pool.locality(locality.as_str());
    }
    pool
}

pub(crate) fn executor<S: SessionSource>(
    config: &Config,
    executor: PooledExecutorBuilder<S>,
) -> PooledExecutorBuilder<S> {
    executor
        .timeout(Some(config.get(keys::exec::TIMEOUT)))
        .attempts(config.get(keys::exec::STATEMENT_ATTEMPTS))
        .backoff(backoff(config))
        .retry_reserve(config.get(keys::exec::RETRY_RESERVE))
}

pub(crate) fn transaction(config: &Config) -> TransactionOptions {
    let options = TransactionOptions::new()
        .attempts(config.get(keys::exec::TRANSACTION_ATTEMPTS))
        .backoff(backoff(config));
    match config.get(keys::exec::ISOLATION) {
        Some(isolation) => options.isolation(isolation),
        None => options,
    }
}

fn backoff(config: &Config) -> Backoff {
    Backoff::new(
        config.get(keys::exec::MIN_BACKOFF),
        config.get(keys::exec::MAX_BACKOFF),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::connector::Connector;
    use crate::loading::{Loaded, load};
    use crate::source::Source;
    use crdb_exec::PooledExecutor;

    /// The configuration's defaults give each layer the defaults of the layer.
    #[tokio::test]
    async fn every_default_is_its_layers() {
        let config = Config::builder()
            .set_text("auth.user", "a")
            .build()
            .unwrap();

        let of_keys = pool(&config, crdb_pool::Config::builder(), Duration::ZERO);
        let of_layer = crdb_pool::Config::builder();
        assert_eq!(format!("{of_keys:?}"), format!("{of_layer:?}"));

        let Loaded { auth, .. } = load(&config, None).await.unwrap();
        let database = config.get(keys::auth::DATABASE);
        let of_layer = crdb_auth::Config::builder().user("a").database(database);
        let (of_keys, of_layer) = (auth.build().unwrap(), of_layer.build().unwrap());
        assert_eq!(format!("{of_keys:?}"), format!("{of_layer:?}"));

        let options = TransactionOptions::new();
        assert_eq!(
            format!("{:?}", transaction(&config)),
            format!("{options:?}")
        );

        #[cfg(feature = "cache")]
        {
            let mib = u64::from(config.get(keys::cache::MAX_MIB));
            assert_eq!(mib << 20, crdb_cache::defaults::MAX_BYTES);
            let kib = config.get(keys::cache::MAX_ENTRY_KIB) as usize;
            assert_eq!(kib << 10, crdb_cache::defaults::MAX_ENTRY_BYTES);
        }

        // No session is opened: nothing asks for one.
        let login = crdb_auth::Connector::new(of_keys).unwrap();
        let limit = Duration::from_secs(1);
        let pool = crdb_pool::Pool::builder(Connector::new(
            login,
            limit,
            limit,
            crdb_wire::Config::default(),
        ))
        .nodes(nodes(&config))
        .build()
        .unwrap();
        let of_layer = PooledExecutor::builder(Source::new(pool.clone()));
        let of_keys = executor(&config, PooledExecutor::builder(Source::new(pool)));
        assert_eq!(
            format!("{:?}", of_keys.build()),
            format!("{:?}", of_layer.build())
        );
    }
}
