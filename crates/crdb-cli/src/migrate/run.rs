//! The commands, on the library.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use crdb_facade::migrate::{Migrations, Migrator, Options, Plan, Problem, Status};
use crdb_facade::{Database, Source};
use serde_json::{Value, json};

use super::progress::Progress;
use super::{Arguments, MigrateCommand};
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
    let guarded = connection.guarded()?;
    let work = async |database: &Database| {
        let options = Options::new().allow_out_of_order(arguments.out_of_order);
        let migrator = database
            .migrator(migrations)
            .options(options)
            .observer(Arc::new(Progress::default()));
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
        MigrateCommand::Plan => return Ok(plan(&migrator.plan().await?)),
        MigrateCommand::Verify { scratch } => return verify(connection, migrator, scratch).await,
        MigrateCommand::Repair { words } => return repair(migrator, words.as_deref()).await,
        MigrateCommand::Up { to: None } => migrator.up().await?,
        MigrateCommand::Up { to: Some(to) } => migrator.up_to(*to).await?,
        MigrateCommand::Down { to: None } => migrator.down().await?,
        MigrateCommand::Down { to: Some(to) } => migrator.down_to(*to).await?,
        MigrateCommand::Redo => migrator.redo().await?,
        MigrateCommand::Baseline { to } => migrator.baseline(*to).await?,
        MigrateCommand::New { .. } | MigrateCommand::Lint => {
            anyhow::bail!("this command needs no database")
        }
    };
    let lines: Vec<String> = report
        .migrations()
        .iter()
        .map(|one| format!("{} {} {}", one.direction.as_str(), one.version, one.name))
        .collect();
    Ok(Answer {
        json: serde_json::to_value(&report)?,
        text: if lines.is_empty() {
            "nothing to do".to_owned()
        } else {
            lines.join("\n")
        },
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

fn plan(plan: &Plan) -> Answer {
    let mut text = String::new();
    let mut steps = Vec::new();
    for step in plan.steps() {
        text += &format!(
            "{} {}.{} ({}, {}{}): {}\n",
            step.version(),
            step.name(),
            step.step(),
            step.kind().as_str(),
            step.way().as_str(),
            if step.is_in_doubt() {
                ", begun before"
            } else {
                ""
            },
            step.text()
        );
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
            "way": step.way(),
            "text": step.text(),
            "in_doubt": step.is_in_doubt(),
            "risks": step.risks(),
        }));
    }
    if plan.is_empty() {
        text = "nothing to do".to_owned();
    }
    Answer {
        json: json!({ "steps": steps }),
        text,
        well: true,
    }
}

async fn verify(
    connection: &Connection,
    migrator: &Migrator<Source>,
    scratch: &str,
) -> Result<Answer> {
    let scratch = Connection {
        url: Some(scratch.to_owned()),
        ..connection.clone()
    };
    let scratch = Database::open(scratch.config()?)
        .await
        .context("opening the scratch database")?;
    let drift = migrator.verify(scratch.executor()).await;
    // What ends too late is closed with the process.
    drop(scratch.close(CLOSING).await);
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
