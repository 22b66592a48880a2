//! What came back for a batch.

use std::sync::Arc;

use crate::CommandTag;
use crate::answer::Answer;
use crate::error::Error;
use crate::observer::Failure;
use crate::row::Row;
use crate::server_error::ServerError;

/// What came back for one statement of a batch.
#[derive(Debug)]
#[non_exhaustive]
pub enum StatementAnswer {
    /// It ran. In an atomic batch it took effect only if the [whole batch](BatchAnswer::is_success) did.
    Done {
        /// Its command tag; `None` for an empty text.
        tag: Option<CommandTag>,
        /// Its rows.
        rows: Vec<Row>,
    },
    /// The server refused it.
    Failed(Arc<ServerError>),
    /// It did not run: an earlier statement of the atomic batch had failed, or it was not written.
    NotRun,
    /// The connection ended before its answer came: whether it ran is unknown.
    Unknown,
}

impl StatementAnswer {
    /// Whether it ran without an error.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// Its rows: none if it did not run to its end.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        match self {
            Self::Done { rows, .. } => rows,
            _ => &[],
        }
    }

    /// How many rows its tag counts.
    #[must_use]
    pub fn rows_affected(&self) -> u64 {
        match self {
            Self::Done { tag: Some(tag), .. } => tag.rows().unwrap_or(0),
            _ => 0,
        }
    }
}

/// What came back for an atomic batch: of each statement, and of the whole.
#[derive(Debug)]
pub struct BatchAnswer {
    pub(super) statements: Vec<StatementAnswer>,
    pub(super) answer: Answer,
    /// Whether COMMIT travelled along and was answered by another tag.
    pub(super) rolled_back: bool,
    pub(super) peer: Arc<str>,
}

impl BatchAnswer {
    /// The statements' answers, in their order.
    #[must_use]
    pub fn statements(&self) -> &[StatementAnswer] {
        &self.statements
    }

    /// The answer to the whole request. It includes `BEGIN` and `COMMIT` where they travelled along.
    ///
    /// All statements may be done and the batch failed: a conflict or a deferred constraint shows at the end.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// Whether every statement ran, and the whole took effect: at once, or in the transaction that was open before.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.answer.is_success() && !self.rolled_back
    }

    /// What the observer gets for a batch that did not succeed.
    pub(super) fn failure(&self) -> Failure<'_> {
        Failure::of_answer(&self.answer)
    }

    /// The statements' answers if the batch succeeded.
    ///
    /// # Errors
    /// The batch failed. [`Error::answer`] is the answer to the whole request.
    pub fn into_result(self) -> Result<Vec<StatementAnswer>, Error> {
        if self.is_success() {
            Ok(self.statements)
        } else if self.answer.is_success() {
            Err(Error::unusable(
                "committing a batch: the server rolled it back",
            ))
        } else {
            Err(Error::answered(
                "executing a batch",
                &self.peer,
                self.answer,
            ))
        }
    }
}
