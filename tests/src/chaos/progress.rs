//! How far a row is: a bar on a terminal, now and then a line elsewhere.
#![allow(clippy::print_stdout, reason = "a command line talks to its terminal")]

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a line is written.
const LINES: Duration = Duration::from_secs(30);

/// The progress of one row.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// When the next line is due.
    due: Mutex<Instant>,
}

impl Default for Progress {
    fn default() -> Self {
        // It hides itself where stderr is no terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) =
            ProgressStyle::with_template("  {wide_bar} {pos}/{len} {elapsed_precise}")
        {
            bar.set_style(style);
        }
        Self {
            bar,
            due: Mutex::new(Instant::now() + LINES),
        }
    }
}

impl Progress {
    /// `done` of `size` is done.
    pub fn at(&self, done: u64, size: u64) {
        self.bar.set_length(size);
        self.bar.set_position(done);
        if !self.bar.is_hidden() {
            return;
        }
        let now = Instant::now();
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= *due {
            *due = now + LINES;
            println!("  {done} of {size}");
        }
    }

    /// Writes a line above the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| println!("  {line}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
