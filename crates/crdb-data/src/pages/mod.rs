//! A query page by page, in the order of a key.

mod cursor;
mod order;

use std::fmt;

use crdb_exec::{Executor, ExecutorExt as _, Parameters, RetrySafety, Row, Statement};
use futures_util::Stream;

pub use cursor::CursorKey;

use cursor::Position;
use order::{KeyColumn, KeyValue};

use crate::error::{Error, ErrorKind};
use crate::identifier::{literal, type_name};
use crate::value::ValueKind;

/// A query that is read in pages, each beginning behind the key of the last row before it, so that a page costs the same wherever it is.
///
/// ```
/// use crdb_data::{CursorKey, Error, Pages};
/// use crdb_exec::Executor;
///
/// async fn list(db: &impl Executor, owner: i64, cursor: Option<&str>) -> Result<Option<String>, Error> {
///     let key = CursorKey::new(b"at least 32 bytes from a secret store")?;
///     let pages = Pages::new("SELECT id, at, amount FROM transfer WHERE owner = $1", ["at", "id"]).size(50);
///     let page = pages.page(db, &[&owner], cursor, &key).await?;
///     println!("{} rows", page.rows.len());
///     Ok(page.next)
/// }
/// ```
///
/// The key's columns must tell every row from every other, and hold no NULL but where [`nullable`](Self::nullable) says so: a row with another
/// NULL is an error, on its page or on the last one, and never left out in silence. With [`read_as_of`](Self::read_as_of) every page is of
/// the same moment (CockroachDB); without, each page sees what is there when it is read: a row is never shown twice, but one that is
/// inserted behind the reader is not shown.
#[derive(Clone, Debug)]
#[must_use = "pages are read by `page` or `stream`"]
pub struct Pages {
    query: String,
    key: Vec<String>,
    size: usize,
    /// Which columns of the key run from the greatest value to the least.
    descending: Vec<String>,
    nullable: Vec<String>,
    as_of: Option<String>,
}

/// One page.
#[non_exhaustive]
pub struct Page<R> {
    /// Its rows, in the order of the key.
    pub rows: Vec<R>,
    /// What asks for the next page; `None` on the last one.
    pub next: Option<String>,
}

impl<R> fmt::Debug for Page<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("rows", &self.rows.len())
            .field("is_last", &self.next.is_none())
            .finish()
    }
}

