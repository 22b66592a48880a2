//! Serving until a signal comes, or until a command has ended.

use std::io::Write as _;
use std::process::{ExitStatus, Stdio};
use std::str::FromStr as _;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use crdb_facade::{Config, Database};
use crdb_testkit::{CockroachVersion, EngineChoice};
use tokio::process::{Child, Command};

use super::tables::Tables;
use super::{Arguments, Interruptions, Server};
use crate::exit::{Exit, Usage};

/// How long a command may take to end after it was asked to.
const ENDING: Duration = Duration::from_secs(30);

/// How long sessions may take to end.
const CLOSING: Duration = Duration::from_secs(5);

impl Arguments {
    /// Which release of CockroachDB a PostgreSQL answers as.
    ///
    /// # Errors
    /// When the proxy knows no such release.
    pub fn imitate(&self) -> Result<CockroachVersion> {
        match &self.imitate {
            None => Ok(CockroachVersion::default()),
            Some(name) => CockroachVersion::from_str(name)
                .map_err(|error| Usage::new(format!("--imitate: {error}")).into()),
        }
    }
}

/// Finds or starts the server, and serves.
///
/// # Errors
/// When there is no such server, it does not start, or the tables cannot be created.
pub fn run(arguments: &Arguments, as_json: bool) -> Result<Exit> {
    let choice = EngineChoice::from_str(&arguments.engine)
        .map_err(|error| Usage::new(format!("--engine: {error}")))?;
    let imitate = arguments.imitate()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut interruptions = Interruptions::listen()?;
        let server = Box::pin(Server::start(choice, imitate));
        let Ok(server) = interruptions.unless_interrupted(server).await else {
            return Ok(Exit::Done);
        };
        let server = server?;
        let described = server.choice();
        let served = serve(&server, &described, arguments, as_json, &mut interruptions).await;
        let cleaned = server.clean_up().await;
        let exit = served?;
        cleaned?;
        Ok(exit)
    })
}

/// Creates the tables, says how the server is reached, and serves until a signal comes or the command has ended. `described` says which
/// server it is.
///
/// # Errors
/// When the tables cannot be created, or the command cannot be started or fails.
pub async fn serve(
    server: &Server,
    described: &str,
    arguments: &Arguments,
    as_json: bool,
    interruptions: &mut Interruptions,
) -> Result<Exit> {
    let tables = Tables::of(arguments);
    let tables = Box::pin(create_tables(server, &tables));
    let Ok(created) = interruptions.unless_interrupted(tables).await else {
        return Ok(Exit::Done);
    };
    let created = created?;
    if arguments.command.is_empty() {
        show(server, described, created.as_deref(), arguments, as_json)?;
        // Ctrl-C is how it is meant to end, and a supervisor's SIGTERM too.
        interruptions.next().await;
        return Ok(Exit::Done);
    }
    eprintln!("{described}");
    if let Some(created) = created {
        eprintln!("Applied {created}.");
    }
    let status = run_command(server, arguments, interruptions).await?;
    match status.success() {
        true => Ok(Exit::Done),
        false => bail!("the command ended with {status}"),
    }
}

async fn create_tables(server: &Server, tables: &Tables) -> Result<Option<String>> {
    let config = server.configure(Config::builder()).build()?;
    let database = Database::open(config).await?;
    let created = tables.create(&database).await;
    let closed = database.close(CLOSING).await;
    let created = created?;
    closed?;
    Ok(created)
}

fn show(
    server: &Server,
    described: &str,
    created: Option<&str>,
    arguments: &Arguments,
    as_json: bool,
) -> Result<()> {
    let mut url = server.url();
    if is_run_elsewhere(&arguments.engine) {
        url = without_password(&url);
    }
    let mut out = std::io::stdout().lock();
    if as_json {
        let object = serde_json::json!({ "server": described, "url": url, "tables": created });
        writeln!(out, "{object}")?;
    } else {
        writeln!(out, "{described}\n")?;
        if let Some(created) = created {
            writeln!(out, "Applied {created}.\n")?;
        }
        writeln!(out, "URL   {url}")?;
        writeln!(out, "\nIn another terminal:")?;
        writeln!(out, "  export CRDB_AUTH__URL='{url}'")?;
        writeln!(
            out,
            "  crdb shell                                 or cargo run, cargo test, crdb doctor"
        )?;
        writeln!(
            out,
            "  export CRDB_TEST_URL=$CRDB_AUTH__URL       for crdb codegen and cargo test"
        )?;
        writeln!(
            out,
            "\nServing; Ctrl-C ends it, and removes what it started."
        )?;
    }
    Ok(out.flush()?)
}

/// Runs the command with the server's URL. A signal to this process is one for the command as well, which then has time to end.
async fn run_command(
    server: &Server,
    arguments: &Arguments,
    interruptions: &mut Interruptions,
) -> Result<ExitStatus> {
    let Some((program, rest)) = arguments.command.split_first() else {
        bail!("no command is given");
    };
    let mut child = Command::new(program)
        .args(rest)
        .env("CRDB_AUTH__URL", server.url())
        .env_remove("CRDB_AUTH__NODES")
        // Where the test kit and codegen look for a server.
        .env("CRDB_TEST_URL", server.url())
        .stdin(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{} could not be started", program.display()))?;
    match interruptions.unless_interrupted(child.wait()).await {
        Ok(status) => Ok(status?),
        // Ctrl-C in a terminal has reached it already; what a supervisor sends has not.
        Err(code) => {
            if code != 130 {
                ask_to_end(&child);
            }
            tokio::time::timeout(ENDING, child.wait())
                .await
                .with_context(|| format!("{} did not end", program.display()))?
                .context("the command's end could not be awaited")
        }
    }
}

fn ask_to_end(child: &Child) {
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // One that has ended meanwhile needs no signal.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

/// Whether the server is the user's own, named by a URL here or in the environment.
fn is_run_elsewhere(engine: &str) -> bool {
    let named = std::env::var_os("CRDB_TEST_URL").is_some_and(|url| !url.is_empty());
    engine.contains("://") || (engine == "auto" && named)
}

/// The URL with `***` for its password, which may be a real one.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let login_end = rest.rfind('@').filter(|at| {
        let path = rest.find(['/', '?']).unwrap_or(rest.len());
        *at < path
    });
    match login_end.and_then(|at| Some((at, rest[..at].find(':')?))) {
        Some((at, colon)) => format!("{scheme}://{}:***{}", &rest[..colon], &rest[at..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(
            without_password("postgresql://app:s3cret@db1:26257/bank?sslmode=require"),
            "postgresql://app:***@db1:26257/bank?sslmode=require"
        );
        for plain in ["postgresql://app@db1/bank", "postgresql://db1/bank?a=b@c"] {
            assert_eq!(without_password(plain), plain);
        }
    }
}
