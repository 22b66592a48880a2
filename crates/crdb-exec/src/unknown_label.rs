//! Labels that an enum does not have.

use std::error::Error as StdError;
use std::fmt;

/// A text that is no label of an enum of the schema. `FromStr` of generated enums gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLabel {
    name: &'static str,
    label: String,
}

impl UnknownLabel {
    /// The enum `name` has no `label`.
    #[must_use]
    pub fn new(name: &'static str, label: &str) -> Self {
        Self {
            name,
            label: label.to_owned(),
        }
    }

    /// The enum's name in SQL.
    #[must_use]
    pub fn enum_name(&self) -> &'static str {
        self.name
    }

    /// The text.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }
}

impl fmt::Display for UnknownLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may come from anywhere, and be of any length.
        let shown: String = self.label.chars().take(80).collect();
        write!(f, "the enum {} has no label {shown:?}", self.name)
    }
}

impl StdError for UnknownLabel {}
