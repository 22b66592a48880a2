//! The statements of transaction control that this crate sends.

/// A request of transaction control, in the simple protocol. Only this crate makes its text: BEGIN with its options and
/// `SET LOCAL`, COMMIT, ROLLBACK, the statements of savepoints, and the settings of a session for a block of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control<'a> {
    step: ControlStep,
    text: &'a str,
}

/// What a [`Control`] does to the session's transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ControlStep {
    /// Begins a transaction. Every SET in the text is `SET LOCAL`, which leaves nothing behind.
    Begin,
    /// Sets, releases or goes back to a savepoint.
    Savepoint,
    /// Commits.
    Commit,
    /// Rolls back.
    Rollback,
    /// Changes settings of the session for a block of work: from here on it differs from others.
    Scope,
    /// Restores the settings that `Scope` has changed.
    Restore,
}

impl<'a> Control<'a> {
    /// A request of this step and text.
    pub(crate) const fn new(step: ControlStep, text: &'a str) -> Self {
        Self { step, text }
    }

    /// What it does to the session's transaction.
    #[must_use]
    pub const fn step(&self) -> ControlStep {
        self.step
    }

    /// The text to send.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }
}
