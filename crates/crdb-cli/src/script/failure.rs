//! Why a script stopped, and what had become of it.

use std::ops::Range;

use crdb_facade::Verdict;
use crdb_facade::exec::{Fault, ServerError, SqlState};
use crdb_sql::dialect::{self, line_and_column};
use serde_json::json;

use super::Script;
use super::ledger::Ledger;
use crate::exit::Exit;
use crate::terminal;

/// Why a script stopped.
pub(crate) struct Failure {
    /// The statement at which it stopped.
    index: usize,
    cause: Cause,
    ledger: Ledger,
}

/// What stopped it.
pub(super) enum Cause {
    /// A statement failed.
    Statement {
        message: String,
        sqlstate: Option<SqlState>,
        /// Where in the statement, in characters from 1.
        position: Option<u32>,
        verdict: Verdict,
    },
    /// COMMIT was answered by a rollback.
    CommitRolledBack,
    /// It ended inside a transaction.
    LeftOpen,
    /// Ctrl-C.
    Interrupted,
}

impl Cause {
    /// A statement's fault, with what is certain about it.
    pub(super) fn of(fault: &Fault, verdict: Verdict) -> Self {
        let mut message = fault
            .server_error()
            .map_or_else(|| fault.to_string(), whole);
        if let Some(source) = std::error::Error::source(fault) {
            message = format!("{message}: {source}");
        }
        Self::Statement {
            message,
            sqlstate: fault.sqlstate(),
            position: fault.server_error().and_then(ServerError::position),
            verdict,
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::Statement { message, .. } => message,
            Self::CommitRolledBack => {
                "COMMIT was answered with ROLLBACK: the transaction had failed, and nothing of it is committed"
            }
            Self::LeftOpen => {
                "the script ends inside a transaction, which was rolled back; end it with COMMIT"
            }
            Self::Interrupted => "interrupted",
        }
    }

    fn sqlstate(&self) -> Option<SqlState> {
        match self {
            Self::Statement { sqlstate, .. } => *sqlstate,
            _ => None,
        }
    }
}

/// All that the server says, values too: the person who runs a script wrote them.
fn whole(error: &ServerError) -> String {
    let mut message = format!("{} (SQLSTATE {})", error.message(), error.sqlstate());
    if let Some(hint) = error.hint() {
        message = format!("{message}; hint: {hint}");
    }
    if let Some(detail) = error.detail() {
        message = format!("{message}; {detail}");
    }
    message
}

impl Failure {
    pub(super) fn new(index: usize, cause: Cause, ledger: Ledger) -> Self {
        Self {
            index,
            cause,
            ledger,
        }
    }

    /// The verdict on the script as a whole.
    fn exit(&self) -> Exit {
        let verdict = match &self.cause {
            Cause::Statement { verdict, .. } => *verdict,
            _ => Verdict::Never,
        };
        match verdict {
            Verdict::OutcomeUnknown => Exit::Unknown,
            _ if !self.ledger.unknown.is_empty() => Exit::Unknown,
            // What took effect would take effect again.
            Verdict::Retry if self.ledger.committed.is_empty() => Exit::Retry,
            _ => Exit::Never,
        }
    }

    /// Says it on standard error, for people or as one JSON object, and gives the exit code.
    pub(crate) fn told(&self, script: &Script<'_>, as_json: bool) -> Exit {
        let exit = self.exit();
        let place = self.place(script);
        let not_run = self.index + 1..script.pieces.len();
        if as_json {
            let lines = |indexes: &[usize]| -> Vec<usize> {
                indexes
                    .iter()
                    .filter_map(|index| script.line(*index))
                    .collect()
            };
            let object = json!({
                "error": {
                    "message": self.cause.message(),
                    "verdict": exit.as_str(),
                    "sqlstate": self.cause.sqlstate().map(|state| state.to_string()),
                    "file": script.name,
                    "line": place.line,
                    "column": place.column,
                    "statement": self.index + 1,
                    "committed_lines": lines(&self.ledger.committed),
                    "rolled_back_lines": lines(&self.ledger.rolled_back),
                    "unknown_lines": lines(&self.ledger.unknown),
                    "not_run": not_run.len(),
                }
            });
            eprintln!("{object}");
            return exit;
        }
        terminal::error(&format!(
            "{}:{}: {}",
            script.name,
            place.written(),
            self.cause.message()
        ));
        if let Some(shown) = place.shown(script.text) {
            eprintln!("{shown}");
        }
        for line in self.summary(script, &not_run) {
            eprintln!("{line}");
        }
        exit
    }

