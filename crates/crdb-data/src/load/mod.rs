//! Rows into a table.

#[cfg(feature = "arrow")]
mod arrow_file;
#[cfg(feature = "arrow")]
mod arrow_reader;
#[cfg(feature = "arrow")]
mod arrow_text;
mod block;
mod chunk;
mod csv_rows;
mod input;
#[cfg(feature = "json")]
mod json_rows;
#[cfg(feature = "parquet")]
mod parquet_codec;
#[cfg(feature = "parquet")]
mod parquet_footer;
mod progress;
mod reader;
mod reject_file;
mod run;
mod source;
mod stream;
mod target;
mod values;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{PooledExecutor, SessionSource};

#[cfg(feature = "arrow")]
pub(crate) use arrow_file::{ArrowFile, guarded};
pub(crate) use progress::Observe;
pub use progress::Progress;
pub use source::{Source, TextRow};
pub use values::{RowValues, ValueRow};

use crate::checkpoint;
use crate::error::Error;
use crate::observer::{Kind, Observer, Operation};
use crate::session::CopySession;
use target::Conflict;

/// Loads rows into a table: by COPY, several sessions at once, in chunks that are committed as a whole or not at all.
///
/// ```no_run
/// use crdb_data::{CopySession, Error, Load, Source};
/// use crdb_exec::{PooledExecutor, SessionSource};
///
/// async fn load<S>(db: &PooledExecutor<S>) -> Result<(), Error>
/// where
///     S: SessionSource,
///     S::Session: CopySession,
/// {
///     let report = Load::into_table("accounts")
///         .resumable("accounts of March")
///         .bad_rows(100)
///         .reject_file("accounts.bad.csv")
///         .on_progress(|progress| println!("{} rows", progress.rows))
///         .run(db, Source::csv("accounts.csv"))
///         .await?;
///     println!("{} rows, {} bad", report.rows, report.rejected);
///     Ok(())
/// }
/// ```
///
/// # Each row once
/// A chunk is kept in memory until the server has acknowledged it. Its transaction also writes an
/// [idempotency key](crdb_exec::IdempotencyKey) and a mark of the part of the input that it stands for. So a serialization failure runs it
/// again, an answer that was lost is asked for, and a load with a [name](Self::resumable) that was killed goes on where the marks
/// end. A run that takes a load over makes every other run of it fail: whatever those have under way can no longer be committed.
///
/// The tables that this needs (`crdb_data_load`, `crdb_data_chunk`, `crdb_idempotency_key`) are created where they are missing;
/// [`schema`](Self::schema) has them for a migration.
///
/// # Bad rows
/// A row is bad if it has too few fields or too many, if it is no UTF-8, or if the server refuses its data (SQLSTATE classes 22 and 23,
/// and 42804). It is found among the others of its chunk by trials that are rolled back. Other errors end the load.
///
/// # Memory
/// At most `2 x sessions + 2` chunks are in memory at once, `3 x sessions + 2` of [`Source::values`], and one more while a chunk is divided.
///
/// # Cancel safety
/// Dropping the future of [`run`](Self::run) leaves whole chunks only. The marks say whether those under way are committed, when
/// the load is resumed.
#[derive(Clone)]
#[must_use = "a load does nothing until it is run"]
pub struct Load {
    table: String,
    conflict: Conflict,
    sessions: usize,
    chunk_bytes: usize,
    chunk_rows: usize,
    most_bad: u64,
    reject_file: Option<PathBuf>,
    name: Option<String>,
    renamed: Vec<(String, String)>,
    ignored: Vec<String>,
    timeout: Duration,
    progress: Option<Observe>,
    observer: Option<Arc<dyn Observer>>,
}

/// How a load went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadReport {
    /// Rows that are committed, those of earlier runs among them.
    pub rows: u64,
    /// Rows that earlier runs of the same load had committed.
    pub resumed_rows: u64,
    /// Rows that were bad, those of earlier runs among them.
    pub rejected: u64,
    /// Bytes of the file that are done, or rows of the stream.
    pub bytes: u64,
    /// How long this run took.
    pub elapsed: Duration,
}

/// A chunk's bytes at most by default.
const CHUNK_BYTES: usize = 1 << 20;
/// A message with more is refused by a server (`sql.conn.max_read_buffer_message_size`, 16 MiB by default).
const MOST_CHUNK_BYTES: usize = 15 << 20;

