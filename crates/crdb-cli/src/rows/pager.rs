//! A pager for what is longer than the terminal.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};

use crate::child;

/// Keeps what fits on one screen there, shows lines that are too wide cut, and leaves colours as they are.
const DEFAULT: &str = "less -FRSX";

/// Text on its way to `$PAGER`, else `less`, which begins with the first of it.
#[derive(Default)]
pub(crate) struct Pager {
    running: Option<Child>,
    /// Where there is no pager.
    plain: bool,
}

impl Pager {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Whether it shows something.
    pub(super) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Hands text over. A pager that its user has ended takes no more, which is no failure.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if self.running.is_none() && !self.plain {
            self.running = start().ok();
            self.plain = self.running.is_none();
        }
        let _more = match self.running.as_mut().and_then(|child| child.stdin.as_mut()) {
            Some(pager) => pager.write_all(bytes),
            None => std::io::stdout().write_all(bytes),
        };
    }

    /// Waits until the user has seen it.
    ///
    /// # Errors
    /// When the pager cannot be waited for.
    pub(super) fn show(mut self) -> Result<()> {
        if let Some(mut child) = self.running.take() {
            drop(child.stdin.take());
            child.wait().context("waiting for the pager")?;
        }
        Ok(())
    }
}

fn start() -> Result<Child> {
    let line = std::env::var("PAGER").unwrap_or_default();
    let mut words = line.split_whitespace();
    let mut command = match words.next() {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(words);
            command
        }
        None => {
            let mut words = DEFAULT.split_whitespace();
            let mut command = Command::new(words.next().unwrap_or_default());
            command.args(words);
            command
        }
    };
    child::leave_environment(&mut command);
    command
        .stdin(Stdio::piped())
        .spawn()
        .context("starting the pager")
}
