//! Queries from files, called with named arguments.

use crate::error::{Error, ErrorKind};
use crate::executor::{Executor, ExecutorExt};
use crate::statement::{RetrySafety, Statement};
use crate::verdict::Verdict;
use crdb_sql::{Query, Retry};
use postgres_types::ToSql;

impl<'a> From<&'a Query> for Statement<'a> {
    /// The texts and the name of the query, and what its header says about retries and time.
    fn from(query: &'a Query) -> Self {
        let statement = Self::new(query.text())
            .named(query.name())
            .retry(match query.retry() {
                Retry::Safe => RetrySafety::Safe,
                Retry::Never => RetrySafety::Never,
                _ => RetrySafety::WhenCertain,
            });
        let statement = match query.timeout() {
            Some(timeout) => statement.timeout(timeout),
            None => statement,
        };
        let statement = match query.cache_rule() {
            Some(rule) => statement.cached(rule),
            None => statement,
        };
        match query.follower_read_text() {
            Some(text) => statement.follower_read(text),
            None => statement,
        }
    }
}

impl<'a> From<&'a std::sync::Arc<Query>> for Statement<'a> {
    fn from(query: &'a std::sync::Arc<Query>) -> Self {
        Self::from(&**query)
    }
}

/// Arguments by name, in any order.
pub type NamedArguments<'a> = [(&'a str, &'a (dyn ToSql + Sync))];

/// A query whose arguments have been put in order, ready to be run on an executor.
pub struct NamedQuery<'a, E: ?Sized> {
    executor: &'a E,
    query: &'a Query,
    parameters: Vec<&'a (dyn ToSql + Sync)>,
}

/// Calls queries with named arguments. Implemented for every [`Executor`].
///
/// ```
/// use crdb_exec::{Error, Executor, NamedExecutor, Row};
///
/// async fn balance(db: &impl Executor, get: &crdb_sql::Query, id: i64) -> Result<i64, Error> {
///     db.query(get, &[("id", &id)])?.fetch_one().await?.get("balance")
/// }
/// ```
pub trait NamedExecutor: Executor {
    /// Puts the arguments in order.
    ///
    /// # Errors
    /// [`ErrorKind::Arguments`] when one is missing, given twice, or not a parameter of the query; the source names it.
    fn query<'a>(
        &'a self,
        query: &'a Query,
        arguments: &NamedArguments<'a>,
    ) -> Result<NamedQuery<'a, Self>, Error> {
        let parameters = query.arrange(arguments).map_err(|source| {
            Error::new(
                ErrorKind::Arguments,
                Verdict::Never,
                format!("calling \"{}\"", query.name()),
            )
            .with_source(source)
        })?;
        Ok(NamedQuery {
            executor: self,
            query,
            parameters,
        })
    }
}

impl<E: Executor + ?Sized> NamedExecutor for E {}

impl<'a, E: Executor> NamedQuery<'a, E> {
    /// Says a parameter's name where its value was refused.
    fn named<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| {
            error.with_parameter_name(|index| {
                let parameter = self.query.parameters().get(index)?;
                Some(parameter.name().to_owned())
            })
        })
    }

    /// As [`ExecutorExt::fetch_one`].
    ///
    /// # Errors
    /// As there.
    pub async fn fetch_one(&self) -> Result<E::Row, Error> {
        self.named(self.executor.fetch_one(self.query, &self.parameters).await)
    }

    /// As [`ExecutorExt::fetch_optional`].
    ///
    /// # Errors
    /// As there.
    pub async fn fetch_optional(&self) -> Result<Option<E::Row>, Error> {
        self.named(
            self.executor
                .fetch_optional(self.query, &self.parameters)
                .await,
        )
    }

    /// As [`ExecutorExt::fetch_all`].
    ///
    /// # Errors
    /// As there.
    pub async fn fetch_all(&self) -> Result<Vec<E::Row>, Error> {
        self.named(self.executor.fetch_all(self.query, &self.parameters).await)
    }

    /// As [`ExecutorExt::fetch_stream`].
    ///
    /// # Errors
    /// As there.
    pub async fn fetch_stream(&self) -> Result<E::Rows<'a>, Error> {
        self.named(
            self.executor
                .fetch_stream(self.query, &self.parameters)
                .await,
        )
    }

    /// As [`ExecutorExt::execute`].
    ///
    /// # Errors
    /// As there.
    pub async fn execute(&self) -> Result<u64, Error> {
        self.named(self.executor.execute(self.query, &self.parameters).await)
    }
}
