//! `cargo xtask sql check`: what is wrong with SQL files.

mod sarif;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use crdb_sql::{Problem, StatementVerdict, Verdict};
use serde_json::json;

/// Works on SQL files.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: SqlCommand,
}

#[derive(Debug, Subcommand)]
enum SqlCommand {
    /// Check files or trees; exits with 1 when there are errors
    Check(CheckArguments),
}

/// Checks the format, the grammar and the lints, with the schema that lies beside the queries.
///
/// A path is a `.sql` file, a directory of them, or a project's SQL directory with `queries` and `schema`. Warnings are
/// shown and do not fail the check.
#[derive(Debug, Args)]
struct CheckArguments {
    /// Files or directories; without any, the workspace's own `sql`
    paths: Vec<PathBuf>,
    /// Also check the grammar of a plain list of statements, parted by semicolons: one verdict each, in order
    #[arg(long, value_name = "FILE")]
    statements: Vec<PathBuf>,
    /// How verdicts are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
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

/// Runs the chosen command.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let SqlCommand::Check(arguments) = &arguments.command;
    #[cfg(not(feature = "engine"))]
    if arguments.engine.is_some() {
        return crate::relaunch::with_feature("engine");
    }
    let own = [crate::codegen::own_sql()];
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
        print(&verdicts, arguments.format);
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
        print_statements(file, &verdicts, arguments.format);
        problems.extend(verdicts.iter().filter_map(|v| v.problem().cloned()));
        good &= verdicts.iter().all(|verdict| verdict.problem().is_none());
        count += verdicts.len();
    }
    if arguments.format == Format::Sarif {
        let log = serde_json::to_string_pretty(&sarif::log(&problems))?;
        println!("{log}");
    }
    if arguments.format == Format::Text && good {
        let ending = if count == 1 { "" } else { "s" };
        println!("{count} statement{ending} checked, no errors");
    }
    Ok(ExitCode::from(u8::from(!good)))
}

fn print_statements(file: &Path, verdicts: &[StatementVerdict], format: Format) {
    for verdict in verdicts {
        match (format, verdict.problem()) {
            (Format::Json, problem) => {
                let problems: Vec<serde_json::Value> =
                    problem.iter().map(|p| problem_json(p)).collect();
                let object = json!({
                    "file": file,
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
