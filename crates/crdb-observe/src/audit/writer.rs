//! Writes the log's files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};

use super::chain::{self, Mac};
use super::checkpoint::Checkpoint;
use super::draft::Draft;
use super::error::{Error, ErrorKind};
use super::files::{self, Header, Lines};
use super::log::{AuditConfig, Durability};
use super::queue::Append;
use super::record::Record;
use super::tree::{Tree, leaf};
use crate::metrics::AuditCounts;

/// Room of more bytes is given back once its lines are written.
const KEPT: usize = 256 << 10;

/// Where the log stands.
struct Position {
    tree: Tree,
    mac: Mac,
    /// The length of the current file.
    length: u64,
}

pub(super) struct Writer {
    config: AuditConfig,
    path: PathBuf,
    file: File,
    position: Position,
    /// Where the next lines are put together.
    lines: Vec<u8>,
    /// Entries that could not be written since the last that could.
    lost: u64,
    /// When the last checkpoint was signed, and of how many entries.
    signed: (Instant, u64),
    synced: Instant,
    unsynced: bool,
    /// When a checkpoint or a sync failed, if the last one did.
    refused: Option<Instant>,
    counts: Arc<OnceLock<AuditCounts>>,
    /// Held for as long as the log is open.
    _lock: File,
}

impl Writer {
    /// Finds where the log stands.
    pub(super) fn open(
        config: AuditConfig,
        counts: Arc<OnceLock<AuditCounts>>,
    ) -> Result<Self, Error> {
        let directory = &config.directory;
        fs::create_dir_all(directory).map_err(|error| {
            let attempted = format!("making the audit log's directory {}", directory.display());
            Error::io(attempted, error)
        })?;
        let lock = lock(directory)?;
        let (path, file, position) = match files::list(directory)?.pop() {
            Some((_, path)) => {
                let (file, position) = resume(&config, &path)?;
                (path, file, position)
            }
            None => begin(&config, &Tree::default(), &[0; 32])?,
        };
        let now = Instant::now();
        Ok(Self {
            signed: (now, position.tree.size()),
            config,
            path,
            file,
            position,
            lines: Vec::new(),
            lost: 0,
            synced: now,
            unsynced: false,
            refused: None,
            counts,
            _lock: lock,
        })
    }

    /// How many entries there are.
    pub(super) const fn size(&self) -> u64 {
        self.position.tree.size()
    }

    /// Whether an entry can be written without a sync, a checkpoint or a new file, and the last ones could.
    pub(super) fn writes_at_once(&self) -> bool {
        let sync = match self.config.durability {
            Durability::Synced => return false,
            Durability::Written(within) => within,
        };
        self.lost == 0
            && self.refused.is_none()
            && self.position.length < self.config.file_size
            && self.size() - self.signed.1 < self.config.checkpoint_entries
            && !sync.is_zero()
            && (!self.unsynced || self.synced.elapsed() < sync)
    }

    /// When a checkpoint or a sync is due, if one is. After a failure it is tried again a second later.
    pub(super) fn due(&self) -> Option<Instant> {
        let (at, size) = self.signed;
        let checkpoint = (self.position.tree.size() > size)
            .then(|| at.checked_add(self.config.checkpoint_interval))
            .flatten();
        let sync = match self.config.durability {
            Durability::Written(within) if self.unsynced => self.synced.checked_add(within),
            _ => None,
        };
        let due = checkpoint.into_iter().chain(sync).min()?;
        Some(due.max(self.refused.map_or(due, |at| at + Duration::from_secs(1))))
    }

    /// Writes entries together, and tells their callers.
    pub(super) fn append(&mut self, appends: Vec<Append>) {
        if appends.is_empty() {
            return;
        }
        let mut draft = self.begin_batch();
        let answers: Vec<_> = appends
            .into_iter()
            .map(|(record, reply)| {
                let number = match &mut draft {
                    Ok(draft) => record.and_then(|json| draft.add(&self.config.key, &json)),
                    Err(error) => Err(error.shared()),
                };
                (number, reply)
            })
            .collect();
        let written = draft.and_then(|draft| self.write_batch(draft));
        let lost = answers
            .iter()
            .filter(|(number, _)| number.is_err() || written.is_err());
        self.lost = self.lost.saturating_add(lost.count() as u64);
        for (number, reply) in answers {
            let answer = number.and_then(|number| match &written {
                Ok(()) => Ok(number),
                Err(error) => Err(error.shared()),
            });
            // A caller that has gone does not learn what became of its entry.
            drop(reply.send(answer));
        }
    }

