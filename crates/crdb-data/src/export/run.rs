//! An export from its beginning to its end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crdb_exec::{
    Backoff, Engine, ExecutorExt as _, Isolation, OpenTransaction, PooledExecutor, RetrySafety,
    Row, Rows, SessionSource, Statement, TransactionOptions, Verdict,
};
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::manifest::{Manifest, ManifestColumn, ManifestPart};
use super::plan::{Plan, Range, Relation, key_texts};
use super::sink::{FileSink, Sink, Written};
use super::{Destination, Export};
use crate::error::{Error, ErrorKind};
use crate::format::{Encode as _, Format};
use crate::load::Progress;

/// How many bytes are written at once.
const PIECE: usize = 256 * 1024;

/// How often a part begins again without having got further.
const ATTEMPTS: u32 = 8;

/// The moment that everything is read of.
enum Snapshot<S: SessionSource> {
    /// CockroachDB's, which every session can read for as long as it is not garbage collected.
    AsOf(String),
    /// PostgreSQL's, which lasts as long as this transaction.
    Exported {
        id: String,
        keeper: OpenTransaction<S>,
    },
}

impl<S: SessionSource> Snapshot<S> {
    async fn take(executor: &PooledExecutor<S>, timeout: Duration) -> Result<Self, Error> {
        let failed = |error| Error::database_failed("taking a snapshot", error);
        let keeper = executor.begin(&reading(timeout)).await.map_err(failed)?;
        if keeper.engine() == Engine::CockroachDb {
            keeper.rollback().await;
            // Below serializable isolation there is no such time.
            let options = TransactionOptions::new()
                .name("crdb_data.snapshot")
                .isolation(Isolation::Serializable);
            let tx = executor.begin(&options).await.map_err(failed)?;
            let row = tx
                .fetch_one("SELECT cluster_logical_timestamp()::TEXT", &[])
                .await
                .map_err(failed)?;
            // Nothing is to be committed.
            tx.rollback().await;
            return Ok(Self::AsOf(row.get(0usize)?));
        }
        let row = keeper
            .fetch_one("SELECT pg_export_snapshot()", &[])
            .await
            .map_err(failed)?;
        Ok(Self::Exported {
            id: row.get(0usize)?,
            keeper,
        })
    }

    fn as_of(&self) -> Option<&str> {
        match self {
            Self::AsOf(time) => Some(time),
            Self::Exported { .. } => None,
        }
    }
}

fn reading(timeout: Duration) -> TransactionOptions {
    TransactionOptions::new()
        .name("crdb_data.export")
        .isolation(Isolation::RepeatableRead)
        .read_only()
        .timeout(timeout)
}

/// What the parts of an export share.
struct Exporting<'a, S: SessionSource> {
    export: &'a Export,
    executor: &'a PooledExecutor<S>,
    plan: Plan,
    snapshot: Snapshot<S>,
    rows: AtomicU64,
    bytes: AtomicU64,
    started: Instant,
}

pub(super) async fn run<S: SessionSource>(
    export: &Export,
    executor: &PooledExecutor<S>,
    destination: Destination,
) -> Result<Manifest, Error> {
    let plan = Plan::of(executor, &export.relation, &export.key).await?;
    let parts = match (&destination, &export.relation) {
        (Destination::Directory(_), Relation::Table(_)) => export.parts,
        _ => 1,
    };
    let ranges = plan.ranges(executor, parts).await?;
    let snapshot = Snapshot::take(executor, export.timeout).await?;
    let (names, manifest_path, mut sinks) = open(export, destination, ranges.len()).await?;
    let exporting = Exporting {
        export,
        executor,
        plan,
        snapshot,
        rows: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        started: Instant::now(),
    };
    let work = ranges
        .iter()
        .zip(sinks.drain(..))
        .map(|(range, sink)| exporting.part(range, sink));
    let done = join_all(work)
        .await
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let mut manifest = Manifest {
        version: 1,
        source: match &export.relation {
            Relation::Table(name) => name.clone(),
            Relation::Query(text) => text.clone(),
        },
        format: export.format.name().to_owned(),
        as_of: exporting.snapshot.as_of().map(str::to_owned),
        columns: exporting
            .plan
            .columns
            .iter()
            .map(|column| ManifestColumn {
                name: column.name().to_owned(),
                type_: column.type_().to_string(),
            })
            .collect(),
        rows: 0,
        bytes: 0,
        parts: Vec::new(),
    };
    if let Snapshot::Exported { keeper, .. } = exporting.snapshot {
        keeper.rollback().await;
    }
    let mut whole = Vec::with_capacity(done.len());
    for ((rows, written, sink), file) in done.into_iter().zip(names) {
        manifest.rows += rows;
        manifest.bytes += written.bytes;
        manifest.parts.push(ManifestPart {
            file,
            rows,
            bytes: written.bytes,
            sha256: written.sha256(),
        });
        whole.push(sink);
    }
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| Error::new(ErrorKind::Io, "writing the manifest").with_source(error))?;
    blocking(move || publish(whole, manifest_path.as_deref(), &text)).await??;
    Ok(manifest)
}

