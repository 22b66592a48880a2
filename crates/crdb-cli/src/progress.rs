//! How far a long work is, on the terminal of a person who waits for more than a second.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crdb_facade::data::Progress;

/// A work that ends sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// The line is not written more often.
const PAUSE: Duration = Duration::from_millis(200);

/// A line on standard error that says how far a work is. Nothing is shown where no person reads it.
#[derive(Clone)]
pub(crate) struct Meter {
    line: Option<Arc<Mutex<Line>>>,
}

struct Line {
    began: Instant,
    written: Option<Instant>,
}

impl Meter {
    /// A meter; `quiet` where the output is for machines.
    pub(crate) fn new(quiet: bool) -> Self {
        let shown = !quiet && stderr().is_terminal();
        let line = Line {
            began: Instant::now(),
            written: None,
        };
        Self {
            line: shown.then(|| Arc::new(Mutex::new(line))),
        }
    }

    /// How far a run has come, for a progress callback.
    pub(crate) fn observer(&self) -> impl Fn(&Progress) + Send + Sync + 'static {
        let meter = self.clone();
        move |progress| meter.show(progress)
    }

    fn show(&self, progress: &Progress) {
        let Some(Ok(mut line)) = self.line.as_ref().map(|line| line.lock()) else {
            return;
        };
        let now = Instant::now();
        let due = line.written.is_none_or(|last| now - last >= PAUSE);
        if now - line.began < PATIENCE || !due {
            return;
        }
        line.written = Some(now);
        // Where the terminal is gone there is no one to tell.
        let _told = write!(stderr(), "\r\u{1b}[K{}", written(progress));
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        if let Some(Ok(line)) = self.line.as_ref().map(|line| line.lock())
            && line.written.is_some()
        {
            let _told = write!(stderr(), "\r\u{1b}[K");
        }
    }
}

fn written(progress: &Progress) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    let mut text = format!("{} rows", progress.rows);
    if progress.rejected > 0 {
        text += &format!(", {} bad", progress.rejected);
    }
    if let Some(total) = progress.total_bytes.filter(|total| *total > 0) {
        text += &format!(", {:.0} %", progress.bytes as f64 / total as f64 * 100.0);
    }
    text += &format!(", {:.1} MiB/s", progress.rate() / MIB);
    if let Some(left) = progress.remaining() {
        text += &format!(", {} s left", left.as_secs());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_known() {
        let mut progress = Progress::default();
        progress.rows = 12;
        progress.bytes = 1 << 20;
        progress.elapsed = Duration::from_secs(1);
        assert_eq!(written(&progress), "12 rows, 1.0 MiB/s");
        progress.rejected = 1;
        progress.total_bytes = Some(4 << 20);
        assert_eq!(
            written(&progress),
            "12 rows, 1 bad, 25 %, 1.0 MiB/s, 3 s left"
        );
    }
}
