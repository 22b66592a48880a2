//! `crdb sql check`: what is wrong with SQL files.

mod sarif;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use crdb_sql::{Problem, StatementVerdict, Verdict};
use serde_json::json;

use crate::exit::Exit;
#[cfg(not(feature = "engine"))]
use crate::exit::{Usage, WITHOUT_ENGINE};

/// Checks the format, the grammar and the lints, with the schema that lies beside the queries.
///
/// A path is a `.sql` file, a directory of them, or a project's SQL directory with `queries` and `schema`. Warnings are
/// shown and do not fail the check.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Files or directories [default: `sql`]
    paths: Vec<PathBuf>,
    /// Also check the grammar of a plain list of statements, parted by semicolons: one verdict each, in order
    #[arg(long, value_name = "FILE")]
    statements: Vec<PathBuf>,
    /// How verdicts are printed [default: text]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Also prepare every query on a server: auto, cockroach, postgres, or a postgresql:// URL
    ///
    /// The server's plan shows tables that are read whole though the query has a condition; a CockroachDB names the index
    /// that would help. A CockroachDB also says how it reads each query (SHOW SYNTAX), which must be how this parser does.
    ///
    /// Where the server's database does not have the schema's tables, they are created in a scratch database that is
    /// dropped afterwards.
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Problems with their places, for people
    Text,
    /// One JSON object a query
    Json,
    /// SARIF 2.1.0, which forges and editors show in place
    Sarif,
}

impl Arguments {
    /// The server that is to be asked, if one is.
    #[must_use]
    pub fn engine(&self) -> Option<&str> {
        self.engine.as_deref()
    }
}

/// Checks what the arguments name, else the SQL directory `own`. `as_json` asks for JSON where they do not name a format.
///
/// # Errors
/// When a path cannot be read, or a server cannot be asked.
pub fn run(arguments: &Arguments, own: &Path, as_json: bool) -> Result<Exit> {
    let format = match (arguments.format, as_json) {
        (Some(format), _) => format,
        (None, true) => Format::Json,
        (None, false) => Format::Text,
    };
    #[cfg(not(feature = "engine"))]
    if arguments.engine.is_some() {
        return Err(Usage::new(WITHOUT_ENGINE).into());
    }
    let own = [own.to_path_buf()];
    let paths: &[PathBuf] = match arguments.paths.as_slice() {
        [] if arguments.statements.is_empty() => &own,
        paths => paths,
    };
    let mut good = true;
    let mut count = 0;
    let mut problems: Vec<Problem> = Vec::new();
    for path in paths {
        #[cfg_attr(
            not(feature = "engine"),
            allow(unused_mut, reason = "only a server adds to it")
        )]
        let mut verdicts = crdb_sql::check(path)?;
        #[cfg(feature = "engine")]
        if let Some(engine) = &arguments.engine {
            crate::prepare::verdicts(engine, &crdb_sql::Layout::of(path), &mut verdicts)?;
        }
        print(&verdicts, format);
        problems.extend(verdicts.iter().flat_map(|v| v.problems().iter().cloned()));
        good &= verdicts.iter().all(Verdict::is_ok);
        count += verdicts
            .iter()
            .filter(|verdict| verdict.query().is_some())
            .count();
    }
    for file in &arguments.statements {
        let text =
            fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        let verdicts = crdb_sql::check_statements(file, &text);
        print_statements(file, &verdicts, format);
        problems.extend(verdicts.iter().filter_map(|v| v.problem().cloned()));
        good &= verdicts.iter().all(|verdict| verdict.problem().is_none());
        count += verdicts.len();
    }
    if format == Format::Sarif {
        let log = serde_json::to_string_pretty(&sarif::log(&problems))?;
        println!("{log}");
    }
    if format == Format::Text && good {
        let ending = if count == 1 { "" } else { "s" };
        println!("{count} statement{ending} checked, no errors");
    }
    Ok(match good {
        true => Exit::Done,
        false => Exit::Never,
    })
}

fn print_statements(file: &Path, verdicts: &[StatementVerdict], format: Format) {
    for verdict in verdicts {
        match (format, verdict.problem()) {
            (Format::Json, problem) => {
                let problems: Vec<serde_json::Value> =
                    problem.iter().map(|p| problem_json(p)).collect();
                let object = json!({
                    "file": file.display().to_string(),
                    "line": verdict.line(),
                    "name": null,
                    "ok": problem.is_none(),
                    "problems": problems,
                });
                println!("{object}");
            }
            (Format::Text, Some(problem)) => println!("{problem}\n"),
            (Format::Text, None) | (Format::Sarif, _) => {}
        }
    }
}

fn print(verdicts: &[Verdict], format: Format) {
    for verdict in verdicts {
        match format {
            Format::Json => println!("{}", as_json(verdict)),
            Format::Sarif => {}
            Format::Text if verdict.problems().is_empty() => {}
            Format::Text => println!("{}\n", verdict.problems()),
        }
    }
}

fn as_json(verdict: &Verdict) -> serde_json::Value {
    let problems: Vec<serde_json::Value> = verdict.problems().iter().map(problem_json).collect();
    json!({
        "file": verdict.file(),
        "line": verdict.line(),
        "name": verdict.name(),
        "ok": verdict.is_ok(),
        "problems": problems,
    })
}

fn problem_json(problem: &Problem) -> serde_json::Value {
    json!({
        "code": problem.code().as_str(),
        "severity": problem.severity().to_string(),
        "line": problem.line(),
        "column": problem.column(),
        "message": problem.message(),
        "help": problem.suggestion(),
    })
}
