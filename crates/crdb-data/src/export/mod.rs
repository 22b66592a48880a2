//! Rows out of a table or a query.

mod manifest;
#[cfg(feature = "object-store")]
mod object;
mod plan;
mod run;
mod sink;
mod verify;

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{PooledExecutor, SessionSource};

pub use manifest::{Manifest, ManifestColumn, ManifestPart};

use crate::error::Error;
use crate::format::Format;
use crate::load::{Observe, Progress};
use crate::observer::{Kind, Observer, Operation};
use plan::Relation;

/// Where an export goes.
#[non_exhaustive]
pub enum Destination {
    /// One file, and `NAME.manifest.json` beside it. A device or a named pipe is written to as [`Destination::Pipe`] is,
    /// without a manifest.
    File(PathBuf),
    /// A directory with `part-0001.csv` and so on, and `manifest.json`.
    Directory(PathBuf),
    /// Something that is written to from a thread of its own. It gets half of an export that fails.
    Pipe(Box<dyn Write + Send>),
    /// Objects of a store, with `part-0001.csv` and so on and `manifest.json` below the prefix. An upload whose process is killed is never
    /// visible, but some stores keep its parts until a rule of theirs removes them.
    #[cfg(feature = "object-store")]
    Objects {
        /// The store.
        store: Arc<dyn object_store::ObjectStore>,
        /// What the objects' names begin with, without a slash at its end.
        prefix: String,
    },
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Directory(path) => f.debug_tuple("Directory").field(path).finish(),
            Self::Pipe(_) => f.write_str("Pipe"),
            #[cfg(feature = "object-store")]
            Self::Objects { prefix, .. } => f.debug_tuple("Objects").field(prefix).finish(),
        }
    }
}

/// Exports a table or a query as of one moment.
///
/// ```no_run
/// use crdb_data::{Csv, Destination, Error, Export, Manifest};
/// use crdb_exec::{PooledExecutor, SessionSource};
///
/// async fn export<S: SessionSource>(db: &PooledExecutor<S>) -> Result<(), Error> {
///     let manifest = Export::table("accounts", Csv::postgres())
///         .parts(4)
///         .run(db, Destination::Directory("accounts".into()))
///         .await?;
///     println!("{} rows", manifest.rows);
///     Manifest::verify("accounts/manifest.json".as_ref())?;
///     Ok(())
/// }
/// ```
///
/// # One moment
/// On CockroachDB every part reads `AS OF SYSTEM TIME` of one timestamp, which the [manifest](Manifest) keeps; it must be within the
/// table's `gc.ttlseconds` until the end. On PostgreSQL the parts share a snapshot of one transaction, which stays open until the end.
///
/// # A lost node
/// Rows come in the order of the primary key, or of [`key`](Self::key). When a connection is lost, another one reads on from behind the last
/// row, so no row is written twice or left out. Without a key an export whose connection is lost fails.
///
/// # Files
/// A file has its final name only when the whole export has been written and synced; the manifest is written last. A process that is
/// killed leaves `.NAME.partial`, which the next export overwrites.
///
/// # Memory
/// A part holds about half a MiB, and what the connection buffers.
///
/// # Cancel safety
/// Dropping the future of [`run`](Self::run) leaves nothing under a final name, unless all parts were whole.
#[derive(Clone)]
#[must_use = "an export does nothing until it is run"]
pub struct Export {
    relation: Relation,
    format: Format,
    key: Vec<String>,
    parts: usize,
    timeout: Duration,
    progress: Option<Observe>,
    observer: Option<Arc<dyn Observer>>,
}

impl Export {
    fn new(relation: Relation, format: Format) -> Self {
        Self {
            relation,
            format,
            key: Vec::new(),
            parts: 1,
            timeout: Duration::from_secs(24 * 60 * 60),
            progress: None,
            observer: None,
        }
    }

    /// Of a table: `table`, `schema.table` or `database.schema.table`, read as SQL reads it.
    pub fn table(name: impl Into<String>, format: impl Into<Format>) -> Self {
        Self::new(Relation::Table(name.into()), format.into())
    }

    /// Of a SELECT without parameters. It is put in parentheses.
    pub fn query(text: impl Into<String>, format: impl Into<Format>) -> Self {
        Self::new(Relation::Query(text.into()), format.into())
    }

    /// The columns that tell every row from every other, which rows are ordered by: of a table its primary key by default, of a
    /// query none.
    pub fn key(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.key = columns.into_iter().map(Into::into).collect();
        self
    }

    /// How many sessions read a table into as many files of a directory: 1 by default. The key is divided evenly between its
    /// least and its greatest value where its first column is an integer or a UUID; other keys are not divided.
    pub fn parts(mut self, parts: usize) -> Self {
        self.parts = parts.clamp(1, 1_000);
        self
    }

    /// How long it may take as a whole: 24 hours by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets what is called after each piece that is written.
    pub fn on_progress(mut self, observe: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(observe));
        self
    }

    /// Sets what is called when the export begins and when it ends. By default there is no observer.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Exports.
    ///
    /// # Errors
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) and [`Value`](crate::ErrorKind::Value) for what the format has no form for,
    /// [`Refused`](crate::ErrorKind::Refused) for a key that does not tell rows apart, [`Busy`](crate::ErrorKind::Busy) for a file that
    /// another export writes, [`Io`](crate::ErrorKind::Io) and [`Database`](crate::ErrorKind::Database).
    ///
    /// # Cancel safety
    /// See [`Export`].
    pub async fn run<S: SessionSource>(
        &self,
        executor: &PooledExecutor<S>,
        destination: Destination,
    ) -> Result<Manifest, Error> {
        // An export is awaited for as long as it takes: its future has a box of its own.
        let work = run::run(self, executor, destination);
        // A query's text may hold values.
        let relation = match &self.relation {
            Relation::Table(name) => name,
            Relation::Query(_) => "query",
        };
        let count = |manifest: &Manifest| (manifest.rows, 0);
        let observer = self.observer.as_ref();
        Box::pin(Operation::run(
            observer,
            Kind::Export,
            relation,
            work,
            count,
        ))
        .await
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("relation", &self.relation)
            .field("format", &self.format.name())
            .field("key", &self.key)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}
