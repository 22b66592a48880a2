//! A run of a transaction that did not commit.

use crate::error::{Effort, Error};
use crate::observer::{Failure, Outcome};
use crate::session::NodeId;

/// One run of a transaction that did not commit.
pub(super) struct Aborted<T, E> {
    pub(super) cause: Cause<E>,
    /// What is certain, when the server or the network was the cause.
    pub(super) failure: Option<Failure>,
    pub(super) node: Option<NodeId>,
    /// What the body gave, when it was the commit that failed.
    pub(super) value: Option<T>,
    /// Whether a statement of the body had ended the transaction: then nothing is run again.
    pub(super) ended: bool,
}

/// Whose error it is.
pub(super) enum Cause<E> {
    Ours(Error),
    Body(E),
}

impl<T, E> Aborted<T, E> {
    /// Says of a time-out of ours what had been done.
    pub(super) fn after(mut self, effort: Effort) -> Self {
        self.cause = match self.cause {
            Cause::Ours(error) => Cause::Ours(error.after(effort)),
            Cause::Body(error) => Cause::Body(error),
        };
        self
    }

    pub(super) fn ours(error: Error, node: Option<NodeId>) -> Self {
        Self {
            failure: Some(Failure::of(&error)),
            cause: Cause::Ours(error),
            node,
            value: None,
            ended: false,
        }
    }

    /// Without a failure of the server or the network it was the body that wanted no commit.
    pub(super) fn outcome(&self) -> Outcome {
        self.failure.map_or(Outcome::RolledBack, Outcome::Failed)
    }
}

impl<E: From<Error>> Cause<E> {
    pub(super) fn into_error(self) -> E {
        match self {
            Self::Ours(error) => E::from(error),
            Self::Body(error) => error,
        }
    }
}
