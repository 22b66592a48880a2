//! The driver by itself, on one connection.

use std::{sync::Arc, time::Instant};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio_postgres::{Client, Statement};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::{microseconds, percentiles},
    server::{POINT_SELECT, ROWS, Server},
};

pub(super) const NAME: &str = "tokio-postgres";

/// One client with the statement prepared.
pub(super) struct Bare {
    client: Client,
    statement: Statement,
    count: usize,
    server: Arc<Server>,
}

impl Bare {
    pub(super) async fn connect(server: &Arc<Server>, count: usize) -> Result<Self, MeasureError> {
        let client = server.client().await?;
        let statement = client.prepare(POINT_SELECT).await?;
        Ok(Self {
            client,
            statement,
            count,
            server: Arc::clone(server),
        })
    }
}

impl Subject for Bare {
    fn name(&self) -> &'static str {
        NAME
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        format!(
            "one client, prepared statement, {}",
            self.server.transport()
        )
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let mut latencies = Vec::with_capacity(self.count);
            for id in (1..=ROWS).cycle().take(self.count) {
                let started = Instant::now();
                let row = self.client.query_one(&self.statement, &[&id]).await?;
                let value: i64 = row.try_get(0)?;
                latencies.push(microseconds(started.elapsed()));
                std::hint::black_box(value);
            }
            Ok(percentiles(latencies))
        }
        .boxed()
    }
}
