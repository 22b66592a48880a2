//! What a test function returns.

/// The result of a test function: `()`, or a `Result`.
pub trait TestOutcome {
    /// Whether the test succeeded, so that its database is dropped.
    fn is_success(&self) -> bool;
}

impl TestOutcome for () {
    fn is_success(&self) -> bool {
        true
    }
}

impl<T, E> TestOutcome for Result<T, E> {
    fn is_success(&self) -> bool {
        self.is_ok()
    }
}
