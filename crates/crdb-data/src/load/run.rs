//! A load from its beginning to its end.

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crdb_exec::{PooledExecutor, SessionSource};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

#[cfg(feature = "arrow")]
use super::arrow_reader::ArrowReader;
use super::block::{Block, Mark, RowForm, put_text};
use super::chunk::Loading;
use super::input::Input;
use super::progress::Progress;
#[cfg(feature = "json")]
use super::reader::JsonReader;
use super::reader::{BlockReader, CsvReader, Limits, Selection, choose};
use super::reject_file::RejectFile;
use super::source::{RowStream, Source, SourceKind};
use super::target::Target;
use super::{Load, LoadReport};
use crate::checkpoint::{self, Checkpoint, Ranges};
use crate::error::{Error, ErrorKind};
use crate::session::CopySession;

/// What is read, once its columns are known.
enum Reading {
    File(Box<dyn BlockReader>),
    Rows(RowStream),
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
            return Ok(Opened {
                reading: Reading::Rows(rows),
                columns: names.unwrap_or_default(),
                form: RowForm::Text,
                fingerprint: "a stream".to_owned(),
                length: None,
            });
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
    let read = pump(load, opened.reading, selection, &loading, &counts)
        .await
        .map_err(named)?;
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

type Blocks = mpsc::Sender<Result<Block, Error>>;

/// Reads and loads at the same time. Gives the reader back.
async fn pump<S>(
    load: &Load,
    reading: Reading,
    selection: Selection,
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
    match reading {
        Reading::File(mut reader) => {
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
        Reading::Rows(rows) => {
            let mut workers = pin!(workers);
            let reading = pin!(read_rows(rows, selection, &done, limits, blocks));
            let results = tokio::select! {
                results = &mut workers => results,
                () = reading => workers.await,
            };
            all(results)?;
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

/// As [`read_file`], for the rows of a stream, whose position is their number.
async fn read_rows(
    mut rows: RowStream,
    selection: Selection,
    done: &Ranges,
    limits: Limits,
    blocks: Blocks,
) {
    let mut block = Block::new(0);
    let mut number = 0;
    while let Some(row) = rows.next().await {
        let row = match row {
            Ok(row) => row,
            Err(source) => {
                let error = Error::new(
                    ErrorKind::Input,
                    format!("the stream of rows failed after {number} rows"),
                );
                // No more are wanted where this fails.
                drop(blocks.send(Err(error.with_source(source))).await);
                return;
            }
        };
        let position = number;
        number += 1;
        let cut = done.end_at(position).is_some();
        if (cut || block.data.len() >= limits.bytes || block.rows() >= limits.rows)
            && !block.is_empty()
        {
            let full = std::mem::replace(&mut block, Block::new(position));
            if blocks.send(Ok(full)).await.is_err() {
                return;
            }
        }
        if cut {
            block = Block::new(number);
            continue;
        }
        push(&mut block, row, position, &selection);
        block.finish = number;
    }
    if !block.is_empty() {
        drop(blocks.send(Ok(block)).await);
    }
}

fn push(block: &mut Block, row: Vec<Option<String>>, position: u64, selection: &Selection) {
    let line = position + 1;
    let all = selection
        .kept
        .as_ref()
        .map_or(selection.names.len(), |_| row.len());
    if row.len() != all {
        block.rejects.push(super::block::Reject {
            place: crate::error::Place::line(line),
            reason: format!("the row has {} values instead of {all}", row.len()),
            row: format!("{row:?}").into_bytes(),
        });
        return;
    }
    block.marks.push(Mark {
        line,
        start: position,
        offset: block.data.len(),
    });
    let mut put = |index: usize, value: Option<&str>| {
        if index > 0 {
            block.data.push(b'\t');
        }
        put_text(&mut block.data, value);
    };
    match &selection.kept {
        None => row
            .iter()
            .enumerate()
            .for_each(|(index, value)| put(index, value.as_deref())),
        Some(kept) => kept
            .iter()
            .enumerate()
            .for_each(|(index, from)| put(index, row.get(*from).and_then(Option::as_deref))),
    }
    block.data.push(b'\n');
}

/// Runs what blocks on a thread for that.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Io, "a thread that reads files ended").with_source(error)
    })
}
