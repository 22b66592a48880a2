//! What [`Config::builder`](crate::Config::builder) starts from.
//!
//! Declared here and nowhere else: a layer above that has the same settings takes its defaults from these.

use std::time::Duration;

/// Of [`min_size`](crate::ConfigBuilder::min_size).
pub const MIN_SIZE: u32 = 0;
/// Of [`max_size`](crate::ConfigBuilder::max_size).
pub const MAX_SIZE: u32 = 10;
/// Of [`max_per_node`](crate::ConfigBuilder::max_per_node).
pub const MAX_PER_NODE: Option<u32> = None;
/// Of [`max_waiters`](crate::ConfigBuilder::max_waiters).
pub const MAX_WAITERS: u32 = 1024;
/// Of [`max_opening`](crate::ConfigBuilder::max_opening).
pub const MAX_OPENING: u32 = 8;
/// Of [`acquire_timeout`](crate::ConfigBuilder::acquire_timeout).
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// Of [`connect_timeout`](crate::ConfigBuilder::connect_timeout).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Of [`check_timeout`](crate::ConfigBuilder::check_timeout).
pub const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// Of [`reset_timeout`](crate::ConfigBuilder::reset_timeout).
pub const RESET_TIMEOUT: Duration = Duration::from_secs(2);
/// Of [`probe_timeout`](crate::ConfigBuilder::probe_timeout).
pub const PROBE_TIMEOUT: Duration = Duration::from_millis(400);
/// Of [`fresh_for`](crate::ConfigBuilder::fresh_for).
pub const FRESH_FOR: Duration = Duration::from_millis(500);
/// Of [`ping_interval`](crate::ConfigBuilder::ping_interval).
pub const PING_INTERVAL: Option<Duration> = Some(Duration::from_secs(30));
/// Of [`max_lifetime`](crate::ConfigBuilder::max_lifetime).
pub const MAX_LIFETIME: Option<Duration> = Some(Duration::from_secs(30 * 60));
/// Of [`idle_timeout`](crate::ConfigBuilder::idle_timeout).
pub const IDLE_TIMEOUT: Option<Duration> = Some(Duration::from_secs(10 * 60));
/// Of [`jitter`](crate::ConfigBuilder::jitter).
pub const JITTER: f64 = 0.1;
/// Of [`failures_to_open`](crate::ConfigBuilder::failures_to_open).
pub const FAILURES_TO_OPEN: u32 = 3;
/// Of [`half_open_probes`](crate::ConfigBuilder::half_open_probes).
pub const HALF_OPEN_PROBES: u32 = 2;
/// Of [`min_backoff`](crate::ConfigBuilder::min_backoff).
pub const MIN_BACKOFF: Duration = Duration::from_millis(50);
/// Of [`max_backoff`](crate::ConfigBuilder::max_backoff).
pub const MAX_BACKOFF: Duration = Duration::from_millis(250);
/// Of [`slow_start`](crate::ConfigBuilder::slow_start).
pub const SLOW_START: Duration = Duration::from_secs(10);
/// Of [`spill_over`](crate::ConfigBuilder::spill_over).
pub const SPILL_OVER: f64 = 0.9;
/// Of [`reset_always`](crate::ConfigBuilder::reset_always).
pub const RESET_ALWAYS: bool = false;
/// Of [`leak_after`](crate::ConfigBuilder::leak_after).
pub const LEAK_AFTER: Option<Duration> = None;
