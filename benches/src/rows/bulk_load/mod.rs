//! P5: a million rows into a table, as bytes of a file and as values, beside the server that reads the same file itself.

mod command;
mod data;
mod driver;
mod wire;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Sample, Target},
    resources::allocated_bytes,
    server::Server,
    wide::{self, Files},
};
use command::{Psql, ServerSide};
use data::{DataLoad, ValuesLoad};
use driver::Driver;
use wire::{WireBytes, WireRows};

/// Memory that a load may take beyond what it found, in MiB.
const FLAT: f64 = 32.0;

/// The row.
#[derive(Debug)]
pub(super) struct BulkLoad;

impl Row for BulkLoad {
    fn heading(&self) -> Heading {
        headings::BULK_LOAD
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?.ours()?;
            let rows = wide::rows(settings);
            wide::create_filled(&server, rows).await?;
            let files = Arc::new(Files::write(&server).await?);
            wide::create_empty(&server, TABLE).await?;
            let bed = Bed {
                server,
                files,
                rows,
            };
            Ok(vec![csv(&bed).await?, binary(&bed).await?])
        }
        .boxed()
    }
}

/// The table that is loaded, empty before each round.
const TABLE: &str = "loaded";

fn metrics() -> Vec<Metric> {
    vec![
        Metric::higher("rate", "rows/s"),
        Metric::lower("memory", "MiB more at most"),
    ]
}

fn target(subject: &'static str, peer: &'static str, times: f64) -> Target {
    Target {
        subject,
        metric: "rate",
        bound: Bound::RatioAtLeast(peer, times),
    }
}

fn flat(subject: &'static str) -> Target {
    Target {
        subject,
        metric: "memory",
        bound: Bound::AtMost(FLAT),
    }
}

async fn csv(bed: &Bed) -> Result<Case, MeasureError> {
    Ok(Case {
        name: format!("{} rows of CSV in a file", bed.rows),
        metrics: metrics(),
        targets: vec![
            target(WireBytes::NAME, ServerSide::CSV, 0.95),
            target(WireBytes::NAME, Psql::CSV, 1.0),
            target(DataLoad::NAME, Psql::CSV, 1.0),
            flat(WireBytes::NAME),
            flat(DataLoad::NAME),
        ],
        rounds: 5,
        subjects: vec![
            Box::new(WireBytes::connect(bed).await?),
            Box::new(DataLoad::connect(bed).await?),
            Box::new(Psql::csv(bed)),
            Box::new(ServerSide::csv(bed)),
        ],
    })
}

async fn binary(bed: &Bed) -> Result<Case, MeasureError> {
    Ok(Case {
        name: format!("{} rows of values, in the binary format", bed.rows),
        metrics: metrics(),
        targets: vec![
            target(WireRows::NAME, ServerSide::BINARY, 0.9),
            // The best of what is shipped: one session cannot, since the server itself reads its binary file at less than that.
            target(ValuesLoad::NAME, Psql::CSV, 2.0),
            target(WireRows::NAME, Driver::NAME, 1.0),
            flat(WireRows::NAME),
            flat(ValuesLoad::NAME),
        ],
        rounds: 5,
        subjects: vec![
            Box::new(WireRows::connect(bed).await?),
            Box::new(ValuesLoad::connect(bed).await?),
            Box::new(Driver::connect(bed).await?),
            Box::new(Psql::csv(bed)),
            Box::new(Psql::binary(bed)),
            Box::new(ServerSide::binary(bed)),
        ],
    })
}

/// What every subject works on.
#[derive(Clone)]
struct Bed {
    server: Arc<Server>,
    files: Arc<Files>,
    rows: i64,
}

impl Bed {
    /// Empties the table, which is not measured.
    async fn empty(&self) -> Result<(), MeasureError> {
        let client = self.server.client().await?;
        client.batch_execute(&format!("TRUNCATE {TABLE}")).await?;
        Ok(())
    }

    /// The sample of a load that took so many seconds, if all rows are there; without the memory of another program.
    async fn loaded(&self, seconds: f64, memory: Option<Memory>) -> Result<Sample, MeasureError> {
        let client = self.server.client().await?;
        let row = client
            .query_one(&format!("SELECT count(*) FROM {TABLE}"), &[])
            .await?;
        let count: i64 = row.try_get(0)?;
        if count != self.rows {
            return Err(format!("{count} rows were loaded, not {}", self.rows).into());
        }
        let sample = Sample::new().with("rate", self.rows as f64 / seconds);
        Ok(match memory {
            Some(memory) => sample.with("memory", memory.mebibytes()),
            None => sample,
        })
    }
}

/// The most that was allocated beyond what there was at first.
#[derive(Clone, Copy, Debug)]
struct Memory {
    before: usize,
    most: usize,
}

impl Memory {
    fn now() -> Self {
        let before = allocated_bytes();
        Self {
            before,
            most: before,
        }
    }

    /// Looks again.
    fn look(&mut self) {
        self.saw(allocated_bytes());
    }

    /// So much was seen by another task.
    fn saw(&mut self, allocated: usize) {
        self.most = self.most.max(allocated);
    }

    fn mebibytes(self) -> f64 {
        self.most.saturating_sub(self.before) as f64 / f64::from(1 << 20)
    }
}
