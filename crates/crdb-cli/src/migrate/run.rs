//! The commands, on the library.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use crdb_facade::exec::PooledExecutor;
use crdb_facade::migrate::{
    self, Migrations, Migrator, Options, Problem, Rehearsal, Report, Status,
};
use crdb_facade::sql::Repository;
use crdb_facade::{Database, Source};
use serde_json::{Value, json};

use super::progress::Progress;
use super::{Arguments, JobCommand, MigrateCommand};
use crate::connection::Connection;
use crate::exit::Exit;

/// How long sessions may take to end.
const CLOSING: Duration = Duration::from_secs(5);

/// What a command answers: as JSON, as text, and whether all is well.
struct Answer {
    json: Value,
    text: String,
    well: bool,
}

/// Runs the chosen command.
///
/// # Errors
/// What is wrong with the files, or what stopped the runner.
pub fn run(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let answer = match &arguments.command {
        MigrateCommand::New { name } => new(arguments, name)?,
        MigrateCommand::Lint => lint(&Migrations::load(&arguments.dir)?),
        MigrateCommand::Squash { to, name } => squash(arguments, *to, name)?,
        _ => return with_database(arguments, connection, as_json),
    };
    Ok(answer.print(as_json))
}

impl Answer {
    fn print(&self, as_json: bool) -> Exit {
        if as_json {
            println!("{}", self.json);
        } else if !self.text.is_empty() {
            println!("{}", self.text.trim_end());
        }
        match self.well {
            true => Exit::Done,
            false => Exit::Never,
        }
    }
}

impl MigrateCommand {
    /// What an audit log calls it, if it writes.
    fn writes(&self) -> Option<&'static str> {
        match self {
            Self::Up { .. } => Some("crdb migrate up"),
            Self::Down { .. } => Some("crdb migrate down"),
            Self::Redo => Some("crdb migrate redo"),
            Self::Baseline { .. } => Some("crdb migrate baseline"),
            Self::Job { .. } => Some("crdb migrate job"),
            Self::Repair { words: Some(_) } => Some("crdb migrate repair"),
            _ => None,
        }
    }
}

fn new(arguments: &Arguments, name: &str) -> Result<Answer> {
    let paths = Migrations::create(&arguments.dir, name)?;
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    Ok(Answer {
        json: json!({ "files": paths }),
        text: paths.join("\n"),
        well: true,
    })
}

fn squash(arguments: &Arguments, to: i64, name: &str) -> Result<Answer> {
    let (file, removed) = Migrations::squash(&arguments.dir, to, name)?;
    let file = file.display().to_string();
    let shown: Vec<String> = removed
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    Ok(Answer {
        json: json!({ "file": file, "removed": shown }),
        text: format!("{file} stands for {} files", shown.len()),
        well: true,
    })
}

/// The queries that no migration may break.
fn queries(arguments: &Arguments) -> Result<Option<Repository>> {
    let usual = Path::new("sql/queries");
    let directory = match &arguments.queries {
        _ if arguments.no_queries => return Ok(None),
        Some(directory) => directory.as_path(),
        None if usual.is_dir() => usual,
        None => return Ok(None),
    };
    let loaded = Repository::load(directory)
        .with_context(|| format!("reading the queries of {}", directory.display()))?;
    Ok(Some(loaded))
}

fn lint(migrations: &Migrations) -> Answer {
    let problems = migrations.lint();
    Answer {
        json: json!({ "problems": problems.iter().map(problem).collect::<Vec<_>>() }),
        text: problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
        well: problems.is_empty(),
    }
}

fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.kind().as_str(),
        "file": problem.file(),
        "line": problem.line(),
        "message": problem.message(),
        "help": problem.suggestion(),
    })
}

fn with_database(arguments: &Arguments, connection: &Connection, as_json: bool) -> Result<Exit> {
    let migrations = Migrations::load(&arguments.dir)?;
    let queries = queries(arguments)?;
    let guarded = connection.guarded()?;
    let work = async |database: &Database| {
        let options = Options::new().allow_out_of_order(arguments.out_of_order);
        let mut migrator = database
            .migrator(migrations)
            .options(options)
            .observer(Arc::new(Progress::default()));
        if let Some(queries) = queries {
            migrator = migrator.queries(queries);
        }
        let answer = command(&arguments.command, connection, &migrator).await?;
        Ok(answer.print(as_json))
    };
    // A runner renews its lease beside what it runs.
    tokio::runtime::Runtime::new()?.block_on(async {
        match arguments.command.writes() {
            Some(name) => Box::pin(guarded.write(name, work)).await,
            None => guarded.read(work).await,
        }
    })
}

