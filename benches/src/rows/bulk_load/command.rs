//! PostgreSQL's own ways: psql's `\copy`, and the server that reads a file of its own.

use std::path::PathBuf;
use std::time::Instant;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Bed, TABLE};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    psql,
};

/// `\copy`, from psql's start to its end.
pub(super) struct Psql {
    bed: Bed,
    name: &'static str,
    file: PathBuf,
    format: &'static str,
}

impl Psql {
    pub(super) const CSV: &str = "psql \\copy";
    const BINARY: &str = "psql \\copy, binary";

    pub(super) fn csv(bed: &Bed) -> Self {
        Self {
            name: Self::CSV,
            file: bed.files.csv.clone(),
            format: "csv",
            bed: bed.clone(),
        }
    }

    pub(super) fn binary(bed: &Bed) -> Self {
        Self {
            name: Self::BINARY,
            file: bed.files.binary.clone(),
            format: "binary",
            bed: bed.clone(),
        }
    }
}

impl Subject for Psql {
    fn is_another_program(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        format!("FORMAT {}, its start included", self.format)
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            self.bed.empty().await?;
            let command = format!(
                "\\copy {TABLE} FROM '{}' WITH (FORMAT {})",
                self.file.display(),
                self.format
            );
            let took = psql::run(&self.bed.server, &command).await?;
            self.bed.loaded(took.as_secs_f64(), None).await
        }
        .boxed()
    }
}

/// `COPY .. FROM 'file'`: no client sends anything.
pub(super) struct ServerSide {
    bed: Bed,
    name: &'static str,
    file: PathBuf,
    format: &'static str,
}

impl ServerSide {
    pub(super) const CSV: &str = "COPY FROM a file";
    pub(super) const BINARY: &str = "COPY FROM a binary file";

    pub(super) fn csv(bed: &Bed) -> Self {
        Self {
            name: Self::CSV,
            file: bed.files.csv.clone(),
            format: "csv",
            bed: bed.clone(),
        }
    }

    pub(super) fn binary(bed: &Bed) -> Self {
        Self {
            name: Self::BINARY,
            file: bed.files.binary.clone(),
            format: "binary",
            bed: bed.clone(),
        }
    }
}

impl Subject for ServerSide {
    fn is_another_program(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        format!("FORMAT {}, read by the server", self.format)
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            self.bed.empty().await?;
            let client = self.bed.server.client().await?;
            let command = format!(
                "COPY {TABLE} FROM '{}' WITH (FORMAT {})",
                self.file.display(),
                self.format
            );
            let started = Instant::now();
            client.batch_execute(&command).await?;
            let seconds = started.elapsed().as_secs_f64();
            self.bed.loaded(seconds, None).await
        }
        .boxed()
    }
}