    fn summary(&self, script: &Script<'_>, not_run: &Range<usize>) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say = |what: &str, indexes: &[usize]| {
            if !indexes.is_empty() {
                lines.push(format!("{what} {}", script.listed(indexes)));
            }
        };
        say("committed:  ", &self.ledger.committed);
        say("rolled back:", &self.ledger.rolled_back);
        say("unknown:    ", &self.ledger.unknown);
        let rest: Vec<usize> = not_run.clone().collect();
        say("not run:    ", &rest);
        if self.ledger.committed.is_empty() && self.ledger.unknown.is_empty() {
            lines.push("nothing took effect".to_owned());
        }
        lines.push(
            match self.exit() {
                Exit::Retry => "retry: the script may be run again",
                Exit::Unknown => {
                    "unknown: look at the database before anything of it is run again"
                }
                _ if self.is_retryable() => {
                    "never: the statement may be run again, the script not, for part of it took effect"
                }
                _ if self.ledger.committed.is_empty() => "never: it would fail again",
                _ => "never: it would fail again, or do again what it has done",
            }
            .to_owned(),
        );
        lines
    }

    fn is_retryable(&self) -> bool {
        matches!(
            &self.cause,
            Cause::Statement {
                verdict: Verdict::Retry,
                ..
            }
        )
    }

    fn place(&self, script: &Script<'_>) -> Place {
        let Some(piece) = script.pieces.get(self.index) else {
            return Place {
                line: 1,
                column: None,
            };
        };
        let told = match &self.cause {
            Cause::Statement {
                position: Some(position),
                ..
            } => byte_of(piece.text, *position),
            // CockroachDB tells no position; what its grammar refuses, the dialect's usually does in the same place.
            Cause::Statement {
                sqlstate: Some(state),
                ..
            } if state.to_string() == "42601" => dialect::parse_one(piece.text)
                .err()
                .map(|error| error.offset()),
            _ => None,
        };
        match told {
            Some(offset) => {
                let start = piece.span.start as usize;
                let (line, column) = line_and_column(script.text, start + offset);
                Place {
                    line,
                    column: Some(column),
                }
            }
            None => Place {
                line: piece.line,
                column: None,
            },
        }
    }
}

/// The byte at which a character stands, which is counted from 1.
fn byte_of(text: &str, position: u32) -> Option<usize> {
    let before = usize::try_from(position).ok()?.checked_sub(1)?;
    text.char_indices()
        .map(|(byte, _)| byte)
        .chain([text.len()])
        .nth(before)
}

impl Script<'_> {
    /// Whether a statement of it may change which tables there are.
    pub(crate) fn changes_schema(&self) -> bool {
        let changes = ["CREATE", "ALTER", "DROP"];
        self.pieces.iter().any(|piece| {
            let first = piece.text.split_whitespace().next().unwrap_or_default();
            changes.iter().any(|word| first.eq_ignore_ascii_case(word))
        })
    }

    fn line(&self, index: usize) -> Option<usize> {
        self.pieces.get(index).map(|piece| piece.line)
    }

    /// `2 statements (lines 1, 4)`, shortened where there are many.
    fn listed(&self, indexes: &[usize]) -> String {
        const MOST: usize = 8;
        let lines: Vec<String> = indexes
            .iter()
            .take(MOST)
            .filter_map(|index| self.line(*index))
            .map(|line| line.to_string())
            .collect();
        let more = if indexes.len() > MOST { ", .." } else { "" };
        let ending = if indexes.len() == 1 { "" } else { "s" };
        format!(
            "{} statement{ending} (line{ending} {}{more})",
            indexes.len(),
            lines.join(", ")
        )
    }
}

/// Where a script failed.
struct Place {
    line: usize,
    column: Option<usize>,
}

impl Place {
    fn written(&self) -> String {
        match self.column {
            Some(column) => format!("{}:{column}", self.line),
            None => self.line.to_string(),
        }
    }

    /// The line with a caret below the column.
    fn shown(&self, text: &str) -> Option<String> {
        let line = text.lines().nth(self.line.checked_sub(1)?)?;
        let column = self.column?;
        let head = format!("{:>5} | ", self.line);
        // Tabs stay tabs, so that the caret stands where the terminal puts the character.
        let indent: String = line
            .chars()
            .take(column.saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        Some(format!("{head}{line}\n      | {indent}^"))
    }
}
