//! What holds where nothing else is said.
//!
//! Declared here and nowhere else: a layer above that has the same settings takes its defaults from these.

use std::time::Duration;

/// From when on a statement or transaction is slow: of `LogLines::slow_after` and `Profile::slow_after`.
pub const SLOW_AFTER: Duration = Duration::from_secs(1);

/// How often metrics are sent to a collector: of `OtlpBuilder::interval`.
pub const OTLP_INTERVAL: Duration = Duration::from_secs(60);

/// How often a statement is explained at most: of `InspectOptions::window`.
pub const INSPECT_WINDOW: Duration = Duration::from_secs(600);

/// One explanation in this many runs the statement: of `InspectOptions::analyze_every`.
pub const INSPECT_ANALYZE_EVERY: u32 = 10;

/// How often PostgreSQL is asked who waits now: of `InspectOptions::interval`.
pub const INSPECT_INTERVAL: Duration = Duration::from_secs(1);
