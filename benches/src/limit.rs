//! What no client can beat on this machine: the same work by PostgreSQL's own programs, written in C.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::process::Command;

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::percentiles,
    pgbench::{Run, latencies, program},
    program::time_to_first_row,
    server::{FETCH_ALL, ROWS, Server},
    tls::Tls,
};

/// One row by key, again and again, by pgbench.
pub struct PointSelectLimit {
    /// The server.
    pub server: Arc<Server>,
    /// How often in a round.
    pub count: usize,
}

impl Subject for PointSelectLimit {
    fn name(&self) -> &'static str {
        "pgbench"
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!(
            "--client=1 --protocol=prepared, {}",
            self.server.transport()
        )
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let script =
                format!("\\set id random(1, {ROWS})\nSELECT v FROM points WHERE id = :id;\n");
            let run = Run {
                script: &script,
                clients: 1,
                transactions: self.count,
                options: &[],
            };
            Ok(percentiles(latencies(&self.server, run).await?))
        }
        .boxed()
    }
}

/// The whole table, again and again, by pgbench, which does not look at the rows.
pub struct FetchLimit {
    /// The server.
    pub server: Arc<Server>,
    /// How often in a round.
    pub count: usize,
}

impl Subject for FetchLimit {
    fn name(&self) -> &'static str {
        "pgbench"
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!(
            "--client=1 --protocol=prepared, {}, rows unread",
            self.server.transport()
        )
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let script = format!("{FETCH_ALL};\n");
            let run = Run {
                script: &script,
                clients: 1,
                transactions: self.count,
                options: &[],
            };
            let microseconds: f64 = latencies(&self.server, run).await?.iter().sum();
            let rows = ROWS as f64 * self.count as f64;
            Ok(Sample::new().with("throughput", rows / microseconds * 1e6))
        }
        .boxed()
    }
}

/// psql from its start to the end after one row.
pub struct FirstRowLimit {
    /// The server.
    pub server: Arc<Server>,
}

impl Subject for FirstRowLimit {
    fn name(&self) -> &'static str {
        "psql"
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!("--no-psqlrc --command, {}", self.server.transport())
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let server = &self.server;
            let mut command = Command::new(program("psql")?);
            command
                .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
                .args(["--command", "SELECT 1::INT8"])
                .args(["--host", server.host()])
                .args(["--port", &server.port().to_string()])
                .args(["--username", server.user(), server.database()])
                .env("PGPASSWORD", server.password())
                .envs(Tls::environment(server.tls()));
            time_to_first_row(self.name(), &mut command).await
        }
        .boxed()
    }
}
