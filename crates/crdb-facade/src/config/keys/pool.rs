//! `pool`: how many sessions there are, for how long, and how long one waits for one.

use std::time::Duration;

use super::section;

section! {
    /// Sessions to keep open even when nobody needs them.
    MIN_SIZE: u32 = default("pool.min_size", "0");
    /// Sessions that are open at most, over all nodes.
    MAX_SIZE: u32 = default("pool.max_size", "10"),
        only "a whole number above 0" |size| *size > 0;
    /// Sessions on one node at most; `none`: as many as the pool may have.
    MAX_PER_NODE: Option<u32> = default("pool.max_per_node", "none"),
        only "a whole number above 0, or none" |size| *size != Some(0);
    /// Callers that may wait at the same time; one more is refused at once.
    MAX_WAITERS: u32 = default("pool.max_waiters", "1024");
    /// Sessions being opened at the same time at most.
    MAX_OPENING: u32 = default("pool.max_opening", "8"),
        only "a whole number above 0" |size| *size > 0;
    /// How long a call without a deadline of its own waits for a session.
    ACQUIRE_TIMEOUT: Duration = default("pool.acquire_timeout", "30s"),
        only "a duration above zero, like 30s" |timeout| !timeout.is_zero();
    /// How long the check of an idle session may take.
    CHECK_TIMEOUT: Duration = default("pool.check_timeout", "1s"),
        only "a duration above zero, like 1s" |timeout| !timeout.is_zero();
    /// How long cleaning a returned session may take.
    RESET_TIMEOUT: Duration = default("pool.reset_timeout", "2s"),
        only "a duration above zero, like 2s" |timeout| !timeout.is_zero();
    /// How long a probe of a node that is out of rotation may take.
    PROBE_TIMEOUT: Duration = default("pool.probe_timeout", "400ms"),
        only "a duration above zero, like 400ms" |timeout| !timeout.is_zero();
    /// A session that was used this recently is lent without a check.
    FRESH_FOR: Duration = default("pool.fresh_for", "500ms");
    /// How often idle sessions are checked; `none`: only when they are lent.
    PING_INTERVAL: Option<Duration> = default("pool.ping_interval", "30s"),
        only "a duration above zero, or none" |interval| *interval != Some(Duration::ZERO);
    /// How old a session may become; `none`: as old as it likes.
    MAX_LIFETIME: Option<Duration> = default("pool.max_lifetime", "30m"),
        only "a duration above zero, or none" |limit| *limit != Some(Duration::ZERO);
    /// How long a session above `min_size` may stay unused; `none`: for ever.
    IDLE_TIMEOUT: Option<Duration> = default("pool.idle_timeout", "10m"),
        only "a duration above zero, or none" |limit| *limit != Some(Duration::ZERO);
    /// The share of `max_lifetime` and `idle_timeout` that chance may take away.
    JITTER: f64 = default("pool.jitter", "0.1"),
        only "a number from 0 to 1" |share| (0.0..=1.0).contains(share);
    /// Failures in a row that take a node out of rotation.
    FAILURES_TO_OPEN: u32 = default("pool.failures_to_open", "3"),
        only "a whole number above 0" |failures| *failures > 0;
    /// Probes that are under way to a half-open node at the same time.
    HALF_OPEN_PROBES: u32 = default("pool.half_open_probes", "2"),
        only "a whole number above 0" |probes| *probes > 0;
    /// How long a node stays out of rotation before its first probe.
    MIN_BACKOFF: Duration = default("pool.min_backoff", "50ms"),
        only "a duration above zero, like 50ms" |pause| !pause.is_zero();
    /// What the pause between probes grows to.
    MAX_BACKOFF: Duration = default("pool.max_backoff", "400ms"),
        only "a duration above zero, like 400ms" |pause| !pause.is_zero();
    /// How long a node that came back takes to get its whole share of the work again.
    SLOW_START: Duration = default("pool.slow_start", "10s");
    /// Where this process runs, as `cockroach start --locality` has it: nodes that share more of it are preferred.
    LOCALITY: Option<String> = unset("pool.locality");
    /// The part of the near nodes' limit that must be in use before nodes further away are used.
    SPILL_OVER: f64 = default("pool.spill_over", "0.9"),
        only "a number from 0 to 1" |share| (0.0..=1.0).contains(share);
    /// A session that is out for longer is reported with the place that borrowed it; `none`: never.
    LEAK_AFTER: Option<Duration> = default("pool.leak_after", "none"),
        only "a duration above zero, or none" |limit| *limit != Some(Duration::ZERO);
}
