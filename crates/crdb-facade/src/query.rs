//! Queries that gather their arguments.

use std::fmt;
use std::sync::Arc;

use crdb_exec::from_row::FromRow;
use crdb_exec::{BorrowedRow, BorrowedRows, Executor, ExecutorExt, MappedRows, Statement, ToSql};
use crdb_sql::StatementText;

use crate::Error;
use crate::queries::Queries;

/// A parameter's value, borrowed or owned.
type Value<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// What is run.
enum Source {
    Named(Arc<crdb_sql::Query>),
    Text(StatementText),
}

impl Source {
    fn parameter_count(&self) -> usize {
        match self {
            Self::Named(query) => query.parameters().len(),
            Self::Text(text) => text.parameter_count(),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        match self {
            Self::Named(query) => query
                .parameters()
                .iter()
                .position(|parameter| parameter.name() == name),
            Self::Text(text) => text.position(name),
        }
    }

    fn parameter(&self, index: usize) -> Option<String> {
        match self {
            Self::Named(query) => Some(query.parameters().get(index)?.name().to_owned()),
            Self::Text(text) => text.parameters().nth(index),
        }
    }

    fn mismatch(&self, given: &[&str]) -> Error {
        match self {
            Self::Named(query) => query.mismatch(given).into(),
            Self::Text(text) => text.mismatch(given).into(),
        }
    }

    fn statement(&self) -> Statement<'_> {
        match self {
            Self::Named(query) => Statement::from(&**query),
            Self::Text(text) => Statement::new(text.text()),
        }
    }
}

/// A query that gathers its arguments. Made by [`Database::query`](crate::Database::query), [`Database::sql`](crate::Database::sql)
/// and the methods of these names on [`Transaction`](crate::Transaction).
///
/// ```no_run
/// # use crdb_facade::{Database, Error, Row};
/// # async fn example(db: &Database, names: Vec<String>) -> Result<(), Error> {
/// let row = db.query("accounts.balance").bind("number", "ACC-1").fetch_one().await?;
/// let count = db
///     .sql("SELECT count(*) FROM accounts WHERE owner = ANY(:names) AND balance > :least")
///     .bind("names", names)
///     .bind("least", 100_i64)
///     .fetch_one()
///     .await?
///     .get::<i64>(0)?;
/// # Ok(()) }
/// ```
///
/// What is wrong with the name or the arguments is an error of the method that runs it, before anything is sent.
#[must_use = "a query does nothing until it is fetched or executed"]
pub struct Query<'a, E: ?Sized> {
    executor: &'a E,
    source: Result<Source, Error>,
    values: Vec<Option<Value<'a>>>,
    /// Names that are no parameters, or were bound before.
    misfits: Vec<String>,
}

impl<'a, E: Executor> Query<'a, E> {
    /// The query of this name.
    pub(crate) fn named(executor: &'a E, queries: &Queries, name: &str) -> Self {
        Self::new(executor, queries.find(name).map(Source::Named))
    }

    /// A statement given as text.
    pub(crate) fn text(executor: &'a E, text: &str) -> Self {
        let source = StatementText::parse(text).map(Source::Text);
        Self::new(executor, source.map_err(Error::from))
    }

    fn new(executor: &'a E, source: Result<Source, Error>) -> Self {
        let count = source.as_ref().map_or(0, Source::parameter_count);
        Self {
            executor,
            source,
            values: (0..count).map(|_| None).collect(),
            misfits: Vec::new(),
        }
    }

    /// Gives the parameter `:name` its value, owned or borrowed. The order does not matter. A parameter that is written as `$2` has
    /// the name `"2"`.
    pub fn bind(mut self, name: &str, value: impl ToSql + Sync + Send + 'a) -> Self {
        let Ok(source) = &self.source else {
            return self;
        };
        let position = source.position(name);
        match position.and_then(|position| self.values.get_mut(position)) {
            Some(slot @ None) => *slot = Some(Box::new(value)),
            _ => self.misfits.push(name.to_owned()),
        }
        self
    }

