//! Checking a log: the first bad entry, or none.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::chain::{self, Mac, MacKey};
use super::checkpoint::{Checkpoint, VerifierKey};
use super::error::{Error, ErrorKind};
use super::files::{self, Header, Line, Lines};
use super::proof::{Gathering, Proof};
use super::tree::{Tree, leaf};

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageKind {
    /// An entry or a header is not what was written in this place: it was edited, restamped, inserted or moved.
    Changed,
    /// Entries are missing before this place.
    Missing,
    /// The log ends before a checkpoint that covers more.
    Truncated,
    /// A checkpoint does not fit the entries, or its signature does not fit the key.
    Checkpoint,
}

impl DamageKind {
    /// A name that does not change between releases.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Truncated => "truncated",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// The first place at which a log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damage {
    /// What is wrong.
    pub kind: DamageKind,
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// The number of the first entry that cannot be trusted.
    pub entry: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line, entry) = (self.file.display(), self.line, self.entry);
        match self.kind {
            DamageKind::Changed => {
                write!(
                    f,
                    "{file}:{line}: entry {entry} is not what was written here"
                )
            }
            DamageKind::Missing => write!(
                f,
                "{file}:{line}: entry {entry} is missing before this line"
            ),
            DamageKind::Truncated => write!(
                f,
                "{file}:{line}: the log ends before entry {entry}, which a checkpoint covers"
            ),
            DamageKind::Checkpoint => write!(
                f,
                "{file}:{line}: a checkpoint does not fit; entries from {entry} on are not covered by a good one"
            ),
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// The first entry that is here: greater than 0 where old files were moved away.
    pub first: u64,
    /// How many entries there are up to the damage, or to the end.
    pub entries: u64,
    /// How many files were read.
    pub files: usize,
    /// How many checkpoints fitted.
    pub checkpoints: usize,
    /// Whether the last line was half written: its entry was never acknowledged.
    pub torn: bool,
    /// The first bad place.
    pub damage: Option<Damage>,
}

impl Verification {
    /// Whether everything is as it was written.
    #[must_use]
    pub const fn is_intact(&self) -> bool {
        self.damage.is_none()
    }
}

/// Checks logs. What it can tell depends on what it is given.
///
/// | given | tells |
/// | --- | --- |
/// | the [key of the chain](Self::key) | the exact line that was changed, moved or removed |
/// | the [public key](Self::verifier_key) | that everything up to the last checkpoint is what was signed |
/// | [checkpoints kept elsewhere](Self::checkpoint) | also that the log was not truncated, and not written anew |
#[derive(Debug, Default)]
pub struct Verifier {
    key: Option<MacKey>,
    verifier_key: Option<VerifierKey>,
    kept: Vec<String>,
}

impl Verifier {
    /// A verifier that was given nothing: it checks the form of the log only.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the chain with this key.
    #[must_use]
    pub fn key(mut self, key: MacKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Checks the checkpoints with this key.
    #[must_use]
    pub fn verifier_key(mut self, key: VerifierKey) -> Self {
        self.verifier_key = Some(key);
        self
    }

    /// Also checks this checkpoint, which was kept elsewhere: the text of a signed note. Needs the public key.
    #[must_use]
    pub fn checkpoint(mut self, note: impl Into<String>) -> Self {
        self.kept.push(note.into());
        self
    }

    /// Reads the whole log once, in memory for one line at a time. Does file I/O.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]. A log that is not intact is no error, but a [`Verification`] with its damage.
    pub fn verify(&self, directory: &Path) -> Result<Verification, Error> {
        let mut marks = Vec::new();
        let bad_mark = self.marks(directory, &mut marks)?;
        marks.sort_by_key(|mark: &Mark| mark.checkpoint.size());
        let mut walk = Walk {
            key: self.key.as_ref(),
            verification: Verification {
                first: 0,
                entries: 0,
                files: 0,
                checkpoints: 0,
                torn: false,
                damage: None,
            },
            state: None,
            marks: marks.into_iter().peekable(),
            covered: 0,
        };
        walk.files(directory)?;
        let (mut verification, covered) = (walk.verification, walk.covered);
        if verification.damage.is_none()
            && let Some((file, line)) = bad_mark
        {
            verification.damage = Some(Damage {
                kind: DamageKind::Checkpoint,
                file,
                line,
                entry: covered,
            });
        }
        Ok(verification)
    }

    /// Gathers the checkpoints beside the log and those kept elsewhere; gives the place of the first that is none.
    fn marks(
        &self,
        directory: &Path,
        marks: &mut Vec<Mark>,
    ) -> Result<Option<(PathBuf, u64)>, Error> {
        let Some(key) = &self.verifier_key else {
            return Ok(None);
        };
        let mut bad = None;
        let mut add = |note: &str, file: &Path, line: u64| match key.open(note) {
            Ok(checkpoint) => marks.push(Mark {
                checkpoint,
                file: file.to_path_buf(),
                line,
            }),
            Err(_) => {
                bad.get_or_insert((file.to_path_buf(), line));
            }
        };
        let path = files::checkpoints(directory);
        let list = match fs::read_to_string(&path) {
            Ok(list) => list,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::io(format!("reading {}", path.display()), error)),
        };
        let whole = list.rfind('\n').map_or("", |end| &list[..end]);
        for (line, text) in (1..).zip(whole.lines()) {
            let note: String = serde_json::from_str(text).unwrap_or_default();
            add(&note, &path, line);
        }
        for (line, note) in (1..).zip(&self.kept) {
            add(note, Path::new("checkpoint kept elsewhere"), line);
        }
        Ok(bad)
    }

