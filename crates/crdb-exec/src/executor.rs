//! Running statements: the trait to implement, and the trait to call.

use crate::borrowed::{BorrowedRow, BorrowedRows};
use crate::error::{Error, ErrorKind};
use crate::from_row::FromRow;
use crate::mapped::MappedRows;
use crate::row::Row;
use crate::session::Parameters;
use crate::sqlstate::SqlState;
use crate::statement::Statement;
use crate::verdict::Verdict;
use futures_util::Stream;
use std::future::Future;

/// The rows of a result, one by one.
///
/// Dropping it before its end leaves the session unfinished; it costs the source a clean-up or the connection.
pub trait Rows: Stream<Item = Result<Self::Row, Error>> + Send + Unpin {
    /// The type of its rows.
    type Row: Row;

    /// The number of rows affected, known once the stream has ended.
    fn rows_affected(&self) -> Option<u64>;
}

/// Runs statements: [`PooledExecutor`](crate::PooledExecutor), [`Transaction`](crate::Transaction), or an executor of your
/// own. Implementors write these methods; callers use those of [`ExecutorExt`].
///
/// # Contract
/// - `fetch_at_most` and `execute_statement` succeed only when the server has carried the statement out and said so, outside a
///   transaction only when it is committed.
/// - An error's [verdict](Error::verdict) is true. `Retry` promises that nothing took effect.
/// - Dropping a future abandons the statement: it may still be carried out.
pub trait Executor: Send + Sync {
    /// The rows of this executor.
    type Row: Row + Send + 'static;
    /// A result that is being read.
    type Rows<'a>: Rows<Row = Self::Row>
    where
        Self: 'a;

    /// Runs a statement and returns up to `limit` of its rows; what lies beyond is read and thrown away.
    fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Row>, Error>> + Send;

    /// Runs a statement and returns the number of rows that it affected.
    fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Whether its statements are part of one transaction, so that none of them stands without the others.
    fn is_transaction(&self) -> bool {
        false
    }

    /// Runs a statement and returns its rows as they arrive.
    fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Rows<'_>, Error>> + Send;
}

impl<E: Executor> Executor for &E {
    fn is_transaction(&self) -> bool {
        E::is_transaction(self)
    }

    type Row = E::Row;
    type Rows<'a>
        = E::Rows<'a>
    where
        Self: 'a;

    fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Self::Row>, Error>> + Send {
        E::fetch_at_most(self, statement, parameters, limit)
    }

    fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<u64, Error>> + Send {
        E::execute_statement(self, statement, parameters)
    }

    fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Rows<'_>, Error>> + Send {
        E::fetch_statement_stream(self, statement, parameters)
    }
}

