//! PostgreSQL's own ways: psql's `\copy`, and the server that reads a file of its own.

use std::path::PathBuf;
use std::time::Instant;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Bed, TABLE};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    psql,
};

/// A file that PostgreSQL reads into the table.
struct Loaded {
    bed: Bed,
    name: &'static str,
    file: PathBuf,
    format: &'static str,
}

impl Loaded {
    fn csv(bed: &Bed, name: &'static str) -> Self {
        Self {
            name,
            file: bed.files.csv.clone(),
            format: "csv",
            bed: bed.clone(),
        }
    }

    fn binary(bed: &Bed, name: &'static str) -> Self {
        Self {
            name,
            file: bed.files.binary.clone(),
            format: "binary",
            bed: bed.clone(),
        }
    }

    /// The statement for it, behind `COPY` or `\copy`.
    fn command(&self, verb: &str) -> String {
        format!(
            "{verb} {TABLE} FROM '{}' WITH (FORMAT {})",
            self.file.display(),
            self.format
        )
    }
}

/// `\copy`, from psql's start to its end.
pub(super) struct Psql(Loaded);

impl Psql {
    pub(super) const CSV: &str = "psql \\copy";
    const BINARY: &str = "psql \\copy, binary";

    pub(super) fn csv(bed: &Bed) -> Self {
        Self(Loaded::csv(bed, Self::CSV))
    }

    pub(super) fn binary(bed: &Bed) -> Self {
        Self(Loaded::binary(bed, Self::BINARY))
    }
}

impl Subject for Psql {
    fn is_another_program(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        self.0.name
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        format!("FORMAT {}, its start included", self.0.format)
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let bed = &self.0.bed;
            bed.empty().await?;
            let took = psql::run(&bed.server, &self.0.command("\\copy")).await?;
            bed.loaded(took.as_secs_f64(), None).await
        }
        .boxed()
    }
}

/// `COPY .. FROM 'file'`: no client sends anything.
pub(super) struct ServerSide(Loaded);

impl ServerSide {
    pub(super) const CSV: &str = "COPY FROM a file";
    pub(super) const BINARY: &str = "COPY FROM a binary file";

    pub(super) fn csv(bed: &Bed) -> Self {
        Self(Loaded::csv(bed, Self::CSV))
    }

    pub(super) fn binary(bed: &Bed) -> Self {
        Self(Loaded::binary(bed, Self::BINARY))
    }
}

impl Subject for ServerSide {
    fn is_another_program(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        self.0.name
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!("FORMAT {}, read by the server", self.0.format)
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let bed = &self.0.bed;
            bed.empty().await?;
            let client = bed.server.client().await?;
            let command = self.0.command("COPY");
            let started = Instant::now();
            client.batch_execute(&command).await?;
            let seconds = started.elapsed().as_secs_f64();
            bed.loaded(seconds, None).await
        }
        .boxed()
    }
}
