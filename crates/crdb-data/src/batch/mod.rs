//! One statement for many sets of arguments.

mod column;
mod report;
mod rewrite;

use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{
    ExecutorExt as _, OwnedParameters, PooledExecutor, SessionSource, Statement, Transaction,
    TransactionOptions,
};
use futures_util::{Stream, StreamExt as _};

pub use report::{BatchReport, ChunkOutcome, ChunkReport};

use crate::checkpoint::{self, Checkpoint, Span};
use crate::error::{Error, ErrorKind};
use crate::fault::{ChunkRetries, wants_fewer};
use crate::session::PipelineSession;
use column::ColumnOf;
use rewrite::Rewritten;

/// Runs one statement for many sets of arguments, in chunks that are a transaction each.
///
/// An `INSERT INTO t (a, b) VALUES ($1, $2)`, with or without `ON CONFLICT`, is sent as one INSERT of arrays (`unnest`) a chunk; every
/// other statement once for each set, in one round trip.
///
/// ```no_run
/// use crdb_data::{BatchStatement, Error, PipelineSession};
/// use crdb_exec::{OwnedParameters, PooledExecutor, SessionSource};
/// use futures_util::stream;
///
/// async fn raise<S>(db: &PooledExecutor<S>, raises: Vec<(i64, i64)>) -> Result<u64, Error>
/// where
///     S: SessionSource,
///     S::Session: PipelineSession,
/// {
///     let sets = raises.into_iter().map(|(id, cents)| OwnedParameters::new().with(id).with(cents));
///     BatchStatement::new("UPDATE account SET balance = balance + $2 WHERE id = $1")
///         .resumable("raises of March")
///         .run(db, stream::iter(sets))
///         .await
///         .into_result()
/// }
/// ```
///
/// # Chunks
/// A chunk has as many sets as [`rows`](Self::chunk_rows) and [`bytes`](Self::chunk_bytes) allow. One that loses against other transactions (40001)
/// is tried again. After four times, which is also how CockroachDB says *transaction deadline exceeded*, it is halved
/// and later chunks are smaller; they grow again with success.
///
/// # Outcomes
/// [`run`](Self::run) stops at the first chunk that fails, and reports every chunk. What is reported as committed is; what may be committed is reported as
/// unknown. With a [name](Self::resumable) each chunk writes an idempotency key and a mark, so that a lost answer is asked for, and a later run
/// with the same sets passes over the chunks that are committed.
#[derive(Clone, Debug)]
#[must_use = "a batch does nothing until it is run"]
pub struct BatchStatement {
    text: String,
    chunk_rows: usize,
    chunk_bytes: usize,
    name: Option<String>,
    timeout: Duration,
}

/// The cap of a statement's size on CockroachDB, less what its frame takes.
const MOST_CHUNK_BYTES: usize = 15 << 20;

/// Sets that are run together.
struct Chunk {
    first: u64,
    sets: Vec<OwnedParameters>,
}

impl Chunk {
    fn span(&self) -> Span {
        Span {
            start: self.first,
            finish: self.first + self.sets.len() as u64,
            rows: self.sets.len() as u64,
            rejected: 0,
        }
    }
}

/// Why a chunk's transaction did not commit.
enum Stop {
    Superseded,
    Database(crdb_exec::Error),
}

impl From<crdb_exec::Error> for Stop {
    fn from(error: crdb_exec::Error) -> Self {
        Self::Database(error)
    }
}

impl BatchStatement {
    /// This statement, whose parameters are `$1`, `$2` and so on: chunks of 1,000 sets and 4 MiB.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            chunk_rows: 1_000,
            chunk_bytes: 4 << 20,
            name: None,
            timeout: Duration::from_secs(60),
        }
    }

    /// How many sets a chunk has at most; 1 at least.
    pub fn chunk_rows(mut self, rows: usize) -> Self {
        self.chunk_rows = rows.max(1);
        self
    }

    /// How many bytes the values of a chunk have at most: 15 MiB at most. A larger set is a chunk by itself.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.chunk_bytes = bytes.clamp(1, MOST_CHUNK_BYTES);
        self
    }

    /// Gives the batch a name, under which it is resumed. The sets must be the same then, in the same order.
    pub fn resumable(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How long a chunk may take with all its attempts: a minute by default.
    pub fn chunk_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs it for every set, chunk by chunk.
    ///
    /// # Cancel safety
    /// Dropping the future leaves whole chunks; whether the one under way is committed is known to a named batch when it is run again.
    pub async fn run<S, I>(&self, executor: &PooledExecutor<S>, sets: I) -> BatchReport
    where
        S: SessionSource,
        S::Session: PipelineSession,
        I: Stream<Item = OwnedParameters> + Send,
    {
        let mut report = BatchReport::default();
        let run = Box::pin(self.run_all(executor, sets, &mut report));
        if let Err(error) = run.await {
            report.fail(error);
        }
        report
    }

    async fn run_all<S, I>(
        &self,
        executor: &PooledExecutor<S>,
        sets: I,
        report: &mut BatchReport,
    ) -> Result<(), Error>
    where
        S: SessionSource,
        S::Session: PipelineSession,
        I: Stream<Item = OwnedParameters> + Send,
    {
        let checkpoint = match &self.name {
            None => None,
            Some(name) => {
                checkpoint::create_tables(executor).await?;
                let run = format!("{:032x}", rand::random::<u128>());
                Some(Checkpoint::claim(executor, name, run, &self.text, "sets of arguments").await?)
            }
        };
        let running = Running {
            batch: self,
            executor,
            rewritten: Rewritten::of(executor, &self.text).await?,
            checkpoint,
        };
        let mut sets = std::pin::pin!(sets);
        let mut most = self.chunk_rows;
        let mut next = None;
        let mut position = 0;
        loop {
            let mut chunk = Chunk {
                first: position,
                sets: Vec::new(),
            };
            let mut bytes = 0;
            let mut ended = false;
            while chunk.sets.len() < most {
                let set = match next.take() {
                    Some(set) => set,
                    None => match sets.next().await {
                        Some(set) => set,
                        None => {
                            ended = true;
                            break;
                        }
                    },
                };
                if running.is_done(position) {
                    if !chunk.sets.is_empty() {
                        next = Some(set);
                        break;
                    }
                    report.skip(position);
                    position += 1;
                    chunk.first = position;
                    continue;
                }
                let size = column::size_of(&set);
                if bytes + size > self.chunk_bytes && !chunk.sets.is_empty() {
                    next = Some(set);
                    break;
                }
                bytes += size;
                position += 1;
                chunk.sets.push(set);
            }
            if !chunk.sets.is_empty() {
                let fits = running.chunk(chunk, report).await?;
                most = match fits {
                    Some(fits) => fits.max(1),
                    None => (most + most / 2 + 1).min(self.chunk_rows),
                };
            }
            if ended {
                break;
            }
        }
        if let Some(checkpoint) = &running.checkpoint {
            checkpoint.clean(executor, false).await?;
        }
        Ok(())
    }
}