async fn command(
    command: &MigrateCommand,
    connection: &Connection,
    migrator: &Migrator<Source>,
) -> Result<Answer> {
    let report = match command {
        MigrateCommand::Status => return Ok(status(&migrator.status().await?)),
        MigrateCommand::Plan => return plan(migrator).await,
        MigrateCommand::Verify { scratch } => {
            return verify(connection, migrator, scratch.as_deref()).await;
        }
        MigrateCommand::Repair { words } => return repair(migrator, words.as_deref()).await,
        MigrateCommand::Job { command, job: id } => return job(migrator, *command, *id).await,
        MigrateCommand::Up { to, no_rehearsal } => {
            return up(connection, migrator, *to, *no_rehearsal).await;
        }
        MigrateCommand::Down { to: None } => migrator.down().await?,
        MigrateCommand::Down { to: Some(to) } => migrator.down_to(*to).await?,
        MigrateCommand::Redo => migrator.redo().await?,
        MigrateCommand::Baseline { to } => migrator.baseline(*to).await?,
        MigrateCommand::New { .. } | MigrateCommand::Lint | MigrateCommand::Squash { .. } => {
            anyhow::bail!("this command needs no database")
        }
    };
    let json = serde_json::to_value(&report)?;
    Ok(migrated(&report, json))
}

fn migrated(report: &Report, json: Value) -> Answer {
    let lines: Vec<String> = report
        .migrations()
        .iter()
        .map(|one| format!("{} {} {}", one.direction.as_str(), one.version, one.name))
        .collect();
    Answer {
        json,
        text: if lines.is_empty() {
            "nothing to do".to_owned()
        } else {
            lines.join("\n")
        },
        well: true,
    }
}

/// Tries the pending migrations on a scratch database, and applies them.
async fn up(
    connection: &Connection,
    migrator: &Migrator<Source>,
    to: Option<i64>,
    no_rehearsal: bool,
) -> Result<Answer> {
    let rehearsal = if no_rehearsal {
        None
    } else {
        Some(rehearse(connection, migrator).await?)
    };
    if let Some(Rehearsal::NotPossible(why)) = &rehearsal {
        eprintln!("not tried on a scratch database first: {why}");
    }
    let report = match to {
        None => migrator.up().await?,
        Some(to) => migrator.up_to(to).await?,
    };
    let mut json = serde_json::to_value(&report)?;
    if let Some(object) = json.as_object_mut() {
        object.insert("rehearsal".to_owned(), serde_json::to_value(&rehearsal)?);
    }
    Ok(migrated(&report, json))
}

async fn rehearse(connection: &Connection, migrator: &Migrator<Source>) -> Result<Rehearsal> {
    let mut opened = None;
    let open = async |name| open_scratch(connection, name, &mut opened).await;
    let done = migrator.rehearse_in_scratch(open).await;
    close(opened).await;
    Ok(done?)
}

/// Opens another database of the same server.
async fn open_scratch(
    connection: &Connection,
    name: String,
    opened: &mut Option<Database>,
) -> Result<PooledExecutor<Source>, migrate::CodeError> {
    let mut scratch = connection.clone();
    scratch.set.push(("auth.database".to_owned(), name));
    let database = Database::open(scratch.config()?).await?;
    let executor = database.executor().clone();
    *opened = Some(database);
    Ok(executor)
}

async fn close(opened: Option<Database>) {
    if let Some(database) = opened {
        // What ends too late is closed with the process.
        drop(database.close(CLOSING).await);
    }
}

async fn job(migrator: &Migrator<Source>, command: JobCommand, job: i64) -> Result<Answer> {
    let (told, word) = match command {
        JobCommand::Pause => (migrate::JobCommand::Pause, "paused"),
        JobCommand::Resume => (migrate::JobCommand::Resume, "resumed"),
        JobCommand::Cancel => (migrate::JobCommand::Cancel, "cancelled"),
    };
    migrator.control_job(job, told).await?;
    Ok(Answer {
        json: json!({ "job": job, "told": word }),
        text: format!("job {job} is told to be {word}"),
        well: true,
    })
}

