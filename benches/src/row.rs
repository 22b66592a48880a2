//! A row of the scorecard: a question, with the cases that answer it.

use futures_util::future::BoxFuture;

use crate::case::{Case, MeasureError};

/// What a row gets before it sets up its cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Shorter rounds, for a look rather than a claim.
    pub quick: bool,
    /// The server to measure against; `None`: one is started.
    pub engine: Option<String>,
}

/// The name of a row, and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// For example `P2`.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
}

/// A row: a question with cases and targets.
pub trait Row: Sync {
    /// Its name and title.
    fn heading(&self) -> Heading;

    /// Its name, for example `P2`.
    fn id(&self) -> &'static str {
        self.heading().id
    }

    /// What it is about, in a few words.
    fn title(&self) -> &'static str {
        self.heading().title
    }

    /// Sets up its cases: servers, pools, data. What they hold lives as long as the cases.
    ///
    /// # Errors
    /// Where something is missing on this machine: the row is then listed as not run, with the message.
    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>>;
}
