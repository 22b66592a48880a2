use std::time::Duration;

use tokio::time::Instant;

/// Stands for *never*: clocks need not count any further.
const NEVER: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The instant this much later; any duration may be added.
pub(crate) fn later(now: Instant, duration: Duration) -> Instant {
    now.checked_add(duration.min(NEVER)).unwrap_or(now)
}
