//! Settings at the ends of their types: the pool neither panics, nor hangs, nor opens more than it should.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crdb_pool::{AcquireOptions, ConfigBuilder, Pool};
use tokio::time::{Instant, sleep, timeout};

use crate::cluster::{Behaviour, Cluster};

const LONGEST: Duration = Duration::MAX;

type Setting = (&'static str, fn(ConfigBuilder) -> ConfigBuilder);

/// Every duration and count of the configuration at its maximum.
const SETTINGS: [Setting; 20] = [
    ("max_size", |config| config.max_size(u32::MAX)),
    ("max_per_node", |config| config.max_per_node(Some(u32::MAX))),
    ("max_waiters", |config| config.max_waiters(usize::MAX)),
    ("max_opening", |config| config.max_opening(u32::MAX)),
    ("acquire_timeout", |config| config.acquire_timeout(LONGEST)),
    ("connect_timeout", |config| config.connect_timeout(LONGEST)),
    ("check_timeout", |config| config.check_timeout(LONGEST)),
    ("reset_timeout", |config| config.reset_timeout(LONGEST)),
    ("probe_timeout", |config| config.probe_timeout(LONGEST)),
    ("fresh_for", |config| config.fresh_for(LONGEST)),
    ("ping_interval", |config| {
        config.ping_interval(Some(LONGEST))
    }),
    ("max_lifetime", |config| config.max_lifetime(Some(LONGEST))),
    ("idle_timeout", |config| config.idle_timeout(Some(LONGEST))),
    ("no jitter", |config| {
        config.max_lifetime(Some(LONGEST)).jitter(0.0)
    }),
    ("failures_to_open", |config| {
        config.failures_to_open(u32::MAX)
    }),
    ("half_open_probes", |config| {
        config.half_open_probes(u32::MAX)
    }),
    ("max_backoff", |config| config.max_backoff(LONGEST)),
    ("min_backoff", |config| {
        config.min_backoff(LONGEST).max_backoff(LONGEST)
    }),
    ("slow_start", |config| config.slow_start(LONGEST)),
    ("leak_after", |config| config.leak_after(Some(LONGEST))),
];

/// Lends sessions, resets one, and loses both nodes and gets them back.
async fn live(name: &str, configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) {
    let cluster = Cluster::start([1, 2]);
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(configure)
        .build()
        .unwrap();
    let far = AcquireOptions {
        deadline: Some(Instant::now().into_std() + Duration::from_secs(u64::MAX >> 2)),
        avoid: None,
    };
    let mut first = pool.acquire_with(far).await.unwrap();
    let second = pool.acquire().await.unwrap();
    first.dirty = true;
    drop((first, second));
    sleep(Duration::from_secs(1)).await;
    cluster.set(1, Behaviour::Killed);
    cluster.set(2, Behaviour::Killed);
    for _ in 0..20 {
        let acquired = timeout(Duration::from_secs(5), pool.acquire()).await;
        assert!(
            !matches!(acquired, Ok(Ok(lease)) if !lease.is_cut()),
            "{name}"
        );
    }
    for node in [1, 2] {
        cluster.set(node, Behaviour::Blackholed);
    }
    sleep(Duration::from_secs(2)).await;
    for node in [1, 2] {
        let together = cluster.node(node).most_connecting.load(SeqCst);
        assert!(together <= 256, "{name}: {together}");
        cluster.set(node, Behaviour::Up);
    }
    // Where a node stays out for ever, nothing is promised but an end.
    drop(timeout(Duration::from_secs(5), pool.acquire()).await);
    pool.close(LONGEST).await.unwrap();
    assert_eq!(cluster.open(), 0, "{name}");
}

#[tokio::test(start_paused = true)]
async fn each_setting_can_be_as_large_as_its_type() {
    for (name, set) in SETTINGS {
        live(name, set).await;
    }
}

#[tokio::test(start_paused = true)]
async fn all_settings_can_be_as_large_as_their_types() {
    live("all", |config| {
        SETTINGS
            .into_iter()
            .fold(config, |config, (_, set)| set(config))
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_can_be_resized_to_the_largest_number() {
    let cluster = Cluster::start([1]);
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .build()
        .unwrap();
    drop(pool.acquire().await.unwrap());
    pool.resize(0, u32::MAX).unwrap();
    drop(pool.acquire().await.unwrap());
    assert_eq!(pool.status().max_size, u32::MAX);
}

#[tokio::test(start_paused = true)]
async fn the_largest_numbers_of_attempts_at_a_time_are_bounded() {
    live("attempts", |config| {
        config
            .max_size(u32::MAX)
            .max_opening(u32::MAX)
            .half_open_probes(u32::MAX)
    })
    .await;
}