    /// Begins a batch: with the entry that says how many are missing, if some are.
    fn begin_batch(&mut self) -> Result<Draft, Error> {
        if self.position.length >= self.config.file_size {
            self.rotate()?;
        }
        let mut draft = Draft::new(
            self.position.tree.clone(),
            self.position.mac,
            Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
            std::mem::take(&mut self.lines),
        );
        if self.lost > 0 {
            draft.add(&self.config.key, &Record::gap(self.lost).json()?)?;
        }
        Ok(draft)
    }

    /// Writes the batch; after an error the file is as it was before.
    fn write_batch(&mut self, draft: Draft) -> Result<(), Error> {
        if draft.lines.is_empty() {
            return Ok(());
        }
        let written = self
            .file
            .write_all(&draft.lines)
            .and_then(|()| self.settle());
        if let Err(error) = written {
            self.take_back();
            let attempted = format!("writing the audit log {}", self.path.display());
            return Err(Error::io(attempted, error));
        }
        self.position = Position {
            tree: draft.tree,
            mac: draft.mac,
            length: self.position.length + draft.lines.len() as u64,
        };
        if draft.lines.capacity() <= KEPT {
            self.lines = draft.lines;
        }
        self.lost = 0;
        Ok(())
    }

    /// Makes what was written as durable as it has to be before it is acknowledged.
    fn settle(&mut self) -> std::io::Result<()> {
        match self.config.durability {
            Durability::Synced => self.file.sync_data(),
            Durability::Written(within) => {
                // The time runs from the first entry that is not synced.
                if !self.unsynced {
                    self.unsynced = true;
                    self.synced = Instant::now();
                }
                if self.synced.elapsed() >= within {
                    self.sync()?;
                }
                Ok(())
            }
        }
    }

    fn sync(&mut self) -> std::io::Result<()> {
        self.file.sync_data()?;
        self.synced = Instant::now();
        self.unsynced = false;
        Ok(())
    }

    /// Cuts off what an attempt that failed may have left. When that fails too, the next attempt finds the same file handle at the
    /// same place, and fails or overwrites it.
    fn take_back(&mut self) {
        let length = self.position.length;
        drop(self.file.set_len(length));
        drop(self.file.seek(SeekFrom::Start(length)));
    }

    /// Begins a new file.
    fn rotate(&mut self) -> Result<(), Error> {
        drop(self.checkpoint()?);
        let (tree, mac) = (&self.position.tree, &self.position.mac);
        let (path, file, position) = begin(&self.config, tree, mac)?;
        self.path = path;
        self.file = file;
        self.position = position;
        Ok(())
    }

    /// Does what is due by now. What fails is tried again; the entries themselves have been acknowledged as [`Durability`] says.
    pub(super) fn tend(&mut self) {
        let new = self.position.tree.size() - self.signed.1;
        let now = Instant::now();
        let due = self.due().is_some_and(|due| due <= now);
        if new < self.config.checkpoint_entries && !due {
            return;
        }
        let sync_only = self.signed.0.elapsed() < self.config.checkpoint_interval
            && new < self.config.checkpoint_entries;
        let done = if sync_only {
            self.sync().is_ok()
        } else {
            self.checkpoint().is_ok()
        };
        self.refused = (!done).then_some(now);
    }

    /// Signs the log as it is, and keeps the checkpoint beside it.
    pub(super) fn checkpoint(&mut self) -> Result<Checkpoint, Error> {
        let signed = self.sign();
        if let Some(counts) = self.counts.get() {
            counts.signed(signed.is_ok());
        }
        signed
    }

    fn sign(&mut self) -> Result<Checkpoint, Error> {
        let attempted = || format!("syncing the audit log {}", self.path.display());
        self.file
            .sync_data()
            .map_err(|error| Error::io(attempted(), error))?;
        self.synced = Instant::now();
        self.unsynced = false;
        let checkpoint = self.config.signer.sign(&self.position.tree);
        keep(&self.config.directory, &checkpoint)?;
        self.signed = (Instant::now(), checkpoint.size());
        if let Some(publish) = &self.config.publish {
            publish(&checkpoint);
        }
        Ok(checkpoint)
    }

    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if self.lost > 0 {
            let draft = self.begin_batch()?;
            self.write_batch(draft)?;
        }
        if self.unsynced || self.signed.1 < self.position.tree.size() {
            drop(self.checkpoint()?);
        }
        Ok(())
    }
}

