//! The oldest migrations as one file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use crdb_sql::dialect::split_statements;

use super::directory::Migrations;
use super::header::{self, Squashed, TransactionMode};
use super::name;
use super::script::{self, Migration, ParsedStep, Script};
use crate::error::{Error, ErrorKind};
use crate::problem::ProblemKind;
use crate::statement::StepKind;

/// How long statements may take where nothing says so.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3_600);

impl Migrations {
    /// Makes one file of the oldest migrations of a directory, up to the number `to` and with it, and removes theirs. Gives the new
    /// file's path, and those of the files that are gone.
    ///
    /// The new file has the number `to`, the statements of all up files in their order, and a line at its head for each file
    /// that it stands for. A database that has run all of these takes it for applied, without running it. An empty
    /// one runs it. One that has run some of them, or others of these numbers, is refused: run the old files up to `to` on
    /// every database first. It cannot be taken back, so the down files go too.
    ///
    /// Programs with the old files go on on a database that ran them. On one that ran the new file they refuse.
    ///
    /// # Errors
    /// [`ErrorKind::Files`] when the directory holds mistakes; [`ErrorKind::Refused`] when there is no migration `to` or only
    /// one up to it, when the name is not snake_case, or when some of the files say `-- transaction: none` and others do not;
    /// [`ErrorKind::Output`] when a file cannot be written or removed.
    pub fn squash(
        directory: impl AsRef<Path>,
        to: i64,
        name: &str,
    ) -> Result<(PathBuf, Vec<PathBuf>), Error> {
        let directory = directory.as_ref();
        let all = Self::load(directory)?;
        let old: Vec<&Migration> = all.iter().filter(|one| one.version <= to).collect();
        if old.last().is_none_or(|last| last.version != to) {
            return Err(crate::migrator::no_such(to));
        }
        if old.len() < 2 {
            let message = format!("there is nothing before migration {to} to make one file of");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let text = text(&old)?;
        let file = file_name(&old, to, name)?;
        let path = directory.join(&file);
        let removed: Vec<PathBuf> = old
            .iter()
            .flat_map(|one| [Some(&one.up), one.down.as_ref()])
            .flatten()
            .map(|script| script.path.clone())
            .collect();
        // Hidden until the others are gone: a directory with both has two files of one number.
        let hidden = directory.join(format!(".{file}"));
        let output = |path: &Path, error: io::Error| {
            Error::new(ErrorKind::Output, format!("writing `{}`", path.display())).because(error)
        };
        fs::write(&hidden, text).map_err(|error| output(&hidden, error))?;
        for old in &removed {
            fs::remove_file(old).map_err(|error| output(old, error))?;
        }
        fs::rename(&hidden, &path).map_err(|error| output(&path, error))?;
        Ok((path, removed))
    }
}

fn file_name(old: &[&Migration], to: i64, name: &str) -> Result<String, Error> {
    let last = old
        .last()
        .and_then(|last| last.up.path.file_name()?.to_str());
    let width = last.and_then(|file| file.find('_')).unwrap_or(4);
    let file = format!("{to:0width$}_{name}.up.sql");
    name::parse(&file).map_err(|message| Error::new(ErrorKind::Refused, message))?;
    Ok(file)
}

/// The text of the new file, which has the same steps as the others together.
fn text(old: &[&Migration]) -> Result<String, Error> {
    let scripts: Vec<&Script> = old.iter().map(|one| &one.up).collect();
    let mut text = String::new();
    let last = old.last().map_or(0, |last| last.version);
    let first = scripts
        .iter()
        .flat_map(|script| script.header.squashes.iter().map(|one| one.from))
        .chain(old.first().map(|first| first.version))
        .min();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "-- Migrations {} to {last} as one.\n--",
        first.unwrap_or(last)
    );
    for line in annotations(old)? {
        let _ = writeln!(text, "-- {line}");
    }
    for migration in old {
        let script = &migration.up;
        let body = header::without_annotations(&script.text);
        let body = body.trim();
        let end = split_statements(body).last().map_or(0, |piece| {
            piece.text.as_ptr().addr() - body.as_ptr().addr() + piece.text.len()
        });
        let ended = body[end..].trim_start().starts_with(';');
        let _ = writeln!(
            text,
            "\n-- {} {}\n{body}{}",
            migration.version,
            migration.name,
            if ended { "" } else { "\n;" }
        );
        let mut names: Vec<&str> = settings(script).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let _ = writeln!(text, "SET {name} TO DEFAULT;");
        }
    }
    same_steps(&scripts, &text)?;
    Ok(text)
}

