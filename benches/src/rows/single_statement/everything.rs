//! This toolkit with all on that can be seen of reads: metrics, tracing, lines for operators, OTLP to a collector, the profile, and an entry
//! in the audit log for each.
//!
//! An entry is queued when the statement has been answered, and its receipt is waited for together with the next statement, so that it is
//! written while the server works, and no more than one statement is without a receipt. The log is durable as the operating system is ([`Durability::Written`]): no loopback database is as slow as a disk.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use crdb_exec::{ExecutorExt as _, Row as _, Statement, ToSql};
use crdb_facade::Database;
use crdb_facade::observe::audit::{
    AuditConfig, AuditLog, Durability, MacKey, Outcome, Record, Signer, Submitted,
};
use futures_util::future::{BoxFuture, FutureExt as _, join};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::{microseconds, percentiles},
    ours,
    program::built,
    server::{POINT_SELECT, ROWS, Server},
};

pub(super) const NAME: &str = "crdb-facade, everything on";
pub(super) const SAMPLED: &str = "crdb-facade, everything on, traces sampled";

/// Which traces are sent to the collector. Metrics, log lines, the profile and the audit log are of all statements in any case.
#[derive(Clone, Copy)]
pub(super) enum Traces {
    All,
    /// One in ten, as a service with many statements a second has it.
    Tenth,
}

/// One row by key, again and again, by one task.
pub(super) struct Everything {
    traces: Traces,
    database: Database,
    audit: AuditLog,
    _collector: Child,
    /// Where the log is, for as long as it is written.
    _directory: tempfile::TempDir,
    count: usize,
    server: Arc<Server>,
}

impl Everything {
    pub(super) async fn connect(
        server: &Arc<Server>,
        count: usize,
        traces: Traces,
    ) -> Result<Self, MeasureError> {
        let (collector, url) = collector().await?;
        let settings = [
            ("observe.otlp.endpoint", url.as_str()),
            ("observe.log.format", "json"),
            ("observe.profile", "true"),
            (
                "observe.otlp.sample_ratio",
                match traces {
                    Traces::All => "1",
                    Traces::Tenth => "0.1",
                },
            ),
        ];
        let database = ours::open_with(server, &settings).await?;
        let directory = tempfile::tempdir()?;
        let audit = audit(directory.path())?;
        database.metrics().watch_audit(&audit);
        Ok(Self {
            traces,
            database,
            audit,
            _collector: collector,
            _directory: directory,
            count,
            server: Arc::clone(server),
        })
    }
}

impl Subject for Everything {
    fn name(&self) -> &'static str {
        match self.traces {
            Traces::All => NAME,
            Traces::Tenth => SAMPLED,
        }
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        let traces = match self.traces {
            Traces::All => "each trace",
            Traces::Tenth => "one trace in ten",
        };
        format!(
            "Database of crdb-facade, metrics, tracing, log lines, OTLP ({traces}) and profile on, each statement in an audit log (the receipt waited for with the next one), {}",
            self.server.transport()
        )
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        const STATEMENT: Statement<'static> = Statement::new(POINT_SELECT).named("points.get");
        async move {
            let executor = self.database.executor();
            let mut latencies = Vec::with_capacity(self.count);
            let mut behind: Option<Submitted> = None;
            for id in (1..=ROWS).cycle().take(self.count) {
                let started = Instant::now();
                let values: [&(dyn ToSql + Sync); 1] = [&id];
                let statement = executor.fetch_one(STATEMENT, &values);
                let row = match behind.take() {
                    Some(before) => {
                        let (row, receipt) = join(statement, before).await;
                        receipt?;
                        row?
                    }
                    None => statement.await?,
                };
                let value: i64 = row.get(0)?;
                let record = Record::new("bench", Outcome::Done)
                    .query("points.get")
                    .rows(1);
                behind = Some(self.audit.submit(record).await?);
                latencies.push(microseconds(started.elapsed()));
                std::hint::black_box(value);
            }
            if let Some(last) = behind {
                last.await?;
            }
            Ok(percentiles(latencies))
        }
        .boxed()
    }
}

/// A log that is synced once a second.
fn audit(directory: &std::path::Path) -> Result<AuditLog, MeasureError> {
    let signer = Signer::from_seed("bench.example/audit", &[7; 32])?;
    let config = AuditConfig::new(directory, MacKey::new(&[42; 32])?, signer)
        .durability(Durability::Written(Duration::from_secs(1)));
    Ok(AuditLog::open(config)?)
}

/// A collector, and its URL. It is a program of its own: what it does is no cost of the client.
async fn collector() -> Result<(Child, String), MeasureError> {
    let mut child = Command::new(built("collector")?)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().ok_or("the collector has no output")?;
    let mut lines = BufReader::new(output).lines();
    let url = timeout(Duration::from_secs(60), lines.next_line())
        .await
        .map_err(|_| "the collector did not say within 60 s where it listens")??;
    let url = url.ok_or("the collector has ended")?;
    Ok((child, url))
}
