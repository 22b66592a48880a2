//! All migrations of a directory, or of the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::name::{self, Direction};
use super::script::{self, Migration, Script};
use crate::error::{Error, ErrorKind};
use crate::problem::{Problem, ProblemKind, sort};

/// Files above this many bytes are refused: the server takes 16 MiB at most.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Numbers above this are dates, which leave gaps.
const LAST_COUNTED: i64 = 99_999;

/// The migrations of a service, in the order of their numbers.
///
/// ```
/// use crdb_migrate::Migrations;
///
/// let migrations = Migrations::from_embedded(&[
///     ("0001_accounts.up.sql", "CREATE TABLE accounts (id UUID PRIMARY KEY, balance INT8 NOT NULL);"),
///     ("0001_accounts.down.sql", "DROP TABLE accounts;"),
///     ("0002_by_balance.up.sql", "CREATE INDEX by_balance ON accounts (balance);"),
/// ])?;
/// assert_eq!(migrations.latest(), Some(2));
///
/// let error = Migrations::from_embedded(&[("0001_accounts.up.sql", "BEGIN; CREATE TABL a ();")]).unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// # Ok::<(), crdb_migrate::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Migrations {
    pub(crate) all: Vec<Migration>,
}

impl Migrations {
    /// Reads the files of a directory: `0007_add_index.up.sql`, and `0007_add_index.down.sql` where a migration can be
    /// taken back. Subdirectories, other files and names that begin with a dot are passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Files`] with every mistake of every file.
    pub fn load(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let directory = directory.as_ref();
        let unreadable = |path: &Path, why: &dyn std::fmt::Display| {
            Problem::new(
                ProblemKind::Unreadable,
                path,
                format!("it cannot be read: {why}"),
            )
        };
        let entries = fs::read_dir(directory)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| {
                let help = "name the directory that has the `.up.sql` files";
                Error::files(vec![unreadable(directory, &error).help(help)])
            })?;
        let mut problems = Vec::new();
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let is_sql = path.extension().is_some_and(|extension| extension == "sql");
            let hidden = name.as_encoded_bytes().starts_with(b".");
            if !is_sql || hidden || path.is_dir() {
                continue;
            }
            let Some(name) = name.to_str() else {
                problems.push(unreadable(&path, &"its name is not UTF-8"));
                continue;
            };
            let read = fs::metadata(&path).and_then(|metadata| {
                if metadata.len() > MAX_BYTES {
                    return Err(std::io::Error::other("it is larger than 16 MiB"));
                }
                fs::read_to_string(&path)
            });
            match read {
                Ok(text) => files.push((name.to_owned(), path, text)),
                Err(error) => problems.push(unreadable(&path, &error)),
            }
        }
        Self::build(files, problems)
    }

    /// Takes texts that are part of the program: file name and text, as `include_str!` gives it.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn from_embedded(files: &[(&str, &str)]) -> Result<Self, Error> {
        let files = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), PathBuf::from(name), (*text).to_owned()))
            .collect();
        Self::build(files, Vec::new())
    }

    fn build(
        mut files: Vec<(String, PathBuf, String)>,
        mut problems: Vec<Problem>,
    ) -> Result<Self, Error> {
        files.sort();
        let mut ups: BTreeMap<i64, (String, Script)> = BTreeMap::new();
        let mut downs: BTreeMap<i64, (String, Script)> = BTreeMap::new();
        for (file, path, text) in files {
            let named = match name::parse(&file) {
                Ok(named) => named,
                Err(message) => {
                    problems.push(Problem::new(ProblemKind::FileName, &path, message));
                    continue;
                }
            };
            let script = script::read(&path, &text, &mut problems);
            let side = match named.direction {
                Direction::Up => &mut ups,
                Direction::Down => &mut downs,
            };
            if let Some((_, first)) = side.get(&named.version) {
                let message = format!(
                    "the number {} is also that of `{}`",
                    named.version,
                    first.path.display()
                );
                problems.push(
                    Problem::new(ProblemKind::DuplicateVersion, &path, message)
                        .help("give the newer one the next free number"),
                );
                continue;
            }
            side.insert(named.version, (named.name, script));
        }
        for (version, (_, script)) in &ups {
            squashed(*version, script, downs.contains_key(version), &mut problems);
        }
        for (version, (name, script)) in &downs {
            let up = ups.get(version);
            if up.is_none_or(|(up, _)| up != name) {
                let message = match up {
                    Some((up, _)) => format!("migration {version} is called `{up}`, not `{name}`"),
                    None => {
                        format!("there is no `{version}_{name}.up.sql` that it would take back")
                    }
                };
                problems.push(Problem::new(
                    ProblemKind::DownWithoutUp,
                    &script.path,
                    message,
                ));
            }
        }
        gaps(&ups, &mut problems);
        if !problems.is_empty() {
            sort(&mut problems);
            return Err(Error::files(problems));
        }
        let all = ups
            .into_iter()
            .map(|(version, (name, up))| Migration {
                down: downs.remove(&version).map(|(_, script)| script),
                version,
                name,
                up,
            })
            .collect();
        Ok(Self { all })
    }

    /// The migrations, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Migration> {
        self.all.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The migration of this number.
    #[must_use]
    pub fn get(&self, version: i64) -> Option<&Migration> {
        self.all
            .iter()
            .find(|migration| migration.version == version)
    }

    /// The highest number.
    #[must_use]
    pub fn latest(&self) -> Option<i64> {
        self.all.last().map(Migration::version)
    }

    /// Writes an empty migration with the next number: an up file, and a down file. Numbers are as long as those that are
    /// there, and of four digits in an empty directory.
    ///
    /// Gives the paths of both.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when the name is not snake_case, [`ErrorKind::Output`] when a file cannot be written or is
    /// there already, [`ErrorKind::Files`] when the directory cannot be read.
    pub fn create(directory: impl AsRef<Path>, name: &str) -> Result<[PathBuf; 2], Error> {
        let directory = directory.as_ref();
        let output = |path: &Path, error: std::io::Error| {
            Error::new(ErrorKind::Output, format!("writing `{}`", path.display())).because(error)
        };
        fs::create_dir_all(directory).map_err(|error| output(directory, error))?;
        let (mut last, mut width) = (0, 4);
        let entries = fs::read_dir(directory).map_err(|error| output(directory, error))?;
        for entry in entries.flatten() {
            let file = entry.file_name();
            let Some(file) = file.to_str().filter(|file| file.ends_with(".sql")) else {
                continue;
            };
            if let Ok(named) = name::parse(file)
                && named.version > last
            {
                last = named.version;
                width = file.find('_').unwrap_or(width);
            }
        }
        let version = last + 1;
        let path = |word: &str| directory.join(format!("{version:0width$}_{name}.{word}.sql"));
        let [up, down] = [path("up"), path("down")];
        let file = up
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        name::parse(file).map_err(|message| Error::new(ErrorKind::Refused, message))?;
        let up_text = format!(
            "-- {name}: what it is for.\n--\n-- One statement for each change. CockroachDB runs each schema change by itself.\n"
        );
        let down_text = "-- Takes it back. Delete this file where that is not possible.\n";
        for (path, text) in [(&up, up_text.as_str()), (&down, down_text)] {
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
                .map_err(|error| output(path, error))?;
        }
        Ok([up, down])
    }
}

