//! What a run comes to: its exit code.

use std::fmt;
use std::process::ExitCode;

use crdb_facade::{Error, ErrorKind, Verdict, data, exec};
use serde_json::{Value, json};

/// The exit codes of the program. They are the verdicts on what it was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It is done.
    Done = 0,
    /// It failed, and the same command would fail again or must not be repeated as it is.
    Never = 1,
    /// It was not begun: the command line, the configuration or an argument is wrong.
    Usage = 2,
    /// It failed, certainly without an effect, and may succeed when it is repeated.
    Retry = 3,
    /// It may have taken effect, or may not.
    Unknown = 4,
}

impl Exit {
    /// What an error says about the run.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if cause.is::<Usage>() {
                return Self::Usage;
            }
            if let Some(error) = cause.downcast_ref::<Error>() {
                return Self::of_facade(error);
            }
            if let Some(error) = cause.downcast_ref::<exec::Error>() {
                return Self::of_verdict(error.verdict());
            }
            if let Some(error) = cause.downcast_ref::<data::Error>() {
                return match () {
                    () if error.is_outcome_unknown() => Self::Unknown,
                    () if error.is_retryable() => Self::Retry,
                    () => Self::Never,
                };
            }
        }
        Self::Never
    }

    fn of_facade(error: &Error) -> Self {
        match (error.verdict(), error.kind()) {
            (Some(verdict), ErrorKind::Server | ErrorKind::Connection) => Self::of_verdict(verdict),
            (
                _,
                ErrorKind::Configuration
                | ErrorKind::SqlFiles
                | ErrorKind::UnknownQuery
                | ErrorKind::Arguments,
            ) => Self::Usage,
            (Some(verdict), _) => Self::of_verdict(verdict),
            (None, _) if error.is_unavailable() => Self::Retry,
            (None, _) => Self::Never,
        }
    }

    pub(crate) fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Retry => Self::Retry,
            Verdict::OutcomeUnknown => Self::Unknown,
            _ => Self::Never,
        }
    }

    /// A lasting name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Never => "never",
            Self::Usage => "usage",
            Self::Retry => "retry",
            Self::Unknown => "unknown",
        }
    }

    /// What to make of it, for people. Empty where the message says all.
    const fn advice(self) -> &'static str {
        match self {
            Self::Done | Self::Never | Self::Usage => "",
            Self::Retry => "nothing took effect; the same command may be run again",
            Self::Unknown => {
                "it may have taken effect: look at the database before running it again"
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What is wrong with how the program was called. Nothing was done.
#[derive(Debug)]
pub struct Usage(String);

impl Usage {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Says an error on standard error, for people or as one JSON object, and gives its exit code.
pub(crate) fn told(error: &anyhow::Error, as_json: bool) -> Exit {
    let exit = Exit::of(error);
    if as_json {
        let object = json!({
            "error": {
                "message": format!("{error:#}"),
                "verdict": exit.as_str(),
                "sqlstate": sqlstate(error),
            }
        });
        eprintln!("{object}");
    } else {
        crate::terminal::error(&format!("{error:#}"));
        if !exit.advice().is_empty() {
            eprintln!("{}", exit.advice());
        }
    }
    exit
}

fn sqlstate(error: &anyhow::Error) -> Value {
    let state = error.chain().find_map(|cause| {
        let facade = cause.downcast_ref::<Error>().and_then(Error::sqlstate);
        let exec = || cause.downcast_ref::<exec::Error>()?.sqlstate();
        let data = || cause.downcast_ref::<data::Error>()?.database()?.sqlstate();
        facade.or_else(exec).or_else(data)
    });
    state.map_or(Value::Null, |state| Value::from(state.to_string()))
}
