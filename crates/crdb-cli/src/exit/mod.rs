//! What a run comes to: its exit code.

#[cfg(feature = "program")]
mod told;

use std::fmt;
use std::process::ExitCode;

#[cfg(feature = "program")]
pub(crate) use told::{object, told};

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

/// What a build without the feature says when a server is to be asked.
#[cfg(not(feature = "engine"))]
pub(crate) const WITHOUT_ENGINE: &str =
    "this build cannot ask a server about statements; build crdb-cli with its feature `engine`";