/// The methods that callers use of an [`Executor`]. A statement is a `&str`, a [`Statement`] or a `&crdb_sql::Query`.
///
/// Every method fails as the executor does; dropping its future abandons the statement, which may still be carried out.
///
/// ```
/// use crdb_exec::{Error, Executor, ExecutorExt, Row};
///
/// async fn balance(db: &impl Executor, account: i64) -> Result<Option<i64>, Error> {
///     let row = db
///         .fetch_optional("SELECT balance FROM account WHERE id = $1", &[&account])
///         .await?;
///     row.map(|row| row.get("balance")).transpose()
/// }
/// ```
pub trait ExecutorExt: Executor {
    /// Runs a statement and returns its only row.
    ///
    /// # Errors
    /// Also [`ErrorKind::NoRow`] when there is none, and [`ErrorKind::SeveralRows`] when there is more than one.
    fn fetch_one<'a>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Row, Error>> + Send {
        let statement = statement.into();
        async move {
            let mut rows = self.fetch_at_most(statement, parameters, 2).await?;
            match (rows.pop(), rows.is_empty()) {
                (Some(row), true) => Ok(row),
                (None, _) => Err(row_count(statement, ErrorKind::NoRow)),
                (Some(_), false) => Err(row_count(statement, ErrorKind::SeveralRows)),
            }
        }
    }

    /// Runs a statement and returns its only row, if there is one.
    ///
    /// # Errors
    /// Also [`ErrorKind::SeveralRows`] when there is more than one.
    fn fetch_optional<'a>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Option<Self::Row>, Error>> + Send {
        let statement = statement.into();
        async move {
            let mut rows = self.fetch_at_most(statement, parameters, 2).await?;
            match (rows.pop(), rows.is_empty()) {
                (row, true) => Ok(row),
                (_, false) => Err(row_count(statement, ErrorKind::SeveralRows)),
            }
        }
    }

    /// Runs a statement and returns all its rows.
    ///
    /// # Errors
    /// As the executor.
    fn fetch_all<'a>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Vec<Self::Row>, Error>> + Send {
        self.fetch_at_most(statement.into(), parameters, usize::MAX)
    }

    /// Runs a statement and returns its rows as they arrive, without keeping them all in memory.
    ///
    /// A failure after the first row is not tried again by itself, whatever its verdict.
    ///
    /// # Errors
    /// As the executor; an error may also come in the stream.
    fn fetch_stream<'a>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Rows<'_>, Error>> + Send {
        self.fetch_statement_stream(statement.into(), parameters)
    }

    /// Runs a statement and returns its only row as a `T`: a struct that [derives](FromRow) it, or a tuple.
    ///
    /// ```
    /// # use crdb_exec::{Error, Executor, ExecutorExt};
    /// async fn totals(db: &impl Executor) -> Result<(i64, Option<i64>), Error> {
    ///     db.fetch_one_as("SELECT count(*), max(balance) FROM account", &[]).await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`fetch_one`](Self::fetch_one); also [`ErrorKind::Conversion`] when the row does not become a `T`.
    fn fetch_one_as<'a, T: for<'r> FromRow<'r>>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let row = self.fetch_one(statement, parameters);
        async move { T::from_row(&row.await?) }
    }

    /// Runs a statement and returns its only row, if there is one, as a `T`.
    ///
    /// # Errors
    /// As [`fetch_optional`](Self::fetch_optional); also [`ErrorKind::Conversion`] when the row does not become a `T`.
    fn fetch_optional_as<'a, T: for<'r> FromRow<'r>>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Option<T>, Error>> + Send {
        let row = self.fetch_optional(statement, parameters);
        async move { row.await?.map(|row| T::from_row(&row)).transpose() }
    }

    /// Runs a statement and returns all its rows, each as a `T`.
    ///
    /// # Errors
    /// As the executor; also [`ErrorKind::Conversion`] when a row does not become a `T`.
    fn fetch_all_as<'a, T: for<'r> FromRow<'r>>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Vec<T>, Error>> + Send {
        let rows = self.fetch_all(statement, parameters);
        async move { rows.await?.iter().map(|row| T::from_row(row)).collect() }
    }

    /// Runs a statement and returns its rows as they arrive, each as a `T`.
    ///
    /// # Errors
    /// As [`fetch_stream`](Self::fetch_stream); also [`ErrorKind::Conversion`] when a row does not become a `T`.
    fn fetch_stream_as<'a, T: for<'r> FromRow<'r>>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<MappedRows<Self::Rows<'_>, T>, Error>> + Send {
        let rows = self.fetch_stream(statement, parameters);
        async move { Ok(MappedRows::new(rows.await?, |row| T::from_row(row))) }
    }

    /// Runs a statement and returns its rows as they arrive, each as a `T` that borrows from it: texts, bytes and JSON are not
    /// copied.
    ///
    /// ```
    /// # #[cfg(feature = "derive")]
    /// # {
    /// use crdb_exec::{Error, Executor, ExecutorExt, FromRow};
    ///
    /// #[derive(FromRow)]
    /// struct Label<'a> {
    ///     name: &'a str,
    ///     picture: Option<&'a [u8]>,
    /// }
    ///
    /// async fn print(db: &impl Executor) -> Result<(), Error> {
    ///     let mut labels = db.fetch_borrowed::<Label<'_>>("SELECT name, picture FROM labels", &[]).await?;
    ///     while let Some(label) = labels.try_next().await? {
    ///         println!("{}: {} bytes", label.name, label.picture.map_or(0, <[u8]>::len));
    ///     }
    ///     Ok(())
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`fetch_stream`](Self::fetch_stream); an error may also come with a row.
    fn fetch_borrowed<'a, T: BorrowedRow>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<BorrowedRows<Self::Rows<'_>, T>, Error>> + Send {
        let rows = self.fetch_stream(statement, parameters);
        async move { Ok(BorrowedRows::new(rows.await?)) }
    }

    /// Runs a statement and returns the number of rows that it affected.
    ///
    /// # Errors
    /// As the executor.
    fn execute<'a>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<u64, Error>> + Send {
        self.execute_statement(statement.into(), parameters)
    }

    /// As [`execute`](Self::execute), for work that is made of several statements: `before` is the number of rows that the
    /// statements before this one have affected. Generated functions of `:batch` queries use it.
    ///
    /// # Errors
    /// As the executor. Outside a transaction the rows before it are committed, which the error
    /// [says](Error::committed_rows); it is not to be retried then. Two items of one key in one upsert are refused by the server
    /// ([`SqlState::CARDINALITY_VIOLATION`]), and the error says so.
    fn execute_part<'a>(
        &self,
        statement: impl Into<Statement<'a>>,
        parameters: Parameters<'_>,
        before: u64,
    ) -> impl Future<Output = Result<u64, Error>> + Send {
        let statement = statement.into();
        async move {
            let result = self.execute_statement(statement, parameters).await;
            result.map_err(|error| {
                let error = match error.sqlstate() {
                    Some(SqlState::CARDINALITY_VIOLATION) => error.with_advice(TWICE),
                    _ => error,
                };
                if self.is_transaction() {
                    error
                } else {
                    error.after_rows(before)
                }
            })
        }
    }
}

/// The server says that a row would be affected twice, and not that two items were the same.
const TWICE: &str = "two of its items may have one key: keep the last of each key before the call";

impl<E: Executor> ExecutorExt for E {}

fn row_count(statement: Statement<'_>, kind: ErrorKind) -> Error {
    let attempted = format!("running \"{}\"", statement.label());
    Error::new(kind, Verdict::Never, attempted)
}
