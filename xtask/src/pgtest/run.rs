//! Replaying files, one server after the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use crdb_testkit::{
    CockroachVersion, Engine, EngineChoice, EngineOptions, Login, QuirksOptions, QuirksProxy,
    Replay, ReplayTarget, replay,
};

use super::Arguments;
use super::explain::reason;

/// Steps and how many of them differ.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    steps: usize,
    differ: usize,
}

pub(super) async fn all(arguments: &Arguments) -> Result<ExitCode> {
    let files = files(&arguments.path)?;
    if files.is_empty() {
        bail!("{} has no files", arguments.path.display());
    }
    let mut total = Count::default();
    match &arguments.url {
        Some(url) => {
            let choice = EngineChoice::Url(url.clone());
            let engine = Engine::try_start(EngineOptions::default().choice(choice)).await?;
            println!("{}", engine.choice());
            total.add(ask(&engine, None, &files, arguments.brief).await?);
        }
        None => {
            let choice = EngineOptions::default().choice(EngineChoice::Postgres);
            let engine = Engine::try_start(choice).await?;
            // The user who needs no password; the files make roles.
            let user = Login::Trust.user();
            engine
                .execute(&format!("ALTER ROLE {user} CREATEROLE"))
                .await?;
            for version in versions(&arguments.version)? {
                let options = QuirksOptions::default().version(version);
                let proxy = QuirksProxy::start(&engine, options).await?;
                println!("the quirks proxy as {version}");
                let proxied = Some((&proxy, version));
                total.add(ask(&engine, proxied, &files, arguments.brief).await?);
            }
        }
    }
    println!(
        "{} of {} steps agree",
        total.steps - total.differ,
        total.steps
    );
    Ok(if total.differ == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Count {
    fn add(&mut self, other: Self) {
        self.steps += other.steps;
        self.differ += other.differ;
    }
}

fn versions(named: &[String]) -> Result<Vec<CockroachVersion>> {
    if named.is_empty() {
        return Ok(CockroachVersion::ALL.to_vec());
    }
    named.iter().map(|name| Ok(name.parse()?)).collect()
}

/// The file, or the files of the directory by name.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries =
        fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Replays each file in a database of its own.
async fn ask(
    engine: &Engine,
    proxied: Option<(&QuirksProxy, CockroachVersion)>,
    files: &[PathBuf],
    brief: bool,
) -> Result<Count> {
    let mut count = Count::default();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let database = engine.try_create_database().await?;
        let target = target(engine, proxied, database.name());
        let replayed = replay(&target, &text).await;
        engine.drop_database(&database).await?;
        let replayed = match replayed {
            Ok(replayed) => replayed,
            Err(error) => {
                println!("  {name}: cannot be replayed: {error}");
                count.differ += 1;
                count.steps += 1;
                continue;
            }
        };
        tell(&name, &replayed, brief);
        count.add(Count {
            steps: replayed.steps,
            differ: replayed.disagreements.len(),
        });
    }
    Ok(count)
}

fn target(
    engine: &Engine,
    proxied: Option<(&QuirksProxy, CockroachVersion)>,
    database: &str,
) -> ReplayTarget {
    if let Some((proxy, version)) = proxied {
        let user = Login::Trust.user();
        return ReplayTarget::cockroach("127.0.0.1", proxy.port(), user, database).version(version);
    }
    ReplayTarget::of(engine, database)
}

fn tell(name: &str, replayed: &Replay, brief: bool) {
    if replayed.skipped {
        println!("  {name}: not for this server");
        return;
    }
    let agree = replayed.steps - replayed.disagreements.len();
    println!("  {name}: {agree} of {} steps agree", replayed.steps);
    if brief {
        return;
    }
    for disagreement in &replayed.disagreements {
        println!("    {}", reason(disagreement));
        for line in disagreement.to_string().lines() {
            println!("    {line}");
        }
    }
}
