//! What is kept to understand a violation.

use super::checker::Violation;
use anyhow::Context as _;
use crdb_exec::{PartialObserver, ResolveEvent, RetryEvent, StatementEnd, TransactionEnd};
use crdb_testkit::{FaultProxy, Piece, Wire};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many events a trace keeps.
const KEPT: usize = 20_000;
/// How many pieces of bytes are kept of each proxy.
const PIECES: usize = 20_000;

/// The latest of what the layers saw and what was done to them.
#[derive(Debug)]
pub struct Trace {
    started: Instant,
    lines: Mutex<VecDeque<String>>,
    wires: Vec<Wire>,
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            lines: Mutex::default(),
            wires: Vec::new(),
        }
    }
}

impl Trace {
    /// One that also keeps the latest bytes that pass these proxies.
    #[must_use]
    pub fn with_wire<'a>(proxies: impl IntoIterator<Item = &'a FaultProxy>) -> Self {
        Self {
            wires: proxies
                .into_iter()
                .map(|proxy| proxy.record(PIECES))
                .collect(),
            ..Self::default()
        }
    }

    /// The latest bytes that passed the proxies, a piece a line, in seconds as the other lines are.
    pub fn wire(&self) -> Vec<String> {
        let pieces = |(number, wire): (usize, &Wire)| {
            let numbered = move |piece: Piece| (piece.at, format!("proxy {number} {piece}"));
            wire.pieces().into_iter().map(numbered).collect::<Vec<_>>()
        };
        let mut lines: Vec<_> = self.wires.iter().enumerate().flat_map(pieces).collect();
        lines.sort_by_key(|(at, _)| *at);
        let seconds = |at: Instant| at.saturating_duration_since(self.started).as_secs_f64();
        lines
            .into_iter()
            .map(|(at, piece)| format!("{:>12.6} {piece}", seconds(at)))
            .collect()
    }

    /// Adds a line.
    pub fn note(&self, line: impl std::fmt::Display) {
        let line = format!("{:>12.6} {line}", self.started.elapsed().as_secs_f64());
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// What is kept at this moment.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }
}

impl PartialObserver for Trace {
    fn statement_ended(&self, event: &StatementEnd<'_>) {
        self.note(format_args!("{event:?}"));
    }

    fn transaction_ended(&self, event: &TransactionEnd<'_>) {
        self.note(format_args!("{event:?}"));
    }

    fn retry(&self, event: &RetryEvent<'_>) {
        self.note(format_args!("{event:?}"));
    }

    fn resolved(&self, event: &ResolveEvent<'_>) {
        self.note(format_args!("{event:?}"));
    }
}

/// Where evidence goes, and what has to be known to see it again.
#[derive(Clone, Debug)]
pub struct Evidence {
    directory: PathBuf,
    again: String,
}

impl Evidence {
    /// Evidence below `directory`; `again` is the command that runs it again.
    #[must_use]
    pub fn new(directory: PathBuf, again: String) -> Self {
        Self { directory, again }
    }

    /// Keeps what a row found: the history (a JSON object a line), the trace, the latest bytes, and a page that explains.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn keep(
        &self,
        what: &str,
        violations: &[Violation],
        history: &[String],
        trace: &Trace,
    ) -> anyhow::Result<PathBuf> {
        let directory = self.directory.join(what);
        fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        let write = |name: &str, text: String| {
            let path = directory.join(name);
            fs::write(&path, text).with_context(|| path.display().to_string())
        };
        write("history.jsonl", history.join("\n") + "\n")?;
        write("trace.log", trace.lines().join("\n") + "\n")?;
        write("wire.log", trace.wire().join("\n") + "\n")?;
        write("README.md", self.explain(what, violations, history))?;
        Ok(directory)
    }

    /// Keeps what a program wrote in which something was wrong.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn keep_output(
        &self,
        what: &str,
        violations: &[Violation],
        output: &[String],
    ) -> anyhow::Result<PathBuf> {
        let directory = self.directory.join(what);
        fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        let mut page = self.heading(what, violations);
        page.push_str("`output.log` has everything that the program wrote.\n");
        list(&mut page, violations, output);
        for (name, text) in [
            ("output.log", output.join("\n") + "\n"),
            ("README.md", page),
        ] {
            let path = directory.join(name);
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(directory)
    }

    fn heading(&self, what: &str, violations: &[Violation]) -> String {
        format!(
            "# {what}: {} violations\n\nAgain: `{}`\n\n",
            violations.len(),
            self.again
        )
    }

    fn explain(&self, what: &str, violations: &[Violation], history: &[String]) -> String {
        let mut page = self.heading(what, violations);
        page.push_str(
            "`history.jsonl` has every operation, in the order in which they ended, with what its client was told \
             (`outcome`). `began` and `ended` are ticks of one counter: what ended before something else began came before \
             it. `trace.log` has the latest events of the executor and the faults, in seconds; `wire.log` has, on the same \
             clock, the latest bytes that the proxies handed on, which are a protocol's messages where there is no TLS.\n",
        );
        list(&mut page, violations, history);
        page
    }
}

/// Adds the first violations, each with the lines of the history that it names.
fn list(page: &mut String, violations: &[Violation], history: &[String]) {
    for violation in violations.iter().take(10) {
        // Writing into a String does not fail.
        let _ = write!(page, "\n## {}\n\n{}\n", violation.rule, violation.detail);
        for index in violation.operations.iter().take(20) {
            if let Some(line) = history.get(*index) {
                let _ = write!(page, "\n    {index}: {line}");
            }
        }
        page.push('\n');
    }
    if violations.len() > 10 {
        let _ = write!(page, "\nand {} more\n", violations.len() - 10);
    }
}

/// The directory in which evidence is kept by default.
#[must_use]
pub fn usual_directory(seed: u64) -> PathBuf {
    Path::new("target").join(format!("chaos-{seed}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_says_what_broke_and_how_to_see_it_again() {
        let directory = tempfile::tempdir().unwrap();
        let again = "cargo xtask chaos R1 --seed 7".to_owned();
        let evidence = Evidence::new(directory.path().to_owned(), again.clone());
        let trace = Trace::default();
        trace.note("a fault");
        let history = vec!["{\"op\":0}".to_owned(), "{\"op\":1}".to_owned()];
        let violations = [Violation::new("a rule", "is broken").of([1])];
        let kept = evidence.keep("R1", &violations, &history, &trace).unwrap();
        let page = fs::read_to_string(kept.join("README.md")).unwrap();
        assert!(page.contains(&again));
        assert!(page.contains("a rule"));
        assert!(page.contains("1: {\"op\":1}"));
        assert!(
            fs::read_to_string(kept.join("wire.log"))
                .unwrap()
                .trim()
                .is_empty()
        );
        let trace = fs::read_to_string(kept.join("trace.log")).unwrap();
        assert!(trace.contains("a fault"));
        let lines = fs::read_to_string(kept.join("history.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), 2);
    }

    #[test]
    fn a_trace_is_bounded() {
        let trace = Trace::default();
        for line in 0..KEPT + 5 {
            trace.note(line);
        }
        assert_eq!(trace.lines().len(), KEPT);
        assert!(trace.lines()[0].ends_with(" 5"));
    }
}
