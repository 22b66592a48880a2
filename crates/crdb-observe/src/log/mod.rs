//! One line for each thing that an operator should read.

#[cfg(feature = "auth")]
mod auth;
#[cfg(feature = "cache")]
mod cache;
#[cfg(feature = "data")]
mod data;
#[cfg(feature = "exec")]
mod exec;
mod line;
#[cfg(feature = "migrate")]
mod migrate;
#[cfg(feature = "pool")]
mod pool;
#[cfg(feature = "otlp")]
mod records;
#[cfg(feature = "wire")]
mod wire;
mod writer;

use std::fmt;
use std::io::Write;
use std::time::Duration;

pub use line::{Field, Level, Line};
use writer::{human, json};

/// Writes one line for each thing that an operator should read, and nothing else: a statement or transaction that was slow, a retry
/// and one that was denied, an outcome that is unknown and how it was resolved, a node that left or entered rotation, a connect that failed,
/// one that goes on without TLS, certificates that cannot be used, a caller that got no session, a session that is not returned.
///
/// No line holds SQL text or a value.
///
/// ```
/// use std::time::Duration;
/// use crdb_observe::LogLines;
///
/// let lines = LogLines::json(std::io::stderr()).slow_after(Duration::from_millis(250));
/// // .. give it to the layers
/// # let _ = lines;
/// ```
///
/// A line of [`json`](Self::json), and the same of [`human`](Self::human):
///
/// ```text
/// {"time":"2026-02-03T04:05:06.789Z","level":"WARN","event":"statement.slow","message":"a statement was slow","query":"accounts.list","duration":1.25,"attempts":2}
/// 2026-02-03T04:05:06.789Z WARN a statement was slow query=accounts.list duration=1.25 attempts=2
/// ```
pub struct LogLines {
    sink: Box<dyn Fn(&Line<'_>) + Send + Sync>,
    slow: Duration,
}

impl LogLines {
    /// Writes each line as a JSON object. A line that cannot be written is lost; the service goes on.
    ///
    /// The writer is used under a lock by the tasks that run statements: where it may block, hand in one that does not.
    pub fn json(writer: impl Write + Send + 'static) -> Self {
        Self::to(json(writer))
    }

    /// Writes each line for people: time, level, message, fields.
    pub fn human(writer: impl Write + Send + 'static) -> Self {
        Self::to(human(writer))
    }

    /// Gives each line to `sink`.
    pub fn to(sink: impl Fn(&Line<'_>) + Send + Sync + 'static) -> Self {
        Self {
            sink: Box::new(sink),
            slow: crate::defaults::SLOW_AFTER,
        }
    }

    /// Sets from when on a statement or transaction is slow. Default: 1 s.
    #[must_use]
    pub fn slow_after(mut self, duration: Duration) -> Self {
        self.slow = duration;
        self
    }

    fn write(&self, line: &Line<'_>) {
        (self.sink)(line);
    }
}

impl fmt::Debug for LogLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLines")
            .field("slow", &self.slow)
            .finish_non_exhaustive()
    }
}
