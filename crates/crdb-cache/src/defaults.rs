//! What holds where nothing else is said.

use std::time::Duration;

/// How many bytes all entries may take.
pub const MAX_BYTES: u64 = 64 << 20;

/// How many bytes one entry may take.
pub const MAX_ENTRY_BYTES: usize = 1 << 20;

/// How long a caller waits whose statement has no time-out of its own: as an executor's callers do.
pub const TIMEOUT: Duration = crdb_exec::defaults::TIMEOUT;

/// How far the clocks of two nodes may be apart: CockroachDB's `--max-offset`, beyond which a node ends itself.
pub const MAX_CLOCK_OFFSET: Duration = Duration::from_millis(500);

/// After how long a statement whose answers are not kept is looked at again: tables, views and functions may have changed since.
pub const RECHECK_INTERVAL: Duration = Duration::from_secs(60);
