use std::sync::Arc;
use std::time::Duration;

/// How far a run has come, for a progress callback.
pub(crate) type Observe = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How far a load or an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that are committed, or written.
    pub rows: u64,
    /// Rows that were bad.
    pub rejected: u64,
    /// Bytes of the input that are done, or of the output that are written.
    pub bytes: u64,
    /// Bytes of the whole input, where that is known.
    pub total_bytes: Option<u64>,
    /// Bytes of `bytes` that an earlier run had done.
    pub resumed_bytes: u64,
    /// Since this run began.
    pub elapsed: Duration,
}

impl Progress {
    /// Bytes a second in this run.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            self.bytes.saturating_sub(self.resumed_bytes) as f64 / seconds
        } else {
            0.0
        }
    }

    /// How long the rest will take at this rate; `None` where that is not known.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let left = self.total_bytes?.saturating_sub(self.bytes) as f64;
        let seconds = left / self.rate();
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_run_did_does_not_count_for_the_rate() {
        let progress = Progress {
            bytes: 300,
            resumed_bytes: 100,
            total_bytes: Some(500),
            elapsed: Duration::from_secs(2),
            ..Progress::default()
        };
        assert!((progress.rate() - 100.0).abs() < 1e-9);
        assert_eq!(progress.remaining(), Some(Duration::from_secs(2)));
        assert_eq!(Progress::default().remaining(), None);
    }
}