/// Names the files once all of them are whole, the manifest last.
fn publish(sinks: Vec<Sink>, manifest: Option<&Path>, text: &[u8]) -> Result<(), Error> {
    for sink in sinks {
        sink.publish()?;
    }
    if let Some(path) = manifest {
        let mut file = FileSink::create(path)?;
        file.write(text)?;
        file.sync()?;
        file.publish()?;
    }
    Ok(())
}

type Opened = (Vec<String>, Option<PathBuf>, Vec<Sink>);

async fn open(export: &Export, destination: Destination, parts: usize) -> Result<Opened, Error> {
    let ending = export.format.name();
    blocking(move || match destination {
        Destination::File(path) => {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let manifest = path.with_file_name(format!("{name}.manifest.json"));
            let sink = Sink::File(FileSink::create(&path)?);
            Ok((vec![name], Some(manifest), vec![sink]))
        }
        Destination::Directory(directory) => {
            std::fs::create_dir_all(&directory)
                .map_err(|error| Error::io("creating the directory", &directory, error))?;
            let names: Vec<_> = (1..=parts)
                .map(|part| format!("part-{part:04}.{ending}"))
                .collect();
            let sinks = names
                .iter()
                .map(|name| FileSink::create(&directory.join(name)).map(Sink::File))
                .collect::<Result<_, _>>()?;
            Ok((names, Some(directory.join("manifest.json")), sinks))
        }
        Destination::Pipe(pipe) => Ok((
            vec!["-".to_owned()],
            None,
            vec![Sink::Pipe(pipe, Written::default())],
        )),
    })
    .await?
}

/// A part that is being written.
struct Part {
    sink: Option<Sink>,
    format: Format,
    out: Vec<u8>,
    rows: u64,
    /// The key of the row that was taken last.
    last: Option<Vec<String>>,
}

