//! Named queries with named arguments.

use std::sync::Arc;

use crdb_exec::{Executor, ExecutorExt, Statement, ToSql};
use tracing::Instrument;

use crate::queries::Queries;
use crate::{Error, Transaction};

/// A named query that gathers its arguments. Made by [`Database::query`](crate::Database::query) and
/// [`QueryTransaction::query`].
///
/// What is wrong with the name or the arguments is told by the method that runs it, before anything is sent.
#[must_use = "a query does nothing until it is fetched or executed"]
pub struct Query<'a, E> {
    executor: &'a E,
    queries: &'a Queries,
    query: Result<Arc<crdb_sql::Query>, Error>,
    arguments: Vec<(&'a str, &'a (dyn ToSql + Sync))>,
}

impl<'a, E: Executor> Query<'a, E> {
    pub(crate) fn new(executor: &'a E, queries: &'a Queries, name: &str) -> Self {
        Self {
            executor,
            queries,
            query: queries.find(name),
            arguments: Vec::new(),
        }
    }

    /// Gives the parameter `:name` its value. The order does not matter.
    pub fn bind(mut self, name: &'a str, value: &'a (dyn ToSql + Sync)) -> Self {
        self.arguments.push((name, value));
        self
    }

    /// The one row of the result.
    ///
    /// # Errors
    /// [`ErrorKind::NoRow`](crate::ErrorKind::NoRow) when there is none,
    /// [`ErrorKind::SeveralRows`](crate::ErrorKind::SeveralRows) when there is more than one; else as
    /// [`execute`](Self::execute).
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_one(self) -> Result<E::Row, Error> {
        let call = self.ready()?;
        let fetched = call.executor.fetch_one(call.statement(), &call.parameters);
        Ok(fetched.instrument(call.span()).await?)
    }

    /// The one row of the result, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::SeveralRows`](crate::ErrorKind::SeveralRows) when there is more than one; else as
    /// [`execute`](Self::execute).
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_optional(self) -> Result<Option<E::Row>, Error> {
        let call = self.ready()?;
        let fetched = call
            .executor
            .fetch_optional(call.statement(), &call.parameters);
        Ok(fetched.instrument(call.span()).await?)
    }

    /// All rows of the result.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_all(self) -> Result<Vec<E::Row>, Error> {
        let call = self.ready()?;
        let fetched = call.executor.fetch_all(call.statement(), &call.parameters);
        Ok(fetched.instrument(call.span()).await?)
    }

    /// The rows of the result one by one, as they come.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); an error may also come in the stream.
    ///
    /// # Cancel safety
    /// Dropping the future or the stream abandons the statement. Its session is cleaned or closed before anybody else
    /// gets it.
    pub async fn fetch_stream(self) -> Result<E::Rows<'a>, Error> {
        let call = self.ready()?;
        let opened = call
            .executor
            .fetch_stream(call.statement(), &call.parameters);
        Ok(opened.instrument(call.span()).await?)
    }

    /// Runs the query and gives the number of rows that it affected.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownQuery`](crate::ErrorKind::UnknownQuery) with the nearest names,
    /// [`ErrorKind::Arguments`](crate::ErrorKind::Arguments) when an argument is missing, surplus or given twice,
    /// [`ErrorKind::Conversion`](crate::ErrorKind::Conversion) when a value has the wrong type; else what the
    /// [verdict](crate::Error::verdict) is about.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the statement: it may still be carried out.
    pub async fn execute(self) -> Result<u64, Error> {
        let call = self.ready()?;
        let executed = call.executor.execute(call.statement(), &call.parameters);
        Ok(executed.instrument(call.span()).await?)
    }

    fn ready(self) -> Result<Call<'a, E>, Error> {
        let query = self.query?;
        let parameters = query.arrange(&self.arguments)?;
        Ok(Call {
            executor: self.executor,
            queries: self.queries,
            query,
            parameters,
        })
    }
}

impl<E> std::fmt::Debug for Query<'_, E> {
    /// The query and the names of its arguments, never their values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query")
            .field("query", &self.query.as_ref().map(|query| query.name()))
            .field(
                "arguments",
                &self
                    .arguments
                    .iter()
                    .map(|(name, _)| name)
                    .collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}

/// A query that has all it needs.
struct Call<'a, E> {
    executor: &'a E,
    queries: &'a Queries,
    query: Arc<crdb_sql::Query>,
    parameters: Vec<&'a (dyn ToSql + Sync)>,
}

impl<E> Call<'_, E> {
    fn statement(&self) -> Statement<'_> {
        Statement::from(&*self.query)
    }

    fn span(&self) -> tracing::Span {
        self.queries.span(self.query.name())
    }
}

/// Named queries inside a transaction.
pub trait QueryTransaction {
    /// The query of this name, as part of the transaction.
    fn query(&self, name: &str) -> Query<'_, Transaction>;
}

impl QueryTransaction for Transaction {
    fn query(&self, name: &str) -> Query<'_, Transaction> {
        Query::new(self, self.lease().queries(), name)
    }
}
