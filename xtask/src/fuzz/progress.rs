//! A line now and then, so that a long run does not look like a hung one.

use std::time::{Duration, Instant};

use super::campaign::Extent;
use super::target::Target;

/// Between two lines of one target.
const PAUSE: Duration = Duration::from_secs(10);

pub(super) struct Progress<'a> {
    target: &'a Target,
    extent: Extent,
    started: Instant,
    shown: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(target: &'a Target, extent: Extent) -> Self {
        let now = Instant::now();
        Self {
            target,
            extent,
            started: now,
            shown: now,
        }
    }

    /// Says how far it is, if that was not said a moment ago.
    pub(super) fn show(&mut self, runs: u64) {
        if self.shown.elapsed() < PAUSE {
            return;
        }
        self.shown = Instant::now();
        let of = self
            .extent
            .runs
            .map_or(String::new(), |all| format!(" of {all}"));
        let seconds = self.started.elapsed().as_secs();
        println!("{}: {runs}{of} runs in {seconds} s", self.target);
    }
}