fn status(status: &Status) -> Answer {
    let mut text = String::new();
    for one in &status.migrations {
        let mut notes = Vec::new();
        if !one.is_known {
            notes.push("not among the files".to_owned());
        }
        if one.is_edited {
            notes.push("edited since it ran".to_owned());
        }
        notes.extend(one.job.map(|job| format!("job {job}")));
        notes.extend(one.error.clone());
        text += &format!("{} {} {}", one.version, one.name, one.state.as_str());
        for note in notes {
            text += &format!("; {note}");
        }
        text.push('\n');
    }
    if let Some(runner) = &status.runner {
        text += &format!("at work: {runner}\n");
    }
    Answer {
        json: serde_json::to_value(status).unwrap_or_default(),
        text,
        well: status.is_up_to_date(),
    }
}

async fn plan(migrator: &Migrator<Source>) -> Result<Answer> {
    let plan = migrator.plan().await?;
    let broken = migrator.queries_broken_by(&plan);
    let mut text = String::new();
    let mut steps = Vec::new();
    for step in plan.steps() {
        text += &format!(
            "{} {}.{} ({}, {}{}): {}\n",
            step.version(),
            step.name(),
            step.step(),
            step.kind().as_str(),
            step.execution().as_str(),
            if step.is_in_doubt() {
                ", begun before"
            } else {
                ""
            },
            step.text()
        );
        if let Some(lock) = step.lock() {
            text += &format!(
                "  lock: {}, for which {} wait\n",
                lock.mode,
                lock.blocks.as_str().replace('_', " ")
            );
        }
        if step.is_job() {
            text += if step.rewrites() {
                "  a job with a backfill\n"
            } else {
                "  a job\n"
            };
        }
        if let (Some(table), Some(free)) = (step.table_bytes(), step.free_bytes()) {
            text += &format!("  the table has {table} bytes; {free} have to be free\n");
        }
        for risk in step.risks() {
            text += &format!("  [{}] {}\n", risk.kind.as_str(), risk.text);
        }
        steps.push(json!({
            "version": step.version(),
            "name": step.name(),
            "step": step.step(),
            "file": step.file(),
            "line": step.line(),
            "kind": step.kind(),
            "execution": step.execution(),
            "text": step.text(),
            "in_doubt": step.is_in_doubt(),
            "lock": step.lock(),
            "job": step.is_job(),
            "rewrites": step.rewrites(),
            "table_bytes": step.table_bytes(),
            "free_bytes": step.free_bytes(),
            "risks": step.risks(),
        }));
    }
    if plan.is_empty() {
        text = "nothing to do".to_owned();
    }
    for one in &broken {
        text += &format!("{one}\n");
    }
    Ok(Answer {
        json: json!({ "steps": steps, "broken": broken.iter().map(problem).collect::<Vec<_>>() }),
        text,
        well: true,
    })
}

async fn verify(
    connection: &Connection,
    migrator: &Migrator<Source>,
    scratch: Option<&str>,
) -> Result<Answer> {
    let mut opened = None;
    let drift = match scratch {
        None => {
            let open = async |name| open_scratch(connection, name, &mut opened).await;
            migrator.verify_in_scratch(open).await
        }
        Some(url) => {
            let scratch = Connection {
                url: Some(url.to_owned()),
                ..connection.clone()
            };
            let scratch = Database::open(scratch.config()?)
                .await
                .context("opening the scratch database")?;
            let drift = migrator.verify(scratch.executor()).await;
            opened = Some(scratch);
            drift
        }
    };
    close(opened).await;
    let drift = drift?;
    let mut text = String::new();
    for one in drift.differences() {
        let show = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        text += &format!(
            "{}\n  files:    {}\n  database: {}\n",
            one.object,
            show(&one.expected),
            show(&one.found)
        );
    }
    if drift.is_empty() {
        text = "the database has the schema of its files".to_owned();
    }
    Ok(Answer {
        json: serde_json::to_value(&drift)?,
        text,
        well: drift.is_empty(),
    })
}

async fn repair(migrator: &Migrator<Source>, words: Option<&str>) -> Result<Answer> {
    if let Some(words) = words {
        migrator.repair(words).await?;
    }
    let repairs = migrator.repairs().await?;
    let mut text = String::new();
    for repair in &repairs {
        text += &format!("{}\n", repair.found);
        for choice in &repair.choices {
            text += &format!("  \"{}\" {}\n", choice.words, choice.effect);
        }
    }
    if repairs.is_empty() {
        text = "nothing to repair".to_owned();
    }
    Ok(Answer {
        json: json!({ "repairs": repairs }),
        text,
        well: repairs.is_empty(),
    })
}
