//! JDBC's part of each case.

use std::time::Instant;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::jdbc::Jdbc;
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::percentiles,
    server::ROWS,
};

pub(super) const NAME: &str = "jaydebeapi";

/// A Python process from its start to the end after one row.
pub(super) struct JdbcFirstRow {
    pub(super) jdbc: Jdbc,
}

/// One row by key, again and again.
pub(super) struct JdbcSelect {
    pub(super) jdbc: Jdbc,
    pub(super) count: usize,
}

/// The whole table, again and again.
pub(super) struct JdbcFetch {
    pub(super) jdbc: Jdbc,
    pub(super) count: usize,
}

impl Subject for JdbcFirstRow {
    fn name(&self) -> &'static str {
        NAME
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        Jdbc::settings()
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let started = Instant::now();
            self.jdbc.run("first-row", None).await?;
            Ok(Sample::new().with("time", started.elapsed().as_secs_f64() * 1e3))
        }
        .boxed()
    }
}

impl Subject for JdbcSelect {
    fn name(&self) -> &'static str {
        NAME
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        Jdbc::settings()
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            Ok(percentiles(
                self.jdbc.run("select", Some(self.count)).await?,
            ))
        }
        .boxed()
    }
}

impl Subject for JdbcFetch {
    fn name(&self) -> &'static str {
        NAME
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        Jdbc::settings()
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let seconds: f64 = self.jdbc.run("fetch", Some(self.count)).await?.iter().sum();
            Ok(Sample::new().with("throughput", ROWS as f64 * self.count as f64 / seconds))
        }
        .boxed()
    }
}
