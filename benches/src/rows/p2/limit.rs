//! pgbench on one connection.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::percentiles,
    pgbench::{Run, latencies},
    server::{ROWS, Server},
};

/// The same statement from C.
pub(super) struct Limit {
    pub(super) server: Arc<Server>,
    pub(super) count: usize,
}

impl Subject for Limit {
    fn name(&self) -> &'static str {
        "pgbench"
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        "--client=1 --protocol=prepared, no TLS".to_owned()
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
