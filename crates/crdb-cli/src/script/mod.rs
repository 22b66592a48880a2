//! `crdb sql`: the statements of a file, one after the other on one session.

mod failure;
mod ledger;
mod run;
mod step;

pub(crate) use run::Runner;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use crdb_facade::Database;
use crdb_sql::dialect::{Piece, split_statements};

use crate::connection::{Connection, block_on};
use crate::every::Every;
use crate::exit::{Exit, Usage};
use crate::rows::{Results, RowOptions};

/// Runs a script.
///
/// Semicolons part its statements, which run one after the other on one session, each in a transaction of its own unless the script
/// says BEGIN. It stops at the first that fails, and says which took effect, which were rolled back and which did not run. The exit
/// code is about the script as a whole: 3 (retry) only where none of it took effect.
///
/// Rows go to standard output, all else to standard error.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The script's file, or - for standard input
    file: Option<PathBuf>,
    #[command(flatten)]
    rows: RowOptions,
    #[command(flatten)]
    every: Every,
    /// Say nothing of statements without rows
    #[arg(short, long)]
    quiet: bool,
}

/// A script, cut into its statements.
pub(crate) struct Script<'a> {
    name: &'a str,
    text: &'a str,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Script<'a> {
    /// A text and its statements, under the name that messages give it.
    pub(crate) fn new(name: &'a str, text: &'a str, pieces: Vec<Piece<'a>>) -> Self {
        Self { name, text, pieces }
    }

    /// As messages name it.
    pub(crate) fn name(&self) -> &str {
        self.name
    }

    /// Its statements.
    pub(crate) fn pieces(&self) -> &[Piece<'a>] {
        &self.pieces
    }
}

/// Runs the script.
///
/// # Errors
/// Why it was not begun. What a statement came to is in the exit code, and on standard error.
pub(crate) fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let Some(file) = &arguments.file else {
        return Err(Usage::new("name a script's file, or - for standard input").into());
    };
    let text = read(file)?;
    // Editors on Windows put a byte order mark in front, which is no statement.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let name = match file.to_string_lossy() {
        name if name == "-" => "standard input".into(),
        name => name,
    };
    let script = Script::new(&name, text, split_statements(text));
    let guarded = connection.guarded()?;
    guarded.check(&script)?;
    block_on(guarded.read(async |database| {
        let work = repeat(arguments, database, &script, as_json);
        guarded.guard.record(None, text, work).await
    }))
}

async fn repeat(
    arguments: &Arguments,
    database: &Database,
    script: &Script<'_>,
    as_json: bool,
) -> Result<Exit> {
    let mut results = Results::open(&arguments.rows, as_json)?;
    let quiet = arguments.quiet || as_json;
    let exit = arguments
        .every
        .run(async || {
            let outcome = run::run(script, database, &mut results, quiet).await?;
            Ok(outcome.map_or_else(|failure| failure.told(script, as_json), |()| Exit::Done))
        })
        .await?;
    if exit == Exit::Done {
        results.finish()?;
    }
    Ok(exit)
}

fn read(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .context("reading standard input")?;
        return Ok(text);
    }
    fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}
