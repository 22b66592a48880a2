//! Entries that wait to be written, and who writes them: the log's thread, or a caller that waits for one of them.
//!
//! Waking a thread costs more than writing an entry. So where an entry counts as written once the operating system has it, the
//! caller that waits for its receipt writes what has queued up. The thread does what takes longer: syncing, checkpoints, new files,
//! and writing again after a failure. It also writes the entries that no caller waits for, within a [`TICK`].

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::checkpoint::Checkpoint;
use super::error::Error;
use super::writer::Writer;

/// How many entries share one write and one `fdatasync` at most.
const BATCH: usize = 256;

/// How long the thread leaves entries to the callers that wait for them.
const TICK: Duration = Duration::from_millis(5);

/// A record as JSON, and the caller that waits for its number.
pub(super) type Append = (Result<Vec<u8>, Error>, oneshot::Sender<Result<u64, Error>>);

/// What callers ask of the thread. Entries that were added before are written before.
pub(super) enum Control {
    Checkpoint(oneshot::Sender<Result<Checkpoint, Error>>),
    Close(oneshot::Sender<Result<(), Error>>),
}

/// Entries that wait, and their writer.
pub(super) struct Queue {
    entries: Mutex<Entries>,
    /// A permit for each entry that may be added.
    places: Semaphore,
    capacity: usize,
    /// Absent once the log is closed.
    writer: Mutex<Option<Writer>>,
    /// Wakes the thread.
    bell: Notify,
    /// The thread looks at the entries within a tick, without being woken.
    awake: AtomicBool,
}

#[derive(Default)]
struct Entries {
    waiting: VecDeque<Append>,
    closed: bool,
}

impl Queue {
    pub(super) fn new(writer: Writer, capacity: usize) -> Self {
        Self {
            entries: Mutex::default(),
            places: Semaphore::new(capacity),
            capacity,
            writer: Mutex::new(Some(writer)),
            bell: Notify::new(),
            awake: AtomicBool::new(false),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        self.entries().waiting.is_empty()
    }

    /// How many entries wait.
    pub(super) fn waiting(&self) -> usize {
        let free = self.places.available_permits();
        self.capacity.saturating_sub(free)
    }

    /// Adds an entry as soon as there is a place for it. Says whether the log takes any.
    pub(super) async fn add(&self, entry: Append) -> bool {
        if self.places.available_permits() == 0 {
            self.bell.notify_one();
        }
        let Ok(place) = self.places.acquire().await else {
            return false;
        };
        {
            let mut entries = self.entries();
            if entries.closed {
                return false;
            }
            place.forget();
            entries.waiting.push_back(entry);
        }
        if !self.awake.swap(true, Ordering::SeqCst) {
            self.bell.notify_one();
        }
        true
    }

    /// Writes a batch for a caller that waits, if that is no more than handing it to the operating system; leaves it to the thread
    /// otherwise. Says whether it wrote one.
    pub(super) fn write_now(&self) -> bool {
        let wrote = match self.writer.try_lock() {
            Ok(mut writer) => match writer.as_mut().filter(|writer| writer.writes_at_once()) {
                Some(writer) => self.write(writer),
                None => false,
            },
            // The thread or another caller is writing, and looks at the entries again afterwards.
            Err(_) => return false,
        };
        if !self.is_empty() {
            self.bell.notify_one();
        }
        wrote
    }

    /// Writes a batch. Says whether there was something to write.
    fn write(&self, writer: &mut Writer) -> bool {
        let batch: Vec<Append> = {
            let waiting = &mut self.entries().waiting;
            let count = waiting.len().min(BATCH);
            waiting.drain(..count).collect()
        };
        let count = batch.len();
        writer.append(batch);
        self.places.add_permits(count);
        count > 0
    }

    /// Serves the log until it is closed or its last handle is gone. Blocks its thread with file I/O: the runtime is there for the
    /// wait alone.
    pub(super) fn serve(&self, mut control: mpsc::Receiver<Control>, runtime: &Runtime) {
        let _end = End(self);
        let mut due = None;
        let mut seen = 0;
        loop {
            let asked = runtime.block_on(async {
                tokio::select! {
                    biased;
                    asked = control.recv() => Some(asked),
                    () = self.bell.notified() => None,
                    () = wait(due) => None,
                }
            });
            // An entry that is added from here on rings, or is written below.
            self.awake.store(false, Ordering::SeqCst);
            let ends = matches!(asked, Some(None | Some(Control::Close(_))));
            if ends {
                self.close();
            }
            let mut place = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(writer) = place.as_mut() else {
                return;
            };
            // No more than waits now, so that callers who go on adding do not keep the thread from the rest.
            let batches = self.entries().waiting.len().div_ceil(BATCH);
            for _ in 0..batches {
                self.write(writer);
            }
            let reply = match asked {
                // A caller that has gone does not learn what became of it.
                Some(Some(Control::Checkpoint(reply))) => {
                    drop(reply.send(writer.checkpoint()));
                    None
                }
                Some(Some(Control::Close(reply))) => Some(reply),
                Some(None) | None => None,
            };
            if ends {
                let finished = writer.finish();
                // The directory's lock is free before the caller learns that the log is closed.
                *place = None;
                drop(reply.map(|reply| reply.send(finished)));
                return;
            }
            writer.tend();
            due = writer.due().map(Instant::from_std);
            let written = writer.size();
            drop(place);
            // Others have written, or could not because of this lock: there will be more.
            if written != seen || !self.is_empty() {
                self.awake.store(true, Ordering::SeqCst);
                let tick = Instant::now() + TICK;
                due = Some(due.map_or(tick, |due| due.min(tick)));
            }
            seen = written;
            if !self.is_empty() {
                self.bell.notify_one();
            }
        }
    }

    /// Takes no entries any more.
    fn close(&self) {
        self.entries().closed = true;
        self.places.close();
    }
}

/// Lets everyone who waits go once nothing is written any more: also after a panic of the code that is given each checkpoint.
struct End<'q>(&'q Queue);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.close();
        *self.0.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.entries().waiting.clear();
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