/// A file that stands for others has their last number, and cannot be taken back.
fn squashed(version: i64, script: &Script, has_down: bool, problems: &mut Vec<Problem>) {
    let squashes = &script.header.squashes;
    if squashes.is_empty() {
        return;
    }
    let last = squashes.iter().map(|one| one.to).max();
    let complete = squashes
        .iter()
        .any(|one| one.is_single() && one.to == version);
    if last != Some(version) || !complete {
        let message =
            format!("it stands for other migrations, and {version} is not the last of them");
        problems.push(
            Problem::new(ProblemKind::Squashed, &script.path, message)
                .help("`squash` writes such files; bring it back from version control"),
        );
    }
    if has_down {
        problems.push(
            Problem::new(
                ProblemKind::Squashed,
                &script.path,
                "it stands for other migrations, and has a down file",
            )
            .help("delete the down file: a database that ran the others could not be taken back by it"),
        );
    }
}

/// Where numbers are counted, none is left out.
fn gaps(ups: &BTreeMap<i64, (String, Script)>, problems: &mut Vec<Problem>) {
    if ups.keys().any(|version| *version > LAST_COUNTED) {
        return;
    }
    for ((before, _), (version, (_, script))) in ups.iter().zip(ups.iter().skip(1)) {
        if version - before > 1 && !script.header.allows(ProblemKind::Gap.as_str()) {
            let message = match version - before {
                2 => format!("there is no migration {}", before + 1),
                _ => format!("there are no migrations {} to {}", before + 1, version - 1),
            };
            problems.push(
                Problem::new(ProblemKind::Gap, &script.path, message)
                    .help("number it without a gap, or write `-- allow: gap` at its head"),
            );
        }
    }
}