    /// Proves that an entry is in the log that a checkpoint covers, by one pass over the log: gives the entry's line and the
    /// proof, which [`Proof::proves`] checks without the log.
    ///
    /// # Errors
    /// [`ErrorKind::NoSuchEntry`] when the entry is not among those that the checkpoint covers, or its files are not all here;
    /// [`ErrorKind::Io`].
    pub fn prove(
        directory: &Path,
        number: u64,
        checkpoint: &Checkpoint,
    ) -> Result<(String, Proof), Error> {
        let size = checkpoint.size();
        let missing = || {
            Error::new(
                ErrorKind::NoSuchEntry,
                format!(
                    "entry {number} cannot be proven for a checkpoint of {size} entries from the files in {}",
                    directory.display()
                ),
            )
        };
        if number >= size {
            return Err(missing());
        }
        let mut gathering = Gathering::new(number, size);
        let mut at = 0;
        let mut found = None;
        for (first, path) in files::list(directory)? {
            let mut lines = Lines::open(&path)?;
            if first != at || lines.next()?.is_none() {
                return Err(missing());
            }
            while let Some(line) = lines.next()?.filter(|line| line.whole && at < size) {
                gathering.take(at, &line.bytes);
                if at == number {
                    found = String::from_utf8(line.bytes).ok();
                }
                at += 1;
            }
        }
        let line = found.filter(|_| at == size).ok_or_else(missing)?;
        Ok((line, gathering.finish()))
    }
}

/// A checkpoint, and where it was found.
struct Mark {
    checkpoint: Checkpoint,
    file: PathBuf,
    line: u64,
}

/// Where the check stands between two lines.
struct State {
    tree: Tree,
    mac: Mac,
}

struct Walk<'a> {
    key: Option<&'a MacKey>,
    verification: Verification,
    state: Option<State>,
    marks: std::iter::Peekable<std::vec::IntoIter<Mark>>,
    /// The size of the largest checkpoint that fitted.
    covered: u64,
}

