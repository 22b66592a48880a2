//! crdb-data's export, into a directory.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Instant;

use crdb_facade::{
    Database,
    data::{ArrowIpc, Destination, Export, Parquet},
};
use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    ours,
    resources::allocated_bytes,
    server::Server,
};

/// The format of the files.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Arrow,
    Parquet,
}

/// Sessions that read side by side, one for each core of the machine that the targets are about.
const PARTS: usize = 2;

/// The whole stack.
pub(super) struct DataExport {
    database: Database,
    kind: Kind,
    rows: i64,
    _server: Arc<Server>,
}

impl DataExport {
    pub(super) const ARROW: &str = "crdb-data, Arrow";
    const PARQUET: &str = "crdb-data, Parquet";

    pub(super) async fn connect(
        server: &Arc<Server>,
        kind: Kind,
        rows: i64,
    ) -> Result<Self, MeasureError> {
        Ok(Self {
            database: ours::open(server).await?,
            kind,
            rows,
            _server: Arc::clone(server),
        })
    }

    fn export(&self) -> Export {
        match self.kind {
            Kind::Arrow => Export::table("wide", ArrowIpc::new()),
            Kind::Parquet => Export::table("wide", Parquet::new()),
        }
        .parts(PARTS)
    }
}

impl Subject for DataExport {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Arrow => Self::ARROW,
            Kind::Parquet => Self::PARQUET,
        }
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        format!("Export into files, {PARTS} parts, synced")
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let directory = tempfile::tempdir()?;
            let before = allocated_bytes();
            let most = Arc::new(AtomicUsize::new(before));
            let seen = Arc::clone(&most);
            let export = self.export().on_progress(move |_| {
                seen.fetch_max(allocated_bytes(), Ordering::Relaxed);
            });
            let started = Instant::now();
            let manifest = export
                .run(
                    self.database.executor(),
                    Destination::Directory(directory.path().join("wide")),
                )
                .await?;
            let seconds = started.elapsed().as_secs_f64();
            if i64::try_from(manifest.rows)? != self.rows {
                return Err(
                    format!("{} rows were exported, not {}", manifest.rows, self.rows).into(),
                );
            }
            let memory = most.load(Ordering::Relaxed).saturating_sub(before);
            Ok(Sample::new()
                .with("time", seconds)
                .with("memory", memory as f64 / f64::from(1 << 20)))
        }
        .boxed()
    }
}