impl Load {
    /// Into this table: `table`, `schema.table` or `database.schema.table`, read as SQL reads it.
    pub fn into_table(table: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            conflict: Conflict::Refuse,
            sessions: 2,
            chunk_bytes: CHUNK_BYTES,
            chunk_rows: 20_000,
            most_bad: 0,
            reject_file: None,
            name: None,
            renamed: Vec::new(),
            ignored: Vec::new(),
            timeout: Duration::from_secs(300),
            progress: None,
            observer: None,
        }
    }

    /// A row whose primary key is in the table replaces the one that is there, by `INSERT .. ON CONFLICT`, on CockroachDB by `UPSERT`. Which of two rows with the same key
    /// comes last is certain only with one [session](Self::sessions).
    pub fn replace_existing(mut self) -> Self {
        self.conflict = Conflict::Replace;
        self
    }

    /// A row that a unique constraint would refuse is left out, by `INSERT .. ON CONFLICT DO NOTHING`. It counts as loaded.
    pub fn keep_existing(mut self) -> Self {
        self.conflict = Conflict::Keep;
        self
    }

    /// Gives the load a name, under which it can be resumed after an error or a kill. Running a load that is complete does nothing.
    /// The input must be the same: of a file, its length and both its ends are compared.
    pub fn resumable(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many sessions load at once: 2 by default, 1 at least.
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions.max(1);
        self
    }

    /// How many bytes a chunk has at most: 1 MiB by default, 15 MiB at most. A longer row is a chunk by itself.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.clamp(1, MOST_CHUNK_BYTES);
        self
    }

    /// How many rows a chunk has at most: 20,000 by default, 1 at least.
    pub fn chunk_rows(mut self, rows: usize) -> Self {
        self.chunk_rows = rows.max(1);
        self
    }

    /// How many rows may be bad: none by default. One more ends the load with an error that names it.
    pub fn bad_rows(mut self, most: u64) -> Self {
        self.most_bad = most;
        self
    }

    /// Where bad rows are written, as CSV of `line,column,reason,row`. It is appended to. After a kill a row may be there twice, with the
    /// same line.
    pub fn reject_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.reject_file = Some(path.into());
        self
    }

    /// Loads the input's column `from` into the table's column `to`. Other columns go by their names: exactly, or without regard to case
    /// where only one fits.
    pub fn column(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.renamed.push((from.into(), to.into()));
        self
    }

    /// Does not load this column of the input.
    pub fn ignore(mut self, column: impl Into<String>) -> Self {
        self.ignored.push(column.into());
        self
    }

    /// How long a chunk may take with all its attempts: 5 minutes by default.
    pub fn chunk_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets what is called after each chunk.
    pub fn on_progress(mut self, observe: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(observe));
        self
    }

    /// Sets what is called when the load begins and when it ends. By default there is no observer.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Loads.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyBadRows`](crate::ErrorKind::TooManyBadRows) with the line, the column and the reason of a row;
    /// [`Input`](crate::ErrorKind::Input) for a file that is not what it should be, [`Changed`](crate::ErrorKind::Changed) for one that
    /// became another, [`Refused`](crate::ErrorKind::Refused) for columns that do not fit,
    /// [`Busy`](crate::ErrorKind::Busy) if another run took over, [`Io`](crate::ErrorKind::Io) and
    /// [`Database`](crate::ErrorKind::Database). Chunks that are committed stay.
    ///
    /// # Cancel safety
    /// See [`Load`].
    pub async fn run<S>(
        &self,
        executor: &PooledExecutor<S>,
        source: Source,
    ) -> Result<LoadReport, Error>
    where
        S: SessionSource,
        S::Session: CopySession,
    {
        // A load is awaited for as long as it takes: its future has a box of its own.
        let work = run::run(self, executor, source);
        let count = |report: &LoadReport| {
            let rows = report.rows.saturating_sub(report.resumed_rows);
            (rows, report.rejected)
        };
        let observer = self.observer.as_ref();
        Box::pin(Operation::run(
            observer,
            Kind::Load,
            &self.table,
            work,
            count,
        ))
        .await
    }

    /// Forgets a load with this name, so that it can begin anew. What it has loaded stays in the table.
    ///
    /// # Errors
    /// As the executor.
    ///
    /// # Cancel safety
    /// It may be called again.
    pub async fn forget<S: SessionSource>(
        executor: &PooledExecutor<S>,
        name: &str,
    ) -> Result<(), Error> {
        checkpoint::forget(executor, name).await
    }

    /// The statements that create the tables of loads, for a migration. The third is
    /// [`IdempotencyKey::SCHEMA`](crdb_exec::IdempotencyKey::SCHEMA).
    #[must_use]
    pub fn schema() -> [&'static str; 3] {
        let [loads, chunks] = checkpoint::SCHEMA;
        [loads, chunks, crdb_exec::IdempotencyKey::SCHEMA]
    }
}

impl fmt::Debug for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load")
            .field("table", &self.table)
            .field("name", &self.name)
            .field("sessions", &self.sessions)
            .field("chunk_bytes", &self.chunk_bytes)
            .field("bad_rows", &self.most_bad)
            .finish_non_exhaustive()
    }
}
