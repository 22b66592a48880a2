//! The same queries without a pool: what 5 connections need at least.

use std::time::Instant;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::spike::{CALLERS, IDLE, QUERY};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    pools::work,
};

/// As many tasks as there are idle connections, which share the queries evenly and never wait for each other.
pub(super) struct Floor;

impl Subject for Floor {
    fn name(&self) -> &'static str {
        "no pool"
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!("{IDLE} tasks, each with a connection of its own and its share of the queries")
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let started = Instant::now();
            let tasks: Vec<_> = (0..IDLE)
                .map(|number| {
                    tokio::spawn(async move {
                        for _ in 0..CALLERS / IDLE {
                            work(&number, Some(QUERY)).await;
                        }
                    })
                })
                .collect();
            for task in tasks {
                task.await?;
            }
            let done = started.elapsed().as_secs_f64() * 1e3;
            Ok(Sample::new()
                .with("done", done)
                .with("connections", f64::from(IDLE)))
        }
        .boxed()
    }
}
