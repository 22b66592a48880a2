//! Migrations of data in Rust.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;

use crdb_exec::{ScopeSource, SessionSource, Transaction};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a migration in code fails with.
pub type CodeError = Box<dyn StdError + Send + Sync>;

/// What comes after a part of a migration in code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: all is done.
    Done,
    /// Another part, which gets this text: the last key that was copied, for example.
    Continue(String),
}

/// A migration of data in Rust, for what SQL alone does not do: values that are computed, or so many rows that they are
/// written in parts.
///
/// ```
/// use crdb_exec::{ExecutorExt, Row, ScopeSource, SessionSource, Transaction};
/// use crdb_migrate::{BoxFuture, CodeError, CodeMigration, Next};
///
/// struct FillCurrency;
///
/// impl<S: SessionSource> CodeMigration<S> for FillCurrency {
///     fn run<'a>(
///         &'a self,
///         tx: &'a Transaction<ScopeSource<S>>,
///         progress: Option<&'a str>,
///     ) -> BoxFuture<'a, Result<Next, CodeError>> {
///         Box::pin(async move {
///             let after: i64 = progress.unwrap_or("0").parse()?;
///             let text = "UPDATE account SET currency = 'EUR' WHERE id IN \
///                         (SELECT id FROM account WHERE id > $1 ORDER BY id LIMIT 500) RETURNING id";
///             let rows = tx.fetch_all(text, &[&after]).await?;
///             let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
///             Ok(match ids.into_iter().max() {
///                 Some(last) => Next::Continue(last.to_string()),
///                 None => Next::Done,
///             })
///         })
///     }
/// }
/// ```
pub trait CodeMigration<S: SessionSource>: Send + Sync + 'static {
    /// Does one part in a transaction that the runner has begun and commits together with the journal, so that each part
    /// takes effect exactly once. `progress` is what the part before it gave; `None` for the first.
    ///
    /// It may run several times until one run commits, so it must do nothing but work in the database. DDL does not belong
    /// in it: CockroachDB commits before DDL.
    ///
    /// # Errors
    /// Whatever keeps the part from being done: its transaction is rolled back, and the migration fails.
    fn run<'a>(
        &'a self,
        transaction: &'a Transaction<ScopeSource<S>>,
        progress: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Next, CodeError>>;

    /// What stands for the checksum of a file: change it only together with a new number. `code` by default.
    fn checksum(&self) -> &str {
        "code"
    }
}