fn lock(directory: &Path) -> Result<File, Error> {
    let path = files::lock(directory);
    let attempted = || format!("locking the audit log {}", path.display());
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| Error::io(attempted(), error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            ErrorKind::Locked,
            format!(
                "another process writes the audit log in {}; give each process a directory of its own",
                directory.display()
            ),
        )),
        Err(TryLockError::Error(error)) => Err(Error::io(attempted(), error)),
    }
}

/// Begins a file behind this tree.
fn begin(
    config: &AuditConfig,
    tree: &Tree,
    previous: &Mac,
) -> Result<(PathBuf, File, Position), Error> {
    let path = files::entries(&config.directory, tree.size());
    let attempted = || format!("beginning the audit log's file {}", path.display());
    let header = Header::new(config.signer.origin(), tree, previous);
    let header = serde_json::to_string(&header)
        .map_err(|error| Error::new(ErrorKind::Io, format!("{}: {error}", attempted())))?;
    let mut line = header.into_bytes();
    let mac = chain::seal(&config.key, previous, &mut line, 0);
    line.push(b'\n');
    // Under its name only once it is whole: a file without a header could not be gone on with.
    let draft = path.with_extension("new");
    let made = || -> std::io::Result<File> {
        let mut file = File::create(&draft)?;
        file.write_all(&line)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        File::open(&config.directory)?.sync_all()?;
        Ok(file)
    };
    let file = made().map_err(|error| Error::io(attempted(), error))?;
    let position = Position {
        tree: tree.clone(),
        mac,
        length: line.len() as u64,
    };
    Ok((path, file, position))
}

/// Finds where a file ends, and cuts off a line that was half written.
fn resume(config: &AuditConfig, path: &Path) -> Result<(File, Position), Error> {
    let damaged = |line: u64, what: &str| {
        Error::new(
            ErrorKind::Damaged,
            format!(
                "{}:{line}: {what}; verify the log, and begin a new one in another directory",
                path.display()
            ),
        )
    };
    let mut lines = Lines::open(path)?;
    let first = lines.next()?.filter(|line| line.whole);
    let first = first.ok_or_else(|| damaged(1, "the header is missing"))?;
    let header = Header::parse(&first.bytes).ok_or_else(|| damaged(1, "this is no header"))?;
    let (Some(tree), Some(previous)) = (header.tree(), header.previous()) else {
        return Err(damaged(1, "this is no header"));
    };
    if !chain::is_intact(&config.key, &previous, &first.bytes) {
        return Err(damaged(
            1,
            "the header was changed, or the key is another one",
        ));
    }
    if header.origin != config.signer.origin() {
        return Err(damaged(1, &format!("this is the log {:?}", header.origin)));
    }
    let mac = chain::stated(&first.bytes).unwrap_or_default();
    let mut position = Position {
        tree,
        mac,
        length: first.bytes.len() as u64 + 1,
    };
    let mut number = 1;
    while let Some(line) = lines.next()? {
        number += 1;
        if !line.whole {
            break;
        }
        if !chain::is_intact(&config.key, &position.mac, &line.bytes) {
            return Err(damaged(number, "this entry is not what was written"));
        }
        position.tree.push(leaf(&line.bytes));
        position.mac = chain::stated(&line.bytes).unwrap_or_default();
        position.length += line.bytes.len() as u64 + 1;
    }
    let cut = || -> std::io::Result<File> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.set_len(position.length)?;
        file.seek(SeekFrom::Start(position.length))?;
        file.sync_all()?;
        Ok(file)
    };
    let file = cut().map_err(|error| Error::io(format!("opening {}", path.display()), error))?;
    Ok((file, position))
}

/// Keeps a checkpoint in the list, and as the newest.
fn keep(directory: &Path, checkpoint: &Checkpoint) -> Result<(), Error> {
    let path = files::checkpoints(directory);
    let kept = || -> std::io::Result<()> {
        let mut line = serde_json::to_string(checkpoint.note())?;
        line.push('\n');
        let mut list = OpenOptions::new().create(true).append(true).open(&path)?;
        list.write_all(line.as_bytes())?;
        list.sync_data()?;
        let newest = files::newest_checkpoint(directory);
        let draft = newest.with_extension("new");
        fs::write(&draft, checkpoint.note())?;
        fs::rename(&draft, &newest)
    };
    kept().map_err(|error| Error::io(format!("keeping a checkpoint in {}", path.display()), error))
}
