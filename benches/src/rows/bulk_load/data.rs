//! crdb-data's load: chunks that are committed once, on several sessions.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Instant;

use crdb_facade::{
    Database,
    data::{Load, Source},
};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Bed, Memory, TABLE};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    ours,
    resources::allocated_bytes,
    wide,
};

/// The whole stack.
pub(super) struct DataLoad {
    bed: Bed,
    database: Database,
}

impl DataLoad {
    pub(super) const NAME: &str = "crdb-data";

    pub(super) async fn connect(bed: &Bed) -> Result<Self, MeasureError> {
        Ok(Self {
            bed: bed.clone(),
            database: ours::open(&bed.server).await?,
        })
    }
}

impl Subject for DataLoad {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        "Load, defaults: each chunk of 1 MiB is committed once, with its mark".to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            self.bed.empty().await?;
            let mut memory = Memory::now();
            let most = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&most);
            let started = Instant::now();
            let source = Source::csv(&self.bed.files.csv).without_header(wide::NAMES);
            Load::into_table(TABLE)
                .on_progress(move |_| {
                    seen.fetch_max(allocated_bytes(), Ordering::Relaxed);
                })
                .run(self.database.executor(), source)
                .await?;
            let seconds = started.elapsed().as_secs_f64();
            memory.saw(most.load(Ordering::Relaxed));
            self.bed.loaded(seconds, Some(memory)).await
        }
        .boxed()
    }
}
