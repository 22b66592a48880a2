//! A load from its beginning to its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crdb_exec::{PooledExecutor, SessionSource};
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

#[cfg(feature = "arrow")]
use super::arrow_reader::ArrowReader;
use super::block::{Block, RowForm};
use super::chunk::Loading;
use super::input::Input;
use super::progress::Progress;
#[cfg(feature = "json")]
use super::reader::JsonReader;
use super::reader::{BlockReader, CsvReader, Limits, Selection, choose};
use super::reject_file::RejectFile;
use super::source::{RowStream, Source, SourceKind};
use super::stream::{Feed, read_rows};
use super::target::Target;
use super::values::{ValueColumn, ValueFeed};
use super::{Load, LoadReport};
use crate::checkpoint::{self, Checkpoint, Ranges};
use crate::error::{Error, ErrorKind};
use crate::session::CopySession;

/// What is read, once its columns are known.
enum Reading {
    File(Box<dyn BlockReader>),
    Rows(RowStream),
    Values(Box<dyn ValueFeed>),
}

/// A source that has been opened.
struct Opened {
    reading: Reading,
    columns: Vec<String>,
    form: RowForm,
    /// What tells this input from another one.
    fingerprint: String,
    length: Option<u64>,
}

fn open(source: Source) -> Result<Opened, Error> {
    let Source {
        kind,
        delimiter,
        names,
    } = source;
    if !delimiter.is_ascii() || matches!(delimiter, b'"' | b'\r' | b'\n' | 0) {
        return Err(Error::new(
            ErrorKind::Refused,
            "a delimiter of CSV is one ASCII character, no quote and no end of a line",
        ));
    }
    let mut reader: Box<dyn BlockReader> = match kind {
        SourceKind::Csv(path) => Box::new(CsvReader::new(Input::open(&path)?, delimiter, names)),
        #[cfg(feature = "json")]
        SourceKind::JsonLines(path) => Box::new(JsonReader::new(Input::open(&path)?, names)),
        #[cfg(feature = "arrow")]
        SourceKind::ArrowIpc(path) => Box::new(ArrowReader::ipc(Input::open(&path)?)?),
        #[cfg(feature = "parquet")]
        SourceKind::Parquet(path) => Box::new(ArrowReader::parquet(Input::open(&path)?)?),
        SourceKind::Rows(rows) => {
            return Ok(stream(Reading::Rows(rows), names, RowForm::Text));
        }
        SourceKind::Values(rows) => {
            return Ok(stream(Reading::Values(rows), names, RowForm::Binary));
        }
    };
    let columns = reader.columns()?;
    Ok(Opened {
        columns,
        form: reader.form(),
        fingerprint: reader.input().fingerprint().to_owned(),
        length: reader.length(),
        reading: Reading::File(reader),
    })
}

fn stream(reading: Reading, names: Option<Vec<String>>, form: RowForm) -> Opened {
    Opened {
        reading,
        columns: names.unwrap_or_default(),
        form,
        fingerprint: "a stream".to_owned(),
        length: None,
    }
}

/// The types of an input's columns, for values.
fn value_columns(
    columns: &[String],
    chosen: &[(usize, String)],
    target: &Target,
) -> Result<Vec<ValueColumn>, Error> {
    let mut all: Vec<_> = columns
        .iter()
        .map(|name| ValueColumn {
            name: name.clone(),
            type_: None,
        })
        .collect();
    for ((index, name), (built_in, type_)) in
        chosen.iter().zip(target.built_in.iter().zip(&target.types))
    {
        let Some(known) = built_in else {
            return Err(Error::new(
                ErrorKind::Refused,
                format!("column \"{name}\" is of the type {type_}, whose values have no binary form that is known here"),
            )
            .with_advice("load such rows as texts: `Source::rows`"));
        };
        if let Some(column) = all.get_mut(*index) {
            column.type_ = Some(known.clone());
        }
    }
    Ok(all)
}

pub(super) async fn run<S>(
    load: &Load,
    executor: &PooledExecutor<S>,
    source: Source,
) -> Result<LoadReport, Error>
where
    S: SessionSource,
    S::Session: CopySession,
{
    let path = source.path().map(ToOwned::to_owned);
    let named = |error: Error| match &path {
        Some(path) => error.in_file(path),
        None => error,
    };
    let opened = blocking(move || open(source)).await?.map_err(named)?;
    let chosen = choose(&opened.columns, &load.renamed, &load.ignored).map_err(named)?;
    let wanted: Vec<_> = chosen.iter().map(|(_, name)| name.clone()).collect();
    let target = Target::of(executor, &load.table, &wanted, load.conflict, opened.form).await?;
    let rejects = match load.reject_file.clone() {
        Some(path) => Some(Mutex::new(
            blocking(move || RejectFile::open(&path)).await??,
        )),
        None => None,
    };
    let columns = match opened.form {
        RowForm::Binary => value_columns(&opened.columns, &chosen, &target)?,
        _ => Vec::new(),
    };
    checkpoint::create_tables(executor).await?;
    let run = format!("{:032x}", rand::random::<u128>());
    let name = load
        .name
        .clone()
        .unwrap_or_else(|| format!("unnamed/{run}"));
    let into = format!("{} ({})", target.table, target.columns.join(", "));
    let checkpoint = Checkpoint::claim(executor, &name, run, &into, &opened.fingerprint)
        .await
        .map_err(named)?;
    let selection = Selection {
        names: chosen
            .iter()
            .filter_map(|(index, _)| opened.columns.get(*index).cloned())
            .collect(),
        kept: (chosen.len() < opened.columns.len())
            .then(|| chosen.iter().map(|(index, _)| *index).collect()),
        ignored: load.ignored.clone(),
        types: target.types.clone(),
    };
    let loading = Loading {
        executor,
        checkpoint: &checkpoint,
        target: &target,
        conflict: load.conflict,
        form: opened.form,
        timeout: load.timeout,
        most_bad: load.most_bad,
        bad: AtomicU64::new(checkpoint.rejected),
        rejects,
    };
    let counts = Counts {
        rows: AtomicU64::new(checkpoint.rows),
        rejected: AtomicU64::new(checkpoint.rejected),
        bytes: AtomicU64::new(checkpoint.done.total()),
        resumed: checkpoint.done.total(),
        length: opened.length,
        started: Instant::now(),
    };
    let feed = match opened.reading {
        Reading::File(reader) => Feeding::File(reader, selection),
        Reading::Rows(rows) => Feeding::Stream(Feed::Texts(rows, selection)),
        Reading::Values(rows) => Feeding::Stream(Feed::Values(rows, columns)),
    };
    let read = pump(load, feed, &loading, &counts).await.map_err(named)?;
    if let Some(reader) = read {
        let input = blocking(move || reader.input().check_unchanged()).await?;
        input?;
    }
    checkpoint.clean(executor, load.name.is_none()).await?;
    let progress = counts.now();
    Ok(LoadReport {
        rows: progress.rows,
        resumed_rows: checkpoint.rows,
        rejected: progress.rejected,
        bytes: progress.bytes,
        elapsed: progress.elapsed,
    })
}