    /// Returns the only row of the result.
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
        let parameters = call.parameters();
        let fetched = call.executor.fetch_one(call.statement(), &parameters);
        call.told(fetched.await)
    }

    /// Returns the only row of the result, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::SeveralRows`](crate::ErrorKind::SeveralRows) when there is more than one; else as
    /// [`execute`](Self::execute).
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_optional(self) -> Result<Option<E::Row>, Error> {
        let call = self.ready()?;
        let parameters = call.parameters();
        let fetched = call.executor.fetch_optional(call.statement(), &parameters);
        call.told(fetched.await)
    }

    /// Returns all rows of the result.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_all(self) -> Result<Vec<E::Row>, Error> {
        let call = self.ready()?;
        let parameters = call.parameters();
        let fetched = call.executor.fetch_all(call.statement(), &parameters);
        call.told(fetched.await)
    }

    /// Returns the rows of the result one by one, as they arrive.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); an error may also come in the stream.
    ///
    /// # Cancel safety
    /// Dropping the future or the stream abandons the statement. Its session is cleaned or closed before it is lent again.
    pub async fn fetch_stream(self) -> Result<E::Rows<'a>, Error> {
        let call = self.ready()?;
        let parameters = call.parameters();
        let opened = call.executor.fetch_stream(call.statement(), &parameters);
        call.told(opened.await)
    }

    /// Returns the only row of the result as a `T`: a struct that derives [`FromRow`](trait@FromRow), or a tuple.
    ///
    /// ```no_run
    /// use crdb_facade::prelude::*;
    ///
    /// #[derive(FromRow)]
    /// struct Account {
    ///     number: String,
    ///     note: Option<String>,
    /// }
    ///
    /// # async fn example(db: &Database) -> Result<(), Error> {
    /// let account: Account = db.query("accounts.get").bind("id", 7_i64).fetch_one_as().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`fetch_one`](Self::fetch_one); also [`ErrorKind::Conversion`](crate::ErrorKind::Conversion), which names the
    /// column that is missing or does not convert.
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_one_as<T: for<'r> FromRow<'r>>(self) -> Result<T, Error> {
        Ok(T::from_row(&self.fetch_one().await?)?)
    }

    /// Returns the only row of the result as a `T`, if there is one.
    ///
    /// # Errors
    /// As [`fetch_optional`](Self::fetch_optional) and [`fetch_one_as`](Self::fetch_one_as).
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_optional_as<T: for<'r> FromRow<'r>>(self) -> Result<Option<T>, Error> {
        let row = self.fetch_optional().await?;
        Ok(row.map(|row| T::from_row(&row)).transpose()?)
    }

    /// Returns all rows of the result, each as a `T`.
    ///
    /// # Errors
    /// As [`fetch_all`](Self::fetch_all) and [`fetch_one_as`](Self::fetch_one_as).
    ///
    /// # Cancel safety
    /// As [`execute`](Self::execute).
    pub async fn fetch_all_as<T: for<'r> FromRow<'r>>(self) -> Result<Vec<T>, Error> {
        let rows = self.fetch_all().await?;
        Ok(rows
            .iter()
            .map(|row| T::from_row(row))
            .collect::<Result<_, _>>()?)
    }

    /// Returns the rows of the result one by one, as they arrive, each as a `T`.
    ///
    /// # Errors
    /// As [`fetch_stream`](Self::fetch_stream) and [`fetch_one_as`](Self::fetch_one_as).
    ///
    /// # Cancel safety
    /// As [`fetch_stream`](Self::fetch_stream).
    pub async fn fetch_stream_as<T: for<'r> FromRow<'r>>(
        self,
    ) -> Result<MappedRows<E::Rows<'a>, T>, Error> {
        Ok(MappedRows::new(self.fetch_stream().await?, |row| {
            T::from_row(row)
        }))
    }

    /// Returns the rows of the result one by one, as they arrive, each as a `T` that borrows from it: texts, bytes and JSON are not
    /// copied.
    ///
    /// ```no_run
    /// use crdb_facade::prelude::*;
    ///
    /// #[derive(FromRow)]
    /// struct Label<'a> {
    ///     name: &'a str,
    ///     note: Option<&'a str>,
    /// }
    ///
    /// # async fn example(db: &Database) -> Result<(), Error> {
    /// let mut labels = db.query("labels.all").fetch_borrowed::<Label<'_>>().await?;
    /// while let Some(label) = labels.try_next().await? {
    ///     println!("{}: {}", label.name, label.note.unwrap_or("-"));
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`fetch_stream`](Self::fetch_stream) and [`fetch_one_as`](Self::fetch_one_as).
    ///
    /// # Cancel safety
    /// As [`fetch_stream`](Self::fetch_stream).
    pub async fn fetch_borrowed<T: BorrowedRow>(
        self,
    ) -> Result<BorrowedRows<E::Rows<'a>, T>, Error> {
        Ok(BorrowedRows::new(self.fetch_stream().await?))
    }

    /// Runs the query and returns the number of rows that it affected.
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
        let parameters = call.parameters();
        let executed = call.executor.execute(call.statement(), &parameters);
        call.told(executed.await)
    }

    fn ready(self) -> Result<Call<'a, E>, Error> {
        let source = self.source?;
        let complete = self.values.iter().all(Option::is_some);
        if complete && self.misfits.is_empty() {
            return Ok(Call {
                executor: self.executor,
                source,
                values: self.values.into_iter().flatten().collect(),
            });
        }
        let mut given: Vec<String> = (0..)
            .zip(&self.values)
            .filter(|(_, value)| value.is_some())
            .filter_map(|(index, _)| source.parameter(index))
            .collect();
        given.extend(self.misfits);
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        Err(source.mismatch(&given))
    }
}

impl<E: ?Sized> fmt::Debug for Query<'_, E> {
    /// The query and how many of its arguments it has, never their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.values.iter().filter(|value| value.is_some()).count();
        let mut query = f.debug_struct("Query");
        match &self.source {
            Ok(source) => query.field("statement", &source.statement()),
            Err(error) => query.field("error", error),
        };
        query
            .field("bound", &bound)
            .field("parameters", &self.values.len())
            .finish_non_exhaustive()
    }
}

/// A query that has all it needs.
struct Call<'a, E: ?Sized> {
    executor: &'a E,
    source: Source,
    values: Vec<Value<'a>>,
}

impl<E: ?Sized> Call<'_, E> {
    fn statement(&self) -> Statement<'_> {
        self.source.statement()
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|value| &**value as _).collect()
    }

    /// Says a parameter's name where its value was refused.
    fn told<T>(&self, result: Result<T, crdb_exec::Error>) -> Result<T, Error> {
        result.map_err(|error| {
            error
                .with_parameter_name(|index| self.source.parameter(index))
                .into()
        })
    }
}
