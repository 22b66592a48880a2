use std::fmt;
use std::time::Duration;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// As it should be.
    Info,
    /// An operator should look at it.
    Warn,
}

impl Level {
    /// `INFO` or `WARN`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
        }
    }
}

/// The value of a line's field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Field<'a> {
    /// A string.
    Text(&'a str),
    /// A string that was made for this line.
    Owned(String),
    /// A number.
    Number(u64),
    /// A duration, which is shown in seconds.
    Seconds(Duration),
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Owned(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Seconds(duration) => duration.as_secs_f64().fmt(f),
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Line<'a> {
    /// How much it matters.
    pub level: Level,
    /// What it is, for programs: `statement.slow`. It stays the same from release to release.
    pub event: &'static str,
    /// What it is, for people.
    pub message: &'static str,
    /// What is known of it, in order.
    pub fields: Vec<(&'static str, Field<'a>)>,
}

impl<'a> Line<'a> {
    pub(super) fn new(level: Level, event: &'static str, message: &'static str) -> Self {
        Self {
            level,
            event,
            message,
            fields: Vec::new(),
        }
    }

    pub(super) fn with(mut self, name: &'static str, field: Field<'a>) -> Self {
        self.fields.push((name, field));
        self
    }

    pub(super) fn with_text(self, name: &'static str, text: Option<&'a str>) -> Self {
        match text {
            Some(text) => self.with(name, Field::Text(text)),
            None => self,
        }
    }
}
