//! Whether a history can have happened.
//!
//! Each checker is a pure function of a history and of what was read at the end, when nothing was broken any more.

pub mod append;
pub mod bank;
pub mod register;
pub mod set;

use serde::Serialize;
use std::fmt;

/// Something that must not have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule that was broken, in a few words that stay the same.
    pub rule: &'static str,
    /// What was seen.
    pub detail: String,
    /// The operations concerned, as indices into the history.
    pub operations: Vec<usize>,
    /// Whether something came later than promised, which a machine that is busy with other work can cause as well. The harness
    /// counts it; a test on shared cores does not.
    pub late: bool,
}

impl Violation {
    pub(crate) fn new(rule: &'static str, detail: impl Into<String>) -> Self {
        Self {
            rule,
            detail: detail.into(),
            operations: Vec::new(),
            late: false,
        }
    }

    /// For a promise about time.
    pub(crate) fn late(rule: &'static str, detail: impl Into<String>) -> Self {
        Self {
            late: true,
            ..Self::new(rule, detail)
        }
    }

    pub(crate) fn of(mut self, operations: impl IntoIterator<Item = usize>) -> Self {
        self.operations.extend(operations);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}
