//! Opening a log, and adding to it.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, oneshot::error::TryRecvError};

use super::chain::MacKey;
use super::checkpoint::{Checkpoint, Signer};
use super::error::{Error, ErrorKind};
use super::queue::{Control, Queue};
use super::record::Record;
use super::writer::Writer;
use crate::metrics::{Appended, AuditCounts};

/// When an entry counts as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// When it is on stable storage: `fdatasync` has returned. Entries that wait at the same time share one. It survives a power
    /// failure.
    Synced,
    /// When the operating system has it; `fdatasync` follows within this time. It survives the process, and not a power failure. The
    /// caller that waits for a receipt writes to the file itself, as with a line of a log: a disk that hangs holds up its thread.
    Written(Duration),
}

/// What happens to a call whose entry cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureMode {
    /// [`AuditLog::append`] fails, and the caller refuses what was to be audited.
    Closed,
    /// [`AuditLog::append`] succeeds with a [`Receipt`] without a number. Once the log can be written again, an entry says how
    /// many are missing.
    Open,
}

type Publish = dyn Fn(&Checkpoint) + Send + Sync;

/// Where a log lies, and how it is written.
pub struct AuditConfig {
    pub(super) directory: PathBuf,
    pub(super) key: MacKey,
    pub(super) signer: Signer,
    pub(super) durability: Durability,
    pub(super) failure_mode: FailureMode,
    pub(super) file_size: u64,
    pub(super) checkpoint_entries: u64,
    pub(super) checkpoint_interval: Duration,
    queue: usize,
    pub(super) publish: Option<Arc<Publish>>,
}

impl AuditConfig {
    /// A log in this directory, which is made when it is not there. `key` chains the lines, `signer` signs the checkpoints.
    pub fn new(directory: impl Into<PathBuf>, key: MacKey, signer: Signer) -> Self {
        Self {
            directory: directory.into(),
            key,
            signer,
            durability: Durability::Synced,
            failure_mode: FailureMode::Closed,
            file_size: 64 << 20,
            checkpoint_entries: 10_000,
            checkpoint_interval: Duration::from_secs(60),
            queue: 1_024,
            publish: None,
        }
    }

    /// When an entry counts as written: [`Durability::Synced`] by default.
    #[must_use]
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// What happens when an entry cannot be written: [`FailureMode::Closed`] by default.
    #[must_use]
    pub const fn failure_mode(mut self, mode: FailureMode) -> Self {
        self.failure_mode = mode;
        self
    }

    /// The size in bytes after which a new file is begun: 64 MiB by default, at least 4 KiB. Old files may be moved away; the log
    /// goes on without them.
    #[must_use]
    pub fn file_size(mut self, bytes: u64) -> Self {
        self.file_size = bytes.max(4 << 10);
        self
    }

    /// A checkpoint is signed after this many entries, 10,000 by default, and after this time if there was an entry, 60 s by
    /// default; also with each new file and when the log is closed.
    #[must_use]
    pub fn checkpoints(mut self, entries: u64, interval: Duration) -> Self {
        self.checkpoint_entries = entries.max(1);
        self.checkpoint_interval = interval;
        self
    }

    /// How many entries may wait to be written: 1,024 by default. When as many wait, [`AuditLog::append`] waits too.
    #[must_use]
    pub fn queue(mut self, entries: usize) -> Self {
        self.queue = entries.clamp(1, 1 << 20);
        self
    }

    /// Is given each checkpoint, on the log's own thread, to keep it elsewhere: what shows that a log was truncated.
    #[must_use]
    pub fn publish(mut self, publish: impl Fn(&Checkpoint) + Send + Sync + 'static) -> Self {
        self.publish = Some(Arc::new(publish));
        self
    }
}

impl fmt::Debug for AuditConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditConfig")
            .field("directory", &self.directory)
            .field("signer", &self.signer)
            .field("durability", &self.durability)
            .field("failure_mode", &self.failure_mode)
            .finish_non_exhaustive()
    }
}

/// Where an entry is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt {
    number: Option<u64>,
}

impl Receipt {
    /// The number of the entry, from 0; `None` when it could not be written and the log is [open](FailureMode::Open) to that.
    #[must_use]
    pub const fn number(self) -> Option<u64> {
        self.number
    }
}

/// An entry that waits to be written: a future of its receipt.
///
/// Its error is that of [`AuditLog::append`].
#[must_use = "an entry counts as written once this says so"]
pub struct Submitted {
    log: AuditLog,
    began: Instant,
    answer: oneshot::Receiver<Result<u64, Error>>,
}

impl Future for Submitted {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Written before a waker is registered: the answer would wake this very task, for which a runtime wakes another thread.
        let answer = loop {
            match self.answer.try_recv() {
                Ok(answer) => break Some(answer),
                Err(TryRecvError::Closed) => break None,
                Err(TryRecvError::Empty) if self.log.0.queue.write_now() => {}
                Err(TryRecvError::Empty) => break ready!(Pin::new(&mut self.answer).poll(cx)).ok(),
            }
        };
        let (how, receipt) = match answer {
            Some(Ok(number)) => {
                let number = Some(number);
                (Appended::Written, Ok(Receipt { number }))
            }
            Some(Err(_)) if self.log.0.failure_mode == FailureMode::Open => {
                (Appended::Lost, Ok(Receipt { number: None }))
            }
            Some(Err(error)) => (Appended::Refused, Err(error)),
            None => (Appended::Refused, Err(self.log.closed())),
        };
        self.log.counted(how, self.began);
        Poll::Ready(receipt)
    }
}

