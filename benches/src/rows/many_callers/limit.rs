//! pgbench on as many connections.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::percentiles,
    pgbench::{Run, latencies},
    server::{ROWS, Server},
};

/// As many connections as the clients have, each with one statement at a time.
pub(super) struct Pgbench {
    server: Arc<Server>,
    connections: u32,
    count: usize,
}

impl Pgbench {
    pub(super) fn new(server: &Arc<Server>, connections: u32, quick: bool) -> Self {
        Self {
            server: Arc::clone(server),
            connections,
            count: if quick { 1_000 } else { 4_000 },
        }
    }
}

impl Subject for Pgbench {
    fn name(&self) -> &'static str {
        "pgbench"
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!(
            "--client={} --protocol=prepared, {}",
            self.connections,
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
                clients: usize::try_from(self.connections)?,
                transactions: self.count,
                options: &[],
            };
            let latencies = latencies(&self.server, run).await?;
            let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
            let rate = f64::from(self.connections) * 1e6 / mean;
            Ok(percentiles(latencies).with("rate", rate))
        }
        .boxed()
    }
}
