//! Files that stand for others: what of these a database has run. Pure.

use std::collections::BTreeSet;

use crate::error::Error;
use crate::journal::{Entry, Journal, MigrationState};
use crate::plan::{Body, Known};
use crate::problem::{Problem, ProblemKind, sort};

/// Takes each file that stands for others as applied, where all that it stands for has run; the journal's own lines stay as they are in
/// the database, so that a program with the old files goes on. Where nothing of it has run, it is pending as any other.
///
/// # Errors
/// When a part of it has run, or something else under one of its numbers.
pub(crate) fn accept(known: &[Known<'_>], journal: &mut Journal) -> Result<(), Error> {
    let mut problems = Vec::new();
    for one in known {
        let Some(from) = one.squashes().iter().map(|squashed| squashed.from).min() else {
            continue;
        };
        match what_ran(one, from, journal) {
            Ran::Nothing | Ran::Itself => {}
            Ran::All => journal.replace(from, one),
            Ran::Part(what) => problems.push(
                Problem::new(
                    ProblemKind::Squashed,
                    &one.file(),
                    format!(
                        "it stands for migrations {from} to {}, and {what}",
                        one.version
                    ),
                )
                .help("run the files from before the squash up to this number first"),
            ),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    sort(&mut problems);
    Err(Error::files(problems))
}

/// What of a file that stands for others has run.
enum Ran {
    Nothing,
    /// The file itself, in part or wholly.
    Itself,
    All,
    /// Something that keeps it from being taken for applied, in words.
    Part(String),
}

fn what_ran(one: &Known<'_>, from: i64, journal: &Journal) -> Ran {
    let ran: Vec<_> = journal
        .migrations()
        .filter(|entry| (from..=one.version).contains(&entry.version))
        .collect();
    let single = |version: i64| {
        one.squashes()
            .iter()
            .any(|squashed| squashed.is_single() && squashed.to == version)
    };
    let stands_for = |entry: &Entry| {
        one.squashes()
            .iter()
            .find(|squashed| squashed.to == entry.version && squashed.checksum == entry.checksum)
    };
    match ran.as_slice() {
        [] => return Ran::Nothing,
        // Whether it was edited since is asked as of any file.
        [entry] if entry.version == one.version && stands_for(entry).is_none() => {
            return Ran::Itself;
        }
        _ => {}
    }
    let mut covered = BTreeSet::new();
    for entry in &ran {
        let Some(squashed) = stands_for(entry) else {
            return Ran::Part(if single(entry.version) {
                format!("migration {} ran with another text", entry.version)
            } else {
                format!(
                    "migration {} has run, which it does not stand for",
                    entry.version
                )
            });
        };
        if journal.state(entry.version) != MigrationState::Applied {
            return Ran::Part(format!("migration {} has run in part", entry.version));
        }
        covered.extend(squashed.from..=squashed.to);
    }
    let missing = one
        .squashes()
        .iter()
        .filter(|squashed| squashed.is_single() && !covered.contains(&squashed.to))
        .map(|squashed| squashed.to)
        .min();
    match missing {
        None => Ran::All,
        Some(missing) => Ran::Part(format!("migration {missing} has not run")),
    }
}

impl Known<'_> {
    /// The statements of it, as the journal keeps them.
    pub(crate) fn texts(&self) -> Vec<&str> {
        match self.up {
            Body::Script(script) => script.steps.iter().map(|step| &*step.text).collect(),
            Body::Code(_) => vec![""],
        }
    }
}