impl Walk<'_> {
    fn files(&mut self, directory: &Path) -> Result<(), Error> {
        let list = files::list(directory)?;
        let last = list.len();
        let mut end = (directory.to_path_buf(), 0);
        for (index, (number, path)) in list.into_iter().enumerate() {
            self.verification.files += 1;
            end = (path.clone(), 0);
            let mut lines = Lines::open(&path)?;
            let going_on = match lines.next()? {
                Some(line) if line.whole => self.header(&path, number, &line),
                _ => {
                    self.damage(DamageKind::Changed, &path, 1);
                    false
                }
            };
            if !going_on {
                return Ok(());
            }
            let mut at = 1;
            while let Some(line) = lines.next()? {
                at += 1;
                end.1 = at;
                if !line.whole && index + 1 == last {
                    self.verification.torn = true;
                    break;
                }
                if !self.entry(&path, at, &line) {
                    return Ok(());
                }
            }
        }
        self.end(&end);
        Ok(())
    }

    /// Checks the first line of a file. Whether to go on.
    fn header(&mut self, path: &Path, number: u64, line: &Line) -> bool {
        let header = Header::parse(&line.bytes).filter(|header| header.first == number);
        let found = header.and_then(|header| Some((header.tree()?, header.previous()?)));
        let Some((tree, previous)) = found else {
            return self.damage(DamageKind::Changed, path, 1);
        };
        if let Some(state) = &self.state {
            if tree.size() > state.tree.size() {
                return self.damage(DamageKind::Missing, path, 1);
            }
            if tree != state.tree || previous != state.mac {
                return self.damage(DamageKind::Changed, path, 1);
            }
        } else {
            self.verification.first = tree.size();
        }
        if let Some(key) = self.key
            && !chain::is_intact(key, &previous, &line.bytes)
        {
            return self.damage(DamageKind::Changed, path, 1);
        }
        let mac = chain::stated(&line.bytes).unwrap_or_default();
        self.state = Some(State { tree, mac });
        self.marked()
    }

    /// Checks an entry. Whether to go on.
    fn entry(&mut self, path: &Path, at: u64, line: &Line) -> bool {
        let Some(state) = &mut self.state else {
            return false;
        };
        let expected = state.tree.size();
        let number = number(&line.bytes);
        let intact = match self.key {
            Some(key) => chain::is_intact(key, &state.mac, &line.bytes),
            None => chain::stated(&line.bytes).is_some(),
        };
        if !line.whole || !intact || number != Some(expected) {
            // An entry that is itself as it was written, and comes too early, tells that others were removed.
            let kind = match number {
                Some(number) if number > expected && self.comes_next(path, at, number) => {
                    DamageKind::Missing
                }
                _ => DamageKind::Changed,
            };
            return self.damage(kind, path, at);
        }
        state.tree.push(leaf(&line.bytes));
        state.mac = chain::stated(&line.bytes).unwrap_or_default();
        self.verification.entries += 1;
        self.marked()
    }

    /// Whether the lines behind this one go on from its number, as they do where lines before it were removed.
    fn comes_next(&self, path: &Path, at: u64, found: u64) -> bool {
        let following = || -> Result<Option<u64>, Error> {
            let mut lines = Lines::open(path)?;
            for _ in 0..at {
                drop(lines.next()?);
            }
            Ok(lines.next()?.and_then(|line| number(&line.bytes)))
        };
        match following() {
            Ok(Some(next)) => next == found + 1,
            Ok(None) => true,
            Err(_) => false,
        }
    }

    /// Compares with the checkpoints of this size. Whether to go on.
    fn marked(&mut self) -> bool {
        let Some(state) = &self.state else {
            return false;
        };
        let size = state.tree.size();
        while let Some(mark) = self.marks.next_if(|mark| mark.checkpoint.size() <= size) {
            if mark.checkpoint.size() < size {
                // It covers only entries of files that were moved away.
                continue;
            }
            if *mark.checkpoint.root() != state.tree.root() {
                let (file, line) = (mark.file, mark.line);
                return self.damage_from(DamageKind::Checkpoint, file, line, self.covered);
            }
            self.covered = size;
            self.verification.checkpoints += 1;
        }
        true
    }

    /// The log has ended: no checkpoint may cover more.
    fn end(&mut self, (file, line): &(PathBuf, u64)) {
        if self.marks.peek().is_some() {
            self.damage(DamageKind::Truncated, file, *line);
        }
    }

    fn damage(&mut self, kind: DamageKind, file: &Path, line: u64) -> bool {
        let entry = self.state.as_ref().map_or(0, |state| state.tree.size());
        self.damage_from(kind, file.to_path_buf(), line, entry)
    }

    fn damage_from(&mut self, kind: DamageKind, file: PathBuf, line: u64, entry: u64) -> bool {
        self.verification.damage = Some(Damage {
            kind,
            file,
            line,
            entry,
        });
        false
    }
}

/// The number that a line says it has.
fn number(line: &[u8]) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    value.get("number")?.as_u64()
}
