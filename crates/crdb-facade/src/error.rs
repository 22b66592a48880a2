//! What can go wrong, whichever layer it went wrong in.

use std::error::Error as StdError;
use std::fmt;

use crate::config::{Mistake, Mistakes};

/// What sort of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong; [`Error::mistakes`] lists how.
    Configuration,
}

/// Why something could not be done.
///
/// Its message says what was attempted, where, and what to do; [`source`](StdError::source) is the
/// error of the layer that it comes from.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    mistakes: Vec<Mistake>,
}

impl Error {
    pub(crate) fn configuration(mistakes: Mistakes) -> Self {
        Self {
            kind: ErrorKind::Configuration,
            message: mistakes.to_string(),
            source: None,
            mistakes: mistakes.0,
        }
    }

    /// What sort of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Everything that is wrong in the configuration. Empty for errors of another kind.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
