//! Counters, gauges and histograms.

#[cfg(feature = "audit")]
mod audit;
#[cfg(feature = "auth")]
mod auth;
#[cfg(feature = "cache")]
mod cache;
#[cfg(feature = "data")]
mod data;
#[cfg(feature = "exec")]
mod exec;
#[cfg(any(feature = "pool", feature = "exec"))]
mod handles;
#[cfg(feature = "migrate")]
mod migrate;
#[cfg(feature = "pool")]
mod pool;
#[cfg(feature = "wire")]
mod wire;

use std::fmt;

#[cfg(feature = "audit")]
pub(crate) use audit::{Appended, AuditCounts};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
#[cfg(any(
    feature = "audit",
    feature = "auth",
    feature = "pool",
    feature = "wire",
    feature = "exec",
    feature = "data",
    feature = "migrate"
))]
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// How many different values a label has before further ones become `other`.
const LABEL_LIMIT: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: String,
    configuration: String,
}

/// Counts and measures what the layers report, and renders it for Prometheus.
///
/// Every name begins with `crdb_` and its layer: `crdb_pool_acquire_seconds`. Durations are in seconds. The README lists
/// all of them.
pub struct Metrics {
    registry: Registry,
    build: Family<Build, Gauge>,
    #[cfg(feature = "audit")]
    audit: audit::AuditMetrics,
    #[cfg(feature = "auth")]
    auth: auth::AuthMetrics,
    #[cfg(feature = "pool")]
    pool: pool::PoolMetrics,
    #[cfg(feature = "wire")]
    wire: wire::WireMetrics,
    #[cfg(feature = "exec")]
    exec: exec::ExecMetrics,
    #[cfg(feature = "cache")]
    cache: cache::CacheMetrics,
    #[cfg(feature = "data")]
    data: data::DataMetrics,
    #[cfg(feature = "migrate")]
    migrate: migrate::MigrateMetrics,
}

impl Metrics {
    /// The content type of what [`render`](Self::render) gives.
    pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_label_limit(LABEL_LIMIT)
    }

    /// As [`new`](Self::new), but each label has at most `limit` different values (default 500); what comes later is
    /// counted as `other`. Query names and addresses are few; the limit is for when they are not.
    #[must_use]
    pub fn with_label_limit(limit: usize) -> Self {
        let mut registry = Registry::with_prefix("crdb");
        let build = Family::default();
        registry.register(
            "build_info",
            "What runs: always 1, for its labels",
            Family::clone(&build),
        );
        let _ = limit;
        Self {
            #[cfg(feature = "audit")]
            audit: audit::AuditMetrics::new(registry.sub_registry_with_prefix("audit")),
            #[cfg(feature = "auth")]
            auth: auth::AuthMetrics::new(registry.sub_registry_with_prefix("auth"), limit),
            #[cfg(feature = "pool")]
            pool: pool::PoolMetrics::new(registry.sub_registry_with_prefix("pool"), limit),
            #[cfg(feature = "wire")]
            wire: wire::WireMetrics::new(registry.sub_registry_with_prefix("wire"), limit),
            #[cfg(feature = "exec")]
            exec: exec::ExecMetrics::new(registry.sub_registry_with_prefix("exec"), limit),
            #[cfg(feature = "cache")]
            cache: cache::CacheMetrics::new(registry.sub_registry_with_prefix("cache"), limit),
            #[cfg(feature = "data")]
            data: data::DataMetrics::new(registry.sub_registry_with_prefix("data"), limit),
            #[cfg(feature = "migrate")]
            migrate: migrate::MigrateMetrics::new(registry.sub_registry_with_prefix("migrate")),
            registry,
            build,
        }
    }

    /// Says what runs, as `crdb_build_info`: a version, and the fingerprint of the configuration, by which deployments that
    /// differ show. The facade gives its own version; a second call, with the service's, replaces the first.
    pub fn set_build(&self, version: &str, configuration: &str) {
        self.build.clear();
        let build = Build {
            version: version.to_owned(),
            configuration: configuration.to_owned(),
        };
        self.build.get_or_create(&build).set(1);
    }

    /// Everything, as OpenMetrics text.
    #[must_use]
    pub fn render(&self) -> String {
        #[cfg(feature = "audit")]
        self.audit.refresh();
        #[cfg(feature = "auth")]
        self.auth.refresh();
        #[cfg(feature = "pool")]
        self.pool.refresh();
        #[cfg(feature = "wire")]
        self.wire.refresh();
        let mut text = String::new();
        // Writing into a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(any(
    feature = "audit",
    feature = "auth",
    feature = "pool",
    feature = "wire",
    feature = "exec"
))]
/// From a tenth of a millisecond, which a point select on the same machine takes, to the longest deadline in use.
fn seconds() -> Histogram {
    Histogram::new([
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
        2.5, 5.0, 10.0, 30.0,
    ])
}

/// For what takes as long as its data: from a hundredth of a second to hours.
#[cfg(any(feature = "data", feature = "migrate"))]
fn minutes() -> Histogram {
    Histogram::new([
        0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0,
    ])
}