struct Counts {
    rows: AtomicU64,
    rejected: AtomicU64,
    bytes: AtomicU64,
    resumed: u64,
    length: Option<u64>,
    started: Instant,
}

impl Counts {
    fn committed(&self, block: &Block) {
        self.rows.fetch_add(block.rows() as u64, Ordering::Relaxed);
        self.rejected
            .fetch_add(block.rejects.len() as u64, Ordering::Relaxed);
        self.bytes
            .fetch_add(block.finish - block.start, Ordering::Relaxed);
    }

    fn now(&self) -> Progress {
        Progress {
            rows: self.rows.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            total_bytes: self.length,
            resumed_bytes: self.resumed,
            elapsed: self.started.elapsed(),
        }
    }
}

/// What a load reads, and what of it.
enum Feeding {
    File(Box<dyn BlockReader>, Selection),
    Stream(Feed),
}

pub(super) type Blocks = mpsc::Sender<Result<Block, Error>>;

/// Reads and loads at the same time. Gives the reader back.
async fn pump<S>(
    load: &Load,
    feeding: Feeding,
    loading: &Loading<'_, S>,
    counts: &Counts,
) -> Result<Option<Box<dyn BlockReader>>, Error>
where
    S: SessionSource,
    S::Session: CopySession,
{
    let (blocks, received) = mpsc::channel::<Result<Block, Error>>(1);
    let received = tokio::sync::Mutex::new(received);
    let (fail, failed) = watch::channel(false);
    let worker = async || -> Result<(), Error> {
        let mut failed = failed.clone();
        loop {
            let next = tokio::select! {
                biased;
                _ = failed.wait_for(|failed| *failed) => return Ok(()),
                next = async { received.lock().await.recv().await } => next,
            };
            let Some(block) = next else { return Ok(()) };
            let result = async {
                let block = block?;
                loading.count_bad(&block.rejects)?;
                let committed = |part: &Block| {
                    counts.committed(part);
                    if let Some(observe) = &load.progress {
                        observe(&counts.now());
                    }
                };
                loading.load(block, &committed).await
            }
            .await;
            if result.is_err() {
                // The others end what they have begun.
                fail.send_replace(true);
                return result;
            }
        }
    };
    let workers = join_all((0..load.sessions).map(|_| worker()));
    let limits = Limits {
        bytes: load.chunk_bytes,
        rows: load.chunk_rows,
    };
    let done = loading.checkpoint.done.clone();
    let all = |results: Vec<Result<(), Error>>| results.into_iter().collect::<Result<(), _>>();
    match feeding {
        Feeding::File(mut reader, selection) => {
            reader.select(selection)?;
            let reading = tokio::spawn(blocking(move || {
                read_file(&mut *reader, &done, limits, &blocks);
                reader
            }));
            let results = workers.await;
            // A reader that waits to hand a block on ends.
            received.lock().await.close();
            all(results)?;
            let reader = reading.await.map_err(|error| {
                Error::new(ErrorKind::Io, "the task that reads the file ended").with_source(error)
            })??;
            Ok(Some(reader))
        }
        Feeding::Stream(feed) => {
            // On a task of its own, so that rows are written while others are sent. It ends when the load does.
            let mut reading = JoinSet::new();
            reading.spawn(read_rows(feed, done, limits, blocks));
            all(workers.await)?;
            while let Some(ended) = reading.join_next().await {
                ended.map_err(|error| {
                    Error::new(ErrorKind::Input, "the stream of rows panicked").with_source(error)
                })?;
            }
            Ok(None)
        }
    }
}

/// Sends the blocks of a file until it ends or no more are wanted.
fn read_file(reader: &mut dyn BlockReader, done: &Ranges, limits: Limits, blocks: &Blocks) {
    while let Some(block) = reader.next_block(done, limits).transpose() {
        let ends = block.is_err();
        if blocks.blocking_send(block).is_err() || ends {
            return;
        }
    }
}

/// Runs what blocks on a thread for that.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Io, "a thread that reads files ended").with_source(error)
    })
}