struct Running<'a, S: SessionSource> {
    batch: &'a BatchStatement,
    executor: &'a PooledExecutor<S>,
    rewritten: Option<Rewritten>,
    checkpoint: Option<Checkpoint>,
}

impl<S> Running<'_, S>
where
    S: SessionSource,
    S::Session: PipelineSession,
{
    fn is_done(&self, position: u64) -> bool {
        self.checkpoint
            .as_ref()
            .is_some_and(|checkpoint| checkpoint.done.end_at(position).is_some())
    }

    /// Runs a chunk, in parts if it must be. Gives how many sets were not too many, if it was.
    async fn chunk(&self, chunk: Chunk, report: &mut BatchReport) -> Result<Option<usize>, Error> {
        let mut parts = vec![chunk];
        let mut fits = None;
        while let Some(mut part) = parts.pop() {
            let error = match self.transact(&part).await {
                Ok(rows) => {
                    report.committed(part.first, part.sets.len() as u64, rows);
                    continue;
                }
                Err(Stop::Superseded) => {
                    return Err(Error::new(
                        ErrorKind::Busy,
                        "another run has taken over the batch",
                    )
                    .with_advice(
                        "nothing of this run is lost or doubled; let the other one finish",
                    ));
                }
                Err(Stop::Database(error)) => error,
            };
            if wants_fewer(&error) && part.sets.len() > 1 {
                let middle = part.sets.len() / 2;
                let later = part.sets.split_off(middle);
                parts.push(Chunk {
                    first: part.first + middle as u64,
                    sets: later,
                });
                fits = Some(fits.map_or(middle, |fits: usize| fits.min(middle)));
                parts.push(part);
                continue;
            }
            let span = part.span();
            let unknown = error.is_outcome_unknown();
            let failed = Error::database_failed(
                format!("running the sets {} to {}", span.start + 1, span.finish),
                error,
            );
            report.stopped(part.first, part.sets.len() as u64, unknown);
            return Err(failed);
        }
        Ok(fits)
    }

    async fn transact(&self, chunk: &Chunk) -> Result<u64, Stop> {
        let span = chunk.span();
        let options = match &self.checkpoint {
            Some(checkpoint) => checkpoint.options(&span),
            None => TransactionOptions::new()
                .name("crdb_data.batch")
                .retry_policy(Arc::new(ChunkRetries::of(span.rows))),
        };
        let options = options.timeout(self.batch.timeout);
        self.executor
            .transact(&options, async |tx: &Transaction<S>| -> Result<u64, Stop> {
                if let Some(checkpoint) = &self.checkpoint
                    && !checkpoint.mark(tx, &span).await?
                {
                    return Err(Stop::Superseded);
                }
                Ok(self.send(tx, chunk).await?)
            })
            .await
    }

    async fn send(&self, tx: &Transaction<S>, chunk: &Chunk) -> Result<u64, crdb_exec::Error> {
        if let Some(rewritten) = &self.rewritten {
            let fits = chunk
                .sets
                .iter()
                .all(|set| set.as_parameters().len() == rewritten.parameters);
            if fits {
                let columns: Vec<_> = (0..rewritten.parameters)
                    .map(|index| ColumnOf::new(&chunk.sets, index))
                    .collect();
                let values: Vec<&(dyn crdb_exec::ToSql + Sync)> =
                    columns.iter().map(|column| column as _).collect();
                let statement = Statement::new(&rewritten.text).named("crdb_data.batch");
                return tx.execute(statement, &values).await;
            }
        }
        let sets: Vec<_> = chunk
            .sets
            .iter()
            .map(OwnedParameters::as_parameters)
            .collect();
        let text = self.batch.text.as_str();
        let statement = Statement::new(text).named("crdb_data.batch");
        let session: &S::Session = tx.lease();
        tx.request(statement, session.pipeline(text, &sets)).await
    }
}
