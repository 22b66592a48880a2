//! This toolkit as a service uses it: the facade, with retry, breaker, metrics and tracing on, named queries.

use std::{sync::Arc, time::Instant};

use crdb_exec::{ExecutorExt, Row as _, Statement};
use crdb_facade::{Config, Database};
use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::{microseconds, percentiles},
    server::{FETCH_ALL, POINT_SELECT, ROWS, Server},
    tls::Tls,
};

/// How it runs, for the table.
const SETTINGS: &str = "Database of crdb-facade, defaults, metrics and tracing on";

/// Opens the whole stack on the server.
///
/// # Errors
/// Where the server refuses.
pub async fn open(server: &Server) -> Result<Database, MeasureError> {
    open_with(server, &[]).await
}

/// As [`open`], with further keys of the configuration.
///
/// # Errors
/// Where the server refuses.
pub async fn open_with(
    server: &Server,
    settings: &[(&str, &str)],
) -> Result<Database, MeasureError> {
    let mut config = Config::builder()
        .set_text(
            "auth.nodes",
            &format!("{}:{}", server.host(), server.port()),
        )
        .set_text("auth.user", server.user())
        .set_text("auth.password", server.password())
        .set_text("auth.database", server.database());
    for (key, value) in Tls::settings(server.tls()) {
        config = config.set_text(key, &value);
    }
    for (key, value) in settings {
        config = config.set_text(key, value);
    }
    Ok(Database::open(config.build()?).await?)
}

/// One row by key, again and again, by one task.
pub struct PointSelect {
    database: Database,
    /// Whether the statements run on a lane.
    lane: bool,
    count: usize,
    server: Arc<Server>,
}

impl PointSelect {
    /// The subject's name.
    pub const NAME: &str = "crdb-facade";
    /// Its name where the statements run on a lane.
    pub const LANE: &str = "crdb-facade, lane";

    /// Opens the stack with one lane.
    ///
    /// # Errors
    /// Where the server refuses.
    pub async fn on_a_lane(server: &Arc<Server>, count: usize) -> Result<Self, MeasureError> {
        Ok(Self {
            database: open_with(server, &[("exec.lanes", "1")]).await?,
            lane: true,
            count,
            server: Arc::clone(server),
        })
    }

    /// Opens the stack.
    ///
    /// # Errors
    /// Where the server refuses.
    pub async fn connect(server: &Arc<Server>, count: usize) -> Result<Self, MeasureError> {
        Ok(Self {
            database: open(server).await?,
            lane: false,
            count,
            server: Arc::clone(server),
        })
    }
}

impl Subject for PointSelect {
    fn name(&self) -> &'static str {
        if self.lane { Self::LANE } else { Self::NAME }
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        let lane = if self.lane { ", exec.lanes 1" } else { "" };
        format!("{SETTINGS}{lane}, {}", self.server.transport())
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        const STATEMENT: Statement<'static> = Statement::new(POINT_SELECT).named("points.get");
        async move {
            let executor = self.database.executor();
            let mut latencies = Vec::with_capacity(self.count);
            for id in (1..=ROWS).cycle().take(self.count) {
                let started = Instant::now();
                // `Database::executor` has sessions of the pool alone.
                let value: i64 = if self.lane {
                    let row = ExecutorExt::fetch_one(&self.database, STATEMENT, &[&id]).await?;
                    row.get(0)?
                } else {
                    executor.fetch_one(STATEMENT, &[&id]).await?.get(0)?
                };
                latencies.push(microseconds(started.elapsed()));
                std::hint::black_box(value);
            }
            Ok(percentiles(latencies))
        }
        .boxed()
    }
}

/// The whole table, again and again, each value read.
pub struct FetchAll {
    database: Database,
    count: usize,
    server: Arc<Server>,
}

impl FetchAll {
    /// The subject's name.
    pub const NAME: &str = "crdb-facade";

    /// Opens the stack.
    ///
    /// # Errors
    /// Where the server refuses.
    pub async fn connect(server: &Arc<Server>, count: usize) -> Result<Self, MeasureError> {
        Ok(Self {
            database: open(server).await?,
            count,
            server: Arc::clone(server),
        })
    }
}

impl Subject for FetchAll {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        format!("{SETTINGS}, {}", self.server.transport())
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        const STATEMENT: Statement<'static> = Statement::new(FETCH_ALL).named("points.all");
        async move {
            let executor = self.database.executor();
            let started = Instant::now();
            let mut sum = 0;
            for _ in 0..self.count {
                for row in executor.fetch_all(STATEMENT, &[]).await? {
                    let (id, value): (i64, i64) = (row.get(0)?, row.get(1)?);
                    let label: &str = row.get(2)?;
                    sum += id + value + i64::try_from(label.len())?;
                }
            }
            let seconds = started.elapsed().as_secs_f64();
            std::hint::black_box(sum);
            let rows = ROWS as f64 * self.count as f64;
            Ok(Sample::new().with("throughput", rows / seconds))
        }
        .boxed()
    }
}
