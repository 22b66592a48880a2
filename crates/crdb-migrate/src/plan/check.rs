//! Whether the files fit what has run.

use crate::error::{Error, ErrorKind};
use crate::file::Direction;
use crate::journal::{Journal, MigrationState, StepState};
use crate::plan::{Body, Known};
use crate::problem::{Problem, ProblemKind, sort};

/// Refuses files that do not continue what has run.
pub(crate) fn fits(
    known: &[Known<'_>],
    journal: &Journal,
    allow_out_of_order: bool,
) -> Result<(), Error> {
    let latest_known = known.last().map_or(0, |one| one.version);
    let newer: Vec<String> = journal
        .migrations()
        .filter(|entry| entry.version > latest_known)
        .map(|entry| format!("{} ({})", entry.version, entry.name))
        .collect();
    if !newer.is_empty() {
        return Err(Error::new(
            ErrorKind::Newer,
            format!(
                "the database has migrations that this program does not know: {}",
                newer.join(", ")
            ),
        )
        .remedy(
            "run a newer program; a service that only needs an older schema asks `check_at_least` instead",
        ));
    }
    let mut problems = Vec::new();
    for entry in journal.migrations() {
        let Some(one) = known.iter().find(|one| one.version == entry.version) else {
            let file = format!("{:04}_{}.up.sql", entry.version, entry.name);
            problems.push(
                Problem::new(
                    ProblemKind::Missing,
                    file.as_ref(),
                    format!(
                        "migration {} has run, and its file is not there",
                        entry.version
                    ),
                )
                .help(
                    "bring it back from version control, or take the database over with `baseline`",
                ),
            );
            continue;
        };
        let edited = one.checksum() != entry.checksum && !continues(one, journal);
        if edited || one.name != entry.name {
            let what = if one.name == entry.name {
                "it was edited since it ran".to_owned()
            } else {
                format!(
                    "migration {} was called `{}` when it ran",
                    entry.version, entry.name
                )
            };
            problems.push(
                Problem::new(ProblemKind::Edited, &one.file(), what)
                    .help("bring the old text back and make a new migration; where only comments changed, run `repair`"),
            );
        }
    }
    let highest = journal
        .migrations()
        .filter(|entry| journal.state(entry.version) != MigrationState::PartlyUndone)
        .map(|entry| entry.version)
        .max();
    if let Some(highest) = highest.filter(|_| !allow_out_of_order) {
        for one in known {
            if one.version < highest && journal.lines(one.version, Direction::Up).is_empty() {
                problems.push(
                    Problem::new(
                        ProblemKind::OutOfOrder,
                        &one.file(),
                        format!("migration {highest} has run already, and this one has not"),
                    )
                    .help("give it the next free number, or allow migrations out of order"),
                );
            }
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    sort(&mut problems);
    Err(Error::files(problems))
}

/// Whether an edited file still begins with what has run of it: the rest of a migration that failed may be corrected.
fn continues(one: &Known<'_>, journal: &Journal) -> bool {
    journal.state(one.version) == MigrationState::Begun && says_what_ran(one, journal)
}

/// Whether every statement that has run stands in the file as it ran.
pub(crate) fn says_what_ran(one: &Known<'_>, journal: &Journal) -> bool {
    let Body::Script(script) = one.up else {
        return false;
    };
    journal
        .lines(one.version, Direction::Up)
        .iter()
        .all(|line| {
            let step = usize::try_from(line.step)
                .ok()
                .and_then(|index| script.steps.get(index));
            line.state == StepState::Planned || step.is_some_and(|step| step.text == line.statement)
        })
}