impl fmt::Debug for Submitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submitted").finish_non_exhaustive()
    }
}

/// Writes an audit log; a thread of its own syncs it and signs its checkpoints. Clones write the same log.
#[derive(Clone)]
pub struct AuditLog(Arc<Handle>);

/// What the clones share. The log is closed when it is dropped.
struct Handle {
    queue: Arc<Queue>,
    control: mpsc::Sender<Control>,
    failure_mode: FailureMode,
    directory: PathBuf,
    counts: Arc<OnceLock<AuditCounts>>,
}

impl AuditLog {
    /// Opens a log, or begins one. Reads the newest file, checks its chain, and cuts off a last line that was half written. It
    /// does file I/O: call it outside of an async task, or from `spawn_blocking`.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] when another process writes it, [`ErrorKind::Damaged`] with the file and the line when the newest
    /// file is not what was written, [`ErrorKind::Io`].
    pub fn open(config: AuditConfig) -> Result<Self, Error> {
        let capacity = config.queue;
        let failure_mode = config.failure_mode;
        let directory = config.directory.clone();
        let counts = Arc::new(OnceLock::new());
        let queue = Arc::new(Queue::new(
            Writer::open(config, Arc::clone(&counts))?,
            capacity,
        ));
        let (control, asked) = mpsc::channel(1);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::io("starting the audit log", error))?;
        // Not joined: `close` waits for its answer, and it ends by itself with the last handle.
        drop(
            std::thread::Builder::new()
                .name("crdb-audit".to_owned())
                .spawn({
                    let queue = Arc::clone(&queue);
                    move || queue.serve(asked, &runtime)
                })
                .map_err(|error| Error::io("starting the thread of the audit log", error))?,
        );
        Ok(Self(Arc::new(Handle {
            queue,
            control,
            failure_mode,
            directory,
            counts,
        })))
    }

    /// Counts from now on; whether nothing counted before.
    pub(crate) fn count(&self, counts: AuditCounts) -> bool {
        self.0.counts.set(counts).is_ok()
    }

    /// How many entries wait; `None` once the log is gone.
    pub(crate) fn waiting(&self) -> impl Fn() -> Option<usize> + Send + Sync + use<> {
        let handle = Arc::downgrade(&self.0);
        move || handle.upgrade().map(|handle| handle.queue.waiting())
    }

    /// Adds an entry, and returns once it is written as [`Durability`] says. It waits for as long as the disk takes. Where a
    /// disk that hangs must not hold the caller up, set a time limit of your own, and use [`Durability::Synced`]: with `Written` the caller
    /// itself writes, and no time limit ends a write.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it could not be written and the log is [closed](FailureMode::Closed) to that,
    /// [`ErrorKind::Closed`] after [`close`](Self::close).
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the entry is written.
    pub async fn append(&self, record: Record) -> Result<Receipt, Error> {
        self.submit(record).await?.await
    }

    /// Queues an entry, and returns a future of its receipt: so that several entries of one request are written together, or while the
    /// database works. To write an entry while the next statement is under way, wait for both at once, the statement first:
    /// `tokio::join!(statement, receipt)`. When the queue is full, it waits for a place. An entry counts as written once that future says so.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] after [`close`](Self::close).
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether the entry is queued; dropping what it gives, whether it is written.
    pub async fn submit(&self, record: Record) -> Result<Submitted, Error> {
        let began = Instant::now();
        let (reply, answer) = oneshot::channel();
        let json = record.json();
        // Not held beside its JSON for as long as there is no place for that.
        drop(record);
        if !self.0.queue.add((json, reply)).await {
            self.counted(Appended::Refused, began);
            return Err(self.closed());
        }
        Ok(Submitted {
            log: self.clone(),
            began,
            answer,
        })
    }

    fn counted(&self, how: Appended, began: Instant) {
        if let Some(counts) = self.0.counts.get() {
            counts.appended(how, began.elapsed());
        }
    }

    /// Signs a checkpoint of everything that has been acknowledged.
    ///
    /// # Errors
    /// As [`append`](Self::append), in both modes.
    ///
    /// # Cancel safety
    /// Dropping the future leaves open whether a checkpoint is signed.
    pub async fn checkpoint(&self) -> Result<Checkpoint, Error> {
        let (reply, answer) = oneshot::channel();
        self.0
            .control
            .send(Control::Checkpoint(reply))
            .await
            .map_err(|_| self.closed())?;
        answer.await.map_err(|_| self.closed())?
    }

    /// Writes what waits, signs a checkpoint, and closes the log for all clones. Dropping the last clone does the same, without
    /// waiting.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the end could not be written, [`ErrorKind::Closed`] when it was closed before.
    ///
    /// # Cancel safety
    /// The log is closed all the same.
    pub async fn close(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.0
            .control
            .send(Control::Close(reply))
            .await
            .map_err(|_| self.closed())?;
        answer.await.map_err(|_| self.closed())?
    }

    fn closed(&self) -> Error {
        Error::new(
            ErrorKind::Closed,
            format!("the audit log in {} is closed", self.0.directory.display()),
        )
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog")
            .field("directory", &self.0.directory)
            .field("failure_mode", &self.0.failure_mode)
            .finish_non_exhaustive()
    }
}
