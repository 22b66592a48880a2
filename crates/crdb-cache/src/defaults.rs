//! What holds where nothing else is said.

use std::time::Duration;

/// How many bytes all entries may take.
pub const MAX_BYTES: u64 = 64 << 20;

/// How many bytes one entry may take.
pub const MAX_ENTRY_BYTES: usize = 1 << 20;

/// How long a caller waits whose statement has no time-out of its own: as an executor's callers do.
pub const TIMEOUT: Duration = crdb_exec::defaults::TIMEOUT;
