//! An export from its beginning to its end.

use std::path::{Path, PathBuf};
#[cfg(feature = "object-store")]
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crdb_exec::{
    Backoff, Engine, ExecutorExt as _, Isolation, OpenTransaction, PooledExecutor, RetrySafety,
    Row, Rows, SessionSource, Statement, TransactionOptions, Verdict,
};
use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::manifest::{Manifest, ManifestColumn, ManifestPart};
#[cfg(feature = "object-store")]
use super::object;
use super::plan::{Plan, Range, Relation, key_texts};
use super::sink::{FileSink, Sink, Written, device_or_pipe};
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
        (Destination::File(_) | Destination::Pipe(_), _) | (_, Relation::Query(_)) => 1,
        _ => export.parts,
    };
    let ranges = plan.ranges(executor, parts).await?;
    let snapshot = Snapshot::take(executor, export.timeout).await?;
    let Opened {
        names,
        manifest: manifest_place,
        mut sinks,
    } = open(export, destination, ranges.len()).await?;
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
    let done = whole_or_none(join_all(work).await).await?;
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
    match manifest_place {
        #[cfg(feature = "object-store")]
        Place::Object(store, name) => publish_objects(&store, whole, &name, text).await?,
        Place::File(path) => blocking(move || publish(whole, Some(&path), &text)).await??,
        Place::Nowhere => blocking(move || publish(whole, None, &text)).await??,
    }
    Ok(manifest)
}

/// The parts, if all of them are whole. What is left of the others is given up.
#[cfg_attr(
    not(feature = "object-store"),
    expect(clippy::unused_async, reason = "the feature's half awaits")
)]
async fn whole_or_none(
    parts: Vec<Result<(u64, Written, Sink), Error>>,
) -> Result<Vec<(u64, Written, Sink)>, Error> {
    let mut whole = Vec::with_capacity(parts.len());
    let mut failed = None;
    for part in parts {
        match part {
            Ok(part) => whole.push(part),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let Some(error) = failed else {
        return Ok(whole);
    };
    for (_, _, sink) in whole {
        #[cfg(feature = "object-store")]
        if let Sink::Object(object) = sink {
            object.abort().await;
            continue;
        }
        drop(sink);
    }
    Err(error)
}

/// Names the files once all of them are whole, the manifest last.
fn publish(sinks: Vec<Sink>, manifest: Option<&Path>, text: &[u8]) -> Result<(), Error> {
    if let Some(path) = manifest
        && let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(Error::io(
            "removing the manifest of an earlier export",
            path,
            error,
        ));
    }
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

/// As [`publish`], for objects.
#[cfg(feature = "object-store")]
async fn publish_objects(
    store: &Arc<dyn object_store::ObjectStore>,
    sinks: Vec<Sink>,
    manifest: &str,
    text: Vec<u8>,
) -> Result<(), Error> {
    object::remove(store, manifest).await?;
    for sink in sinks {
        if let Sink::Object(object) = sink {
            object.publish().await?;
        }
    }
    object::put(store, manifest, text).await
}

/// Where the manifest goes.
enum Place {
    File(PathBuf),
    #[cfg(feature = "object-store")]
    Object(Arc<dyn object_store::ObjectStore>, String),
    Nowhere,
}

struct Opened {
    names: Vec<String>,
    manifest: Place,
    sinks: Vec<Sink>,
}

fn part_names(parts: usize, ending: &str) -> Vec<String> {
    (1..=parts)
        .map(|part| format!("part-{part:04}.{ending}"))
        .collect()
}

async fn open(export: &Export, destination: Destination, parts: usize) -> Result<Opened, Error> {
    let ending = export.format.name();
    #[cfg(feature = "object-store")]
    if let Destination::Objects { store, prefix } = destination {
        let names = part_names(parts, ending);
        let mut sinks = Vec::with_capacity(parts);
        for name in &names {
            let object = format!("{prefix}/{name}");
            sinks.push(Sink::Object(
                object::ObjectSink::create(&store, object).await?,
            ));
        }
        let manifest = Place::Object(store, format!("{prefix}/manifest.json"));
        return Ok(Opened {
            names,
            manifest,
            sinks,
        });
    }
    blocking(move || match destination {
        Destination::File(path) => {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            if let Some(device) = device_or_pipe(&path)? {
                return Ok(Opened {
                    names: vec![name],
                    manifest: Place::Nowhere,
                    sinks: vec![Sink::Pipe(Box::new(device), Written::default())],
                });
            }
            let manifest = path.with_file_name(format!("{name}.manifest.json"));
            let sink = Sink::File(FileSink::create(&path)?);
            Ok(Opened {
                names: vec![name],
                manifest: Place::File(manifest),
                sinks: vec![sink],
            })
        }
        Destination::Directory(directory) => {
            std::fs::create_dir_all(&directory)
                .map_err(|error| Error::io("creating the directory", &directory, error))?;
            let names = part_names(parts, ending);
            let sinks = names
                .iter()
                .map(|name| FileSink::create(&directory.join(name)).map(Sink::File))
                .collect::<Result<_, _>>()?;
            Ok(Opened {
                names,
                manifest: Place::File(directory.join("manifest.json")),
                sinks,
            })
        }
        Destination::Pipe(pipe) => Ok(Opened {
            names: vec!["-".to_owned()],
            manifest: Place::Nowhere,
            sinks: vec![Sink::Pipe(pipe, Written::default())],
        }),
        #[cfg(feature = "object-store")]
        Destination::Objects { .. } => Err(lost_sink()),
    })
    .await?
}

/// A part that is being written.
struct Part {
    sink: Option<Sink>,
    format: Format,
    out: Vec<u8>,
    rows: u64,
    /// How many of them have been reported as progress.
    told: u64,
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
            told: 0,
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
        let length = bytes.len();
        #[cfg(feature = "object-store")]
        if let Sink::Object(object) = &mut sink {
            let written = object.write(&bytes).await;
            part.sink = Some(sink);
            written?;
            self.tell(part, length);
            return Ok(());
        }
        let (sink, written) = blocking(move || {
            let written = sink.write(&bytes);
            (sink, written)
        })
        .await?;
        part.sink = Some(sink);
        written?;
        self.tell(part, length);
        Ok(())
    }

    /// So many more bytes are written, and the rows that the part has taken.
    fn tell(&self, part: &mut Part, length: usize) {
        let rows = part.rows - std::mem::replace(&mut part.told, part.rows);
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        if let Some(observe) = &self.export.progress {
            observe(&Progress {
                rows: self.rows.load(Ordering::Relaxed),
                bytes: self.bytes.load(Ordering::Relaxed),
                elapsed: self.started.elapsed(),
                ..Progress::default()
            });
        }
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