impl Pages {
    /// Pages of a SELECT, which may have parameters, in the order of these of its columns: 100 rows a page.
    pub fn new(query: impl Into<String>, key: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            query: query.into(),
            key: key.into_iter().map(Into::into).collect(),
            size: 100,
            descending: Vec::new(),
            nullable: Vec::new(),
            as_of: None,
        }
    }

    /// How many rows a page has at most; 1 at least.
    pub fn size(mut self, rows: usize) -> Self {
        self.size = rows.max(1);
        self
    }

    /// The greatest key first.
    pub fn descending(mut self) -> Self {
        self.descending.clone_from(&self.key);
        self
    }

    /// In these columns of the key the greatest value first, in the others the least. An index in the same directions makes pages cheap.
    pub fn descending_by(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.descending = columns.into_iter().map(Into::into).collect();
        self
    }

    /// These columns of the key may hold NULL. Rows with NULL come last, in both directions (`NULLS LAST`, CockroachDB v22.1 and later). Two
    /// rows must differ in another column of the key.
    pub fn nullable(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.nullable = columns.into_iter().map(Into::into).collect();
        self
    }

    /// Reads every page as of this time of CockroachDB's, such as what `cluster_logical_timestamp()` gives. A cursor keeps it: pages that it
    /// asks for are of the moment of the first one. It must be within the table's `gc.ttlseconds`.
    pub fn read_as_of(mut self, time: impl Into<String>) -> Self {
        self.as_of = Some(time.into());
        self
    }

    /// The first page, or the one that a cursor asks for.
    ///
    /// # Errors
    /// [`ErrorKind::Input`] for a cursor that is not of this query, was signed with another key, or was changed: answer it
    /// with 400. [`ErrorKind::Refused`] for a key that the query does not have or that holds NULL where it must not,
    /// [`ErrorKind::Database`] otherwise.
    ///
    /// # Cancel safety
    /// Nothing but reading is done.
    pub async fn page<E: Executor>(
        &self,
        executor: &E,
        parameters: Parameters<'_>,
        cursor: Option<&str>,
        key: &CursorKey,
    ) -> Result<Page<E::Row>, Error> {
        let mut position = match cursor {
            Some(cursor) => key.open(cursor, &self.identity())?,
            None => Position {
                as_of: self.as_of.clone(),
                after: Vec::new(),
            },
        };
        // One row more tells whether there is another page.
        let mut rows = self
            .read(executor, parameters, &position, self.size + 1)
            .await?;
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let Some(after) = self.end_of(&rows)?.filter(|_| more) else {
            self.check_rest(executor, parameters, &position).await?;
            return Ok(Page { rows, next: None });
        };
        position.after = after;
        let next = Some(key.seal(&position, &self.identity()));
        Ok(Page { rows, next })
    }

    /// All rows, page by page. A page that fails ends the stream; the executor has tried it again before, as it does with every read.
    pub fn stream<'a, E: Executor>(
        &'a self,
        executor: &'a E,
        parameters: Parameters<'a>,
    ) -> impl Stream<Item = Result<E::Row, Error>> + Send + 'a {
        let start = Position {
            as_of: self.as_of.clone(),
            after: Vec::new(),
        };
        let rows: std::vec::IntoIter<E::Row> = Vec::new().into_iter();
        futures_util::stream::try_unfold(
            (rows, Some(start)),
            async move |(mut rows, mut position)| {
                loop {
                    if let Some(row) = rows.next() {
                        return Ok(Some((row, (rows, position))));
                    }
                    let Some(mut at) = position.take() else {
                        return Ok(None);
                    };
                    let page = self.read(executor, parameters, &at, self.size).await?;
                    let end = self.end_of(&page)?;
                    match end.filter(|_| page.len() == self.size) {
                        Some(after) => {
                            at.after = after;
                            position = Some(at);
                        }
                        None => self.check_rest(executor, parameters, &at).await?,
                    }
                    rows = page.into_iter();
                }
            },
        )
    }

    async fn read<E: Executor>(
        &self,
        executor: &E,
        parameters: Parameters<'_>,
        position: &Position,
        limit: usize,
    ) -> Result<Vec<E::Row>, Error> {
        let text = self.select(position, limit)?;
        let statement = Statement::new(&text)
            .named("crdb_data.page")
            .retry(RetrySafety::Safe);
        executor
            .fetch_all(statement, parameters)
            .await
            .map_err(|error| Error::database_failed("reading a page", error))
    }

    /// Refuses rows that no page has shown because they hold NULL: a comparison finds them neither before nor behind another row.
    async fn check_rest<E: Executor>(
        &self,
        executor: &E,
        parameters: Parameters<'_>,
        position: &Position,
    ) -> Result<(), Error> {
        // The first page shows every row that there is.
        let Some(condition) =
            order::holds_null(&self.columns()?).filter(|_| !position.after.is_empty())
        else {
            return Ok(());
        };
        let text = format!("{} WHERE {condition} LIMIT 1", self.from(position));
        let statement = Statement::new(&text)
            .named("crdb_data.page_rest")
            .retry(RetrySafety::Safe);
        let rest = executor
            .fetch_all(statement, parameters)
            .await
            .map_err(|error| {
                Error::database_failed("looking for rows whose key holds NULL", error)
            })?;
        self.end_of(&rest).map(drop)
    }

    /// The key's columns with their directions.
    fn columns(&self) -> Result<Vec<KeyColumn>, Error> {
        if self.key.is_empty() {
            return Err(Error::new(ErrorKind::Refused, "pages need a key")
                .with_advice("name columns that tell every row from every other"));
        }
        let named = self.descending.iter().chain(&self.nullable);
        if let Some(name) = named.into_iter().find(|name| !self.key.contains(name)) {
            return Err(Error::new(
                ErrorKind::Refused,
                format!("the key of the pages has no column \"{name}\""),
            )
            .with_advice(format!("it has {}", self.key.join(", "))));
        }
        Ok(self
            .key
            .iter()
            .map(|name| KeyColumn {
                name: name.clone(),
                descending: self.descending.contains(name),
                nullable: self.nullable.contains(name),
            })
            .collect())
    }

    fn from(&self, position: &Position) -> String {
        let query = self.query.trim().trim_end_matches(';');
        let mut text = format!("SELECT * FROM ({query}\n) AS crdb_data_page");
        if let Some(time) = &position.as_of {
            text.push_str(" AS OF SYSTEM TIME ");
            text.push_str(&literal(time));
        }
        text
    }

    fn select(&self, position: &Position, limit: usize) -> Result<String, Error> {
        let key = self.columns()?;
        let mut text = self.from(position);
        if !position.after.is_empty() {
            text.push_str(" WHERE ");
            text.push_str(&order::behind(&key, &position.after));
        }
        text.push_str(&format!(
            " ORDER BY {} LIMIT {limit}",
            order::order_by(&key)
        ));
        Ok(text)
    }

    /// The key of a page's last row, once every row's key has been looked at.
    fn end_of<R: Row>(&self, rows: &[R]) -> Result<Option<Vec<KeyValue>>, Error> {
        rows.iter()
            .try_fold(None, |_, row| self.key_of(row).map(Some))
    }

    /// The key of a row: its values' texts and types.
    fn key_of<R: Row>(&self, row: &R) -> Result<Vec<KeyValue>, Error> {
        self.key
            .iter()
            .map(|name| {
                let found = (0..row.len()).find_map(|index| {
                    let column = row.column(index)?;
                    (column.name == name).then_some((index, column))
                });
                let (index, column) = found.ok_or_else(|| {
                    Error::new(
                        ErrorKind::Refused,
                        format!("the query has no column \"{name}\" for the key"),
                    )
                })?;
                let kind = ValueKind::of(column.type_)
                    .ok_or_else(|| crate::value::no_mapping(name, column.type_))?;
                let value = kind
                    .read_nullable(row.value(index))
                    .map_err(|reason| crate::value::malformed(name, reason))?;
                if value.is_null() && !self.nullable.contains(name) {
                    return Err(Error::new(
                        ErrorKind::Refused,
                        format!("the key's column \"{name}\" holds NULL"),
                    )
                    .with_advice("say that the column is nullable, leave such rows out of the query, or take another key"));
                }
                let text = (!value.is_null()).then(|| value.to_string());
                Ok((text, type_name(column.type_)))
            })
            .collect()
    }

    /// What a cursor is good for: this query in this order.
    fn identity(&self) -> String {
        let order = (&self.query, &self.key, &self.descending, &self.nullable);
        // Texts and lists of them are always JSON.
        serde_json::to_string(&order).unwrap_or_default()
    }
}
