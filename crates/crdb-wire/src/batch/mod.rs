//! Many statements in one round trip.

mod answers;
mod atomic;
mod each;

use std::fmt;
use std::sync::Arc;

use postgres_types::ToSql;

pub use answers::{BatchAnswer, StatementAnswer};

use crate::error::Error;
use crate::request::Request;
use crate::session::Session;
use crate::statement::Prepared;

/// Statements that are sent together.
///
/// ```no_run
/// # async fn example(session: &mut crdb_wire::Session) -> Result<(), crdb_wire::Error> {
/// use crdb_wire::Batch;
///
/// let mut batch = Batch::new();
/// batch.push("UPDATE accounts SET balance = balance - $1 WHERE id = $2", &[&10_i64, &1_i64]);
/// batch.push("UPDATE accounts SET balance = balance + $1 WHERE id = $2", &[&10_i64, &2_i64]);
/// let answer = session.batch(&batch).await?;
/// assert!(answer.is_success());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Batch<'a> {
    statements: Vec<Item<'a>>,
}

#[derive(Clone)]
struct Item<'a> {
    request: Request<'a>,
    values: Vec<&'a (dyn ToSql + Sync)>,
}

impl<'a> Batch<'a> {
    /// A batch without statements.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement with the values of its parameters.
    pub fn push(
        &mut self,
        request: impl Into<Request<'a>>,
        values: &[&'a (dyn ToSql + Sync)],
    ) -> &mut Self {
        self.statements.push(Item {
            request: request.into(),
            values: values.to_vec(),
        });
        self
    }

    /// How many statements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// Whether there is no statement.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.statements.iter().map(|item| item.request.text))
            .finish()
    }
}

impl Session {
    /// Prepares what is not prepared yet: in one round trip, and those for types that were not met before.
    async fn prepare_all(&self, batch: &Batch<'_>) -> Result<Vec<Arc<Prepared>>, Error> {
        let mut texts: Vec<&str> = batch
            .statements
            .iter()
            .map(|item| item.request.text)
            .collect();
        texts.sort_unstable();
        texts.dedup();
        // Each is sent when it is first polled, so that they travel together.
        let prepared = futures_util::future::try_join_all(
            texts.iter().map(|text| self.connection.statement(text)),
        )
        .await?;
        batch
            .statements
            .iter()
            .map(|item| {
                texts
                    .binary_search(&item.request.text)
                    .ok()
                    .and_then(|at| prepared.get(at))
                    .map(|(prepared, _)| Arc::clone(prepared))
                    .ok_or_else(|| Error::refused("preparing a batch: a statement is missing"))
            })
            .collect()
    }
}