/// The settings that a script ends with.
fn settings(script: &Script) -> impl Iterator<Item = &str> {
    let last = script.steps.last();
    last.into_iter()
        .flat_map(|step| step.settings.iter().map(|setting| setting.name.as_str()))
}

/// What stands at the head.
fn annotations(old: &[&Migration]) -> Result<Vec<String>, Error> {
    let headers = || old.iter().map(|one| &one.up.header);
    let mut lines = Vec::new();
    let mut allowed: Vec<&str> = headers()
        .flat_map(|header| header.allowed.iter().map(String::as_str))
        .collect();
    let has = |kind| {
        let mut steps = old.iter().flat_map(|one| &one.up.steps);
        steps.any(|step| step.class.kind == kind)
    };
    if has(StepKind::Schema) && has(StepKind::Data) {
        allowed.push(ProblemKind::Mixed.as_str());
    }
    allowed.sort_unstable();
    allowed.dedup();
    if !allowed.is_empty() {
        lines.push(format!("allow: {}", allowed.join(", ")));
    }
    // Statements whose file says nothing may take as long as the runner's options say.
    let all_say = headers().all(|header| header.timeout.is_some());
    let longest = headers().filter_map(|header| header.timeout).max();
    if let Some(longest) = longest.filter(|longest| all_say || *longest >= DEFAULT_TIMEOUT) {
        lines.push(format!("timeout: {}ms", longest.as_millis()));
    }
    let mode = |mode| headers().all(|header| header.transaction == mode);
    let outside =
        |migration: &&&Migration| migration.up.header.transaction == TransactionMode::None;
    match old.iter().find(outside) {
        Some(_) if mode(TransactionMode::None) => lines.push("transaction: none".to_owned()),
        Some(one) => {
            let message = format!(
                "`{}` says `-- transaction: none`, and others up to it do not",
                one.up.path.display()
            );
            return Err(Error::new(ErrorKind::Refused, message).remedy(
                "squash up to the one before it, or leave the line out where its statements can do without",
            ));
        }
        None if mode(TransactionMode::One) => lines.push("transaction: one".to_owned()),
        None => {}
    }
    if headers().any(|header| header.unparsed) {
        lines.push("verify: server".to_owned());
    }
    for migration in old {
        let before = &migration.up.header.squashes;
        lines.extend(before.iter().map(|one| format!("squashes: {one}")));
        let own = Squashed {
            from: before
                .iter()
                .map(|one| one.from)
                .min()
                .unwrap_or(migration.version),
            to: migration.version,
            checksum: migration.up.checksum.as_str().to_owned(),
        };
        lines.push(format!("squashes: {own}"));
    }
    Ok(lines)
}

/// Whether a text has the steps of these scripts, each with its settings.
fn same_steps(scripts: &[&Script], text: &str) -> Result<(), Error> {
    let mut problems = Vec::new();
    let squashed = script::read(Path::new("squashed"), text, &mut problems);
    let old = || scripts.iter().flat_map(|script| &script.steps);
    let same = |(a, b): (&ParsedStep, &ParsedStep)| a.text == b.text && a.settings == b.settings;
    let count = old().count();
    if problems.is_empty() && squashed.steps.len() == count && old().zip(&squashed.steps).all(same)
    {
        return Ok(());
    }
    let message = "the files do not make the same statements when they are put together";
    let error = Error::new(ErrorKind::Refused, message)
        .remedy("squash fewer of them, and report this with the files");
    Err(match problems.first() {
        Some(problem) => error.because(problem.to_string()),
        None => error,
    })
}
