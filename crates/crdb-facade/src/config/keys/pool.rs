//! `pool`: how many sessions there are, for how long, and how long one waits for one.

use std::time::Duration;

use crdb_pool::defaults;

use super::section;

section! {
    /// Sessions to keep open even when no caller needs them.
    MIN_SIZE: u32 = of_layer("pool.min_size", || defaults::MIN_SIZE);
    /// Sessions that are open at most, over all nodes.
    MAX_SIZE: u32 = of_layer("pool.max_size", || defaults::MAX_SIZE),
        only "a whole number above 0" |size| *size > 0;
    /// Sessions on one node at most; `none`: as many as the pool may have.
    MAX_PER_NODE: Option<u32> = of_layer("pool.max_per_node", || defaults::MAX_PER_NODE),
        only "a whole number above 0, or none" |size| *size != Some(0);
    /// Callers that may wait at the same time; one more is refused at once.
    MAX_WAITERS: u32 = of_layer("pool.max_waiters", || defaults::MAX_WAITERS);
    /// Sessions being opened at the same time at most.
    MAX_OPENING: u32 = of_layer("pool.max_opening", || defaults::MAX_OPENING),
        only "a whole number above 0" |size| *size > 0;
    /// How long a call without a deadline of its own waits for a session.
    ACQUIRE_TIMEOUT: Duration = of_layer("pool.acquire_timeout", || defaults::ACQUIRE_TIMEOUT),
        only "a duration above zero, like 30s" |timeout| !timeout.is_zero();
    /// How long the check of an idle session may take.
    CHECK_TIMEOUT: Duration = of_layer("pool.check_timeout", || defaults::CHECK_TIMEOUT),
        only "a duration above zero, like 1s" |timeout| !timeout.is_zero();
    /// How long cleaning a returned session may take.
    RESET_TIMEOUT: Duration = of_layer("pool.reset_timeout", || defaults::RESET_TIMEOUT),
        only "a duration above zero, like 2s" |timeout| !timeout.is_zero();
    /// How long a probe of a node that is out of rotation may take.
    PROBE_TIMEOUT: Duration = of_layer("pool.probe_timeout", || defaults::PROBE_TIMEOUT),
        only "a duration above zero, like 400ms" |timeout| !timeout.is_zero();
    /// A session that was used this recently is lent without a check.
    FRESH_FOR: Duration = of_layer("pool.fresh_for", || defaults::FRESH_FOR);
    /// How often idle sessions are checked; `none`: only when they are lent.
    PING_INTERVAL: Option<Duration> = of_layer("pool.ping_interval", || defaults::PING_INTERVAL),
        only "a duration above zero, or none" |interval| *interval != Some(Duration::ZERO);
    /// How old a session may become; `none`: as old as it likes.
    MAX_LIFETIME: Option<Duration> = of_layer("pool.max_lifetime", || defaults::MAX_LIFETIME),
        only "a duration above zero, or none" |limit| *limit != Some(Duration::ZERO);
    /// How long a session above `min_size` may stay unused; `none`: for ever.
    IDLE_TIMEOUT: Option<Duration> = of_layer("pool.idle_timeout", || defaults::IDLE_TIMEOUT),
        only "a duration above zero, or none" |limit| *limit != Some(Duration::ZERO);
    /// The share of `max_lifetime` and `idle_timeout` that chance may take away.
    JITTER: f64 = of_layer("pool.jitter", || defaults::JITTER),
        only "a number from 0 to 1" |share| (0.0..=1.0).contains(share);
    /// Failures in a row that take a node out of rotation.
    FAILURES_TO_OPEN: u32 = of_layer("pool.failures_to_open", || defaults::FAILURES_TO_OPEN),
        only "a whole number above 0" |failures| *failures > 0;
    /// Probes that are under way to a half-open node at the same time.
    HALF_OPEN_PROBES: u32 = of_layer("pool.half_open_probes", || defaults::HALF_OPEN_PROBES),
        only "a whole number above 0" |probes| *probes > 0;
    /// How long a node stays out of rotation before its first probe.
    MIN_BACKOFF: Duration = of_layer("pool.min_backoff", || defaults::MIN_BACKOFF),
        only "a duration above zero, like 50ms" |pause| !pause.is_zero();
    /// What the pause between probes grows to.
    MAX_BACKOFF: Duration = of_layer("pool.max_backoff", || defaults::MAX_BACKOFF),
        only "a duration above zero, like 400ms" |pause| !pause.is_zero();
    /// How long a node that came back takes to get its whole share of the work again.
    SLOW_START: Duration = of_layer("pool.slow_start", || defaults::SLOW_START);
    /// Where this process runs, as `cockroach start --locality` has it: nodes that share more of it are preferred.
    LOCALITY: Option<String> = unset("pool.locality");
    /// The part of the near nodes' limit that must be in use before nodes further away are used.
    SPILL_OVER: f64 = of_layer("pool.spill_over", || defaults::SPILL_OVER),
        only "a number from 0 to 1" |share| (0.0..=1.0).contains(share);
    /// Whether every session is reset when it is returned, also one that is seen to be clean: for functions of your own that
    /// change settings.
    RESET_ALWAYS: bool = of_layer("pool.reset_always", || defaults::RESET_ALWAYS);
    /// A session that is out for longer is reported with the place that borrowed it; `none`: never.
    LEAK_AFTER: Option<Duration> = of_layer("pool.leak_after", || defaults::LEAK_AFTER),
        only "a duration above zero, or none" |limit| *limit != Some(Duration::ZERO);
}
