//! What an error comes to, and how it is said.

use crdb_facade::{Error, ErrorKind, Verdict, data, exec, migrate};
use serde_json::{Value, json};

use super::{Exit, Usage};

impl Exit {
    /// What an error says about the run.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            if cause.is::<Usage>() || cause.is::<crdb_sql::Error>() {
                return Self::Usage;
            }
            if let Some(error) = cause.downcast_ref::<Error>() {
                return Self::of_facade(error);
            }
            if let Some(error) = cause.downcast_ref::<exec::Error>() {
                return Self::of_verdict(error.verdict());
            }
            // Only endpoints are read by HTTP.
            if cause.is::<ureq::Error>() {
                return Self::Retry;
            }
            if let Some(error) = cause.downcast_ref::<migrate::Error>() {
                return Self::of_migration(error.kind());
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

    fn of_migration(kind: migrate::ErrorKind) -> Self {
        use migrate::ErrorKind as Kind;
        match kind {
            Kind::Files | Kind::Refused => Self::Usage,
            Kind::Undecided => Self::Unknown,
            // The next runner looks at what this one had begun.
            Kind::Busy | Kind::LeaseLost | Kind::Database => Self::Retry,
            _ => Self::Never,
        }
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

/// Says an error on standard error, for people or as one JSON object, and gives its exit code.
pub(crate) fn told(error: &anyhow::Error, as_json: bool) -> Exit {
    let exit = Exit::of(error);
    if as_json {
        eprintln!("{}", object(error));
    } else {
        crate::terminal::error(&message(error));
        if !exit.advice().is_empty() {
            eprintln!("{}", exit.advice());
        }
    }
    exit
}

/// An error as one JSON object.
pub(crate) fn object(error: &anyhow::Error) -> Value {
    json!({
        "error": {
            "message": message(error),
            "verdict": Exit::of(error).as_str(),
            "sqlstate": sqlstate(error),
        }
    })
}

/// An error and its causes in one line. What quotes its cause is not followed by it.
fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let next = cause.to_string();
        if text.is_empty() {
            text = next;
        } else if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
    }
    text
}

fn sqlstate(error: &anyhow::Error) -> Value {
    let state = error.chain().find_map(|cause| {
        let facade = cause.downcast_ref::<Error>().and_then(Error::sqlstate);
        let exec = || cause.downcast_ref::<exec::Error>()?.sqlstate();
        let data = || cause.downcast_ref::<data::Error>()?.database()?.sqlstate();
        let migrate = || {
            cause
                .downcast_ref::<migrate::Error>()?
                .database_error()?
                .sqlstate()
        };
        facade.or_else(exec).or_else(data).or_else(migrate)
    });
    state.map_or(Value::Null, |state| Value::from(state.to_string()))
}
