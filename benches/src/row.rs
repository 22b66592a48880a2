//! A row of the scorecard: a question, with the cases that answer it.

use futures_util::future::BoxFuture;

use crate::case::{Case, MeasureError};

/// What a row is told before it sets up its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Shorter rounds, for a look rather than a claim.
    pub quick: bool,
    /// The server to measure against; `None`: one is started.
    pub engine: Option<String>,
}

/// A row: a question with cases and targets.
pub trait Row: Sync {
    /// For example `P2`.
    fn id(&self) -> &'static str;

    /// What it is about, in a few words.
    fn title(&self) -> &'static str;

    /// Sets up its cases: servers, pools, data. What they hold lives as long as the cases.
    ///
    /// # Errors
    /// Where something is missing on this machine: the row is then listed as not run, with the message.
    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>>;
}