/// Why reading stopped.
enum Stop {
    Ours(Error),
    /// Reading can go on behind the last key.
    Read(crdb_exec::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl<S: SessionSource> Exporting<'_, S> {
    async fn part(&self, range: &Range, sink: Sink) -> Result<(u64, Written, Sink), Error> {
        let mut part = Part {
            sink: Some(sink),
            format: self.export.format.clone(),
            out: Vec::new(),
            rows: 0,
            last: None,
        };
        part.format.begin(&self.plan.columns, &mut part.out)?;
        let backoff = Backoff::default();
        let mut attempts = 0;
        loop {
            let before = part.rows;
            let error = match self.read(range, &mut part).await {
                Ok(()) => break,
                Err(Stop::Ours(error)) => return Err(error),
                Err(Stop::Read(error)) => error,
            };
            attempts = if part.rows > before { 1 } else { attempts + 1 };
            let again = error.is_connection()
                || error.is_serialization_failure()
                || error.verdict() != Verdict::Never;
            let resumable = part.rows == 0 || !self.plan.key.is_empty();
            if !again || !resumable || attempts >= ATTEMPTS {
                let failed =
                    Error::database_failed(format!("exporting, after {} rows", part.rows), error);
                return Err(if resumable {
                    failed
                } else {
                    failed.with_advice("without a key an export cannot go on after a lost connection: name one, or do it again")
                });
            }
            let pause = backoff.delay(attempts, &mut rand::rng());
            tokio::time::sleep(pause).await;
        }
        part.format.end(&mut part.out)?;
        self.flush(&mut part).await?;
        let mut sink = part.sink.take().ok_or_else(lost_sink)?;
        let (sink, written) = blocking(move || {
            let written = sink.sync();
            (sink, written)
        })
        .await?;
        Ok((part.rows, written?, sink))
    }

    /// Reads what is left of a range.
    async fn read(&self, range: &Range, part: &mut Part) -> Result<(), Stop> {
        let text = self
            .plan
            .select(self.snapshot.as_of(), range, part.last.as_deref());
        let statement = Statement::new(&text)
            .named("crdb_data.export")
            .retry(RetrySafety::Safe)
            .timeout(self.export.timeout);
        match &self.snapshot {
            Snapshot::AsOf(_) => {
                let rows = self
                    .executor
                    .fetch_stream(statement, &[])
                    .await
                    .map_err(Stop::Read)?;
                self.drain(rows, part).await
            }
            Snapshot::Exported { id, .. } => {
                let tx = self
                    .executor
                    .begin(&reading(self.export.timeout))
                    .await
                    .map_err(Stop::Read)?;
                let set = format!("SET TRANSACTION SNAPSHOT '{id}'");
                tx.execute(&set, &[]).await.map_err(|error| {
                    if error.is_connection() {
                        return Stop::Read(error);
                    }
                    let lost = "the snapshot is gone with the session that held it";
                    Stop::Ours(
                        Error::database_failed(lost, error)
                            .with_advice("export again: nothing was written under a final name"),
                    )
                })?;
                let rows = tx.fetch_stream(statement, &[]).await.map_err(Stop::Read)?;
                self.drain(rows, part).await?;
                tx.rollback().await;
                Ok(())
            }
        }
    }

    async fn drain<R: Rows>(&self, mut rows: R, part: &mut Part) -> Result<(), Stop> {
        while let Some(row) = rows.next().await {
            let row = row.map_err(Stop::Read)?;
            self.take(&row, part)?;
            if part.out.len() >= PIECE {
                self.flush(part).await?;
            }
        }
        Ok(())
    }

    fn take<R: Row>(&self, row: &R, part: &mut Part) -> Result<(), Error> {
        let columns = &self.plan.columns;
        if !self.plan.key.is_empty() {
            let mut values = Vec::with_capacity(self.plan.key.len());
            for &index in &self.plan.key {
                if let Some(column) = columns.iter().nth(index) {
                    let value = column.kind().read_nullable(row.value(index));
                    values.push(
                        value.map_err(|reason| crate::value::malformed(column.name(), reason))?,
                    );
                }
            }
            let key = key_texts(&values).ok_or_else(|| bad_key("holds NULL"))?;
            if part.last.as_ref() == Some(&key) {
                return Err(bad_key("is the same of two rows"));
            }
            part.last = Some(key);
        }
        part.format.row(columns, row, &mut part.out)?;
        part.rows += 1;
        Ok(())
    }

    async fn flush(&self, part: &mut Part) -> Result<(), Error> {
        if part.out.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::replace(&mut part.out, Vec::with_capacity(PIECE + PIECE / 4));
        let mut sink = part.sink.take().ok_or_else(lost_sink)?;
        let (sink, written, length) = blocking(move || {
            let written = sink.write(&bytes);
            (sink, written, bytes.len())
        })
        .await?;
        part.sink = Some(sink);
        written?;
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        if let Some(observe) = &self.export.progress {
            observe(&Progress {
                rows: self.rows.load(Ordering::Relaxed),
                bytes: self.bytes.load(Ordering::Relaxed),
                elapsed: self.started.elapsed(),
                ..Progress::default()
            });
        }
        Ok(())
    }
}

fn bad_key(what: &str) -> Error {
    Error::new(ErrorKind::Refused, format!("the key of the export {what}"))
        .with_advice("name columns that tell every row from every other")
}

fn lost_sink() -> Error {
    Error::new(ErrorKind::Io, "the thread that writes the file ended")
}

/// Runs what blocks on a thread for that.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| lost_sink().with_source(error))
}
