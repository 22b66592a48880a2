//! A load or an export in a process of its own, which is killed as an operator or a machine kills it: without a word to anyone.

use crate::chaos::stack::Access;
use anyhow::Context as _;
use crdb_facade::Database;
use crdb_facade::config::{Node, keys};
use crdb_facade::data::{Csv, Destination, Export, Load, Manifest, Source};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};

/// Where a process that was started as a loader finds its orders.
const ORDERS: &str = "CRDB_CHAOS_LOADER";

/// How often its memory is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// What a loader does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    pub(super) access: Access,
    pub(super) database: String,
    pub(super) nodes: Vec<(String, u16)>,
    pub(super) work: Work,
}

/// A load into `item` by the name `item`, or an export of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Work {
    Load { file: PathBuf, chunk_rows: usize },
    Export { directory: PathBuf },
}

/// How a loader's process ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It told how many rows it has done.
    Done(u64),
    /// It gave up with an error.
    Failed(Failure),
    /// It was killed.
    Killed,
}

/// Why a loader gave up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    /// In few words, by the kinds of the errors.
    pub(super) reason: String,
    /// Whether it is what a caller is told of a fault, who then tries again.
    pub(super) is_answer: bool,
    pub(super) message: String,
}

impl Failure {
    fn of(error: &anyhow::Error) -> Self {
        let (reason, is_answer) = reason(error);
        Self {
            reason,
            is_answer,
            message: format!("{error:#}"),
        }
    }

    /// What a loader has said, which says nothing that can be read where it panicked.
    fn read(said: &str) -> Self {
        serde_json::from_str(said.trim()).unwrap_or_else(|_| Self {
            reason: "no word".to_owned(),
            is_answer: false,
            message: said.trim().to_owned(),
        })
    }
}

/// The reason, and whether a cut, a lost node or a serialization failure is answered so.
fn reason(error: &anyhow::Error) -> (String, bool) {
    if let Some(error) = error.downcast_ref::<crdb_facade::Error>() {
        let reason = format!("opening: {:?}", error.kind());
        return (reason, error.is_unavailable() || error.is_timeout());
    }
    let Some(error) = error.downcast_ref::<crdb_facade::data::Error>() else {
        return ("no error of a load".to_owned(), false);
    };
    let Some(database) = error.database() else {
        return (error.kind().as_str().to_owned(), false);
    };
    let kind = database.kind().as_str();
    let reason = match database.sqlstate() {
        Some(state) => format!("{kind} {}", state.as_str()),
        None => kind.to_owned(),
    };
    let is_answer = database.is_connection()
        || database.is_timeout()
        || database.is_retryable()
        || database.is_outcome_unknown();
    (reason, is_answer)
}

/// A process that loads.
pub(super) struct Loader {
    child: Child,
    /// The most anonymous memory that was seen, in KiB.
    peak: u64,
}

impl Loader {
    /// Starts this program again with orders. It ends with this process.
    pub(super) fn start(orders: &Orders) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("the path of this program")?;
        let child = Command::new(program)
            .env(ORDERS, serde_json::to_string(orders)?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting a loader")?;
        Ok(Self { child, peak: 0 })
    }

    /// Waits for its end, and kills it (SIGKILL) when `killed` says so. Gives its peak of anonymous memory in KiB, too.
    pub(super) async fn end(
        mut self,
        killed: impl Future<Output = ()>,
    ) -> anyhow::Result<(Ended, u64)> {
        let killed = {
            let mut killed = std::pin::pin!(killed);
            loop {
                self.look();
                tokio::select! {
                    status = self.child.wait() => {
                        status.context("waiting for a loader")?;
                        break false;
                    }
                    () = &mut killed => break true,
                    () = tokio::time::sleep(GLANCE) => {}
                }
            }
        };
        if killed {
            self.child.kill().await.context("killing a loader")?;
            return Ok((Ended::Killed, self.peak));
        }
        let output = self
            .child
            .wait_with_output()
            .await
            .context("a loader's output")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let ended = match said.trim().parse() {
            Ok(rows) if output.status.success() => Ended::Done(rows),
            _ => Ended::Failed(Failure::read(&String::from_utf8_lossy(&output.stderr))),
        };
        Ok((ended, self.peak))
    }

    /// Linux tells it; elsewhere the peak stays 0.
    fn look(&mut self) {
        let status = self
            .child
            .id()
            .and_then(|id| std::fs::read_to_string(format!("/proc/{id}/status")).ok());
        let anonymous = status.as_deref().and_then(|text| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("RssAnon:"))?;
            line.trim().strip_suffix(" kB")?.trim().parse().ok()
        });
        self.peak = self.peak.max(anonymous.unwrap_or(0));
    }
}

/// Does what this process was ordered to do, if it was started as a loader.
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its parent reads it"
)]
pub async fn run_if_ordered() -> Option<ExitCode> {
    let orders = std::env::var(ORDERS).ok()?;
    Some(match work(&orders).await {
        Ok(rows) => {
            println!("{rows}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let failure = serde_json::to_string(&Failure::of(&error));
            eprintln!("{}", failure.unwrap_or_else(|error| error.to_string()));
            ExitCode::FAILURE
        }
    })
}

async fn work(orders: &str) -> anyhow::Result<u64> {
    let orders: Orders = serde_json::from_str(orders)?;
    let nodes = orders
        .nodes
        .iter()
        .map(|(host, port)| Node::new(host, *port))
        .collect();
    let config = orders
        .access
        .configure(&orders.database, nodes, super::stack_options(None))?
        // Connections are cut from the first one on: the first statement waits for one that lasts.
        .set(keys::auth::CHECK_AT_OPEN, false)
        .build()?;
    let db = Database::open(config).await.context("opening")?;
    match orders.work {
        Work::Load { file, chunk_rows } => {
            let report = load(chunk_rows)
                .run(db.executor(), Source::csv(file))
                .await?;
            Ok(report.rows)
        }
        Work::Export { directory } => {
            let manifest: Manifest = Export::table("item", Csv::postgres())
                .parts(3)
                .run(db.executor(), Destination::Directory(directory))
                .await?;
            Ok(manifest.rows)
        }
    }
}

fn load(chunk_rows: usize) -> Load {
    Load::into_table("item")
        .resumable("item")
        .chunk_rows(chunk_rows)
        .sessions(3)
}
