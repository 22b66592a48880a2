//! crdb-data's load: chunks that are committed once, on several sessions.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Instant;

use crdb_facade::{
    Database,
    data::{Error, Load, RowValues, Source, ValueRow},
};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Bed, Memory, TABLE};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    ours,
    resources::allocated_bytes,
    wide::{self, Row},
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
            let source = Source::csv(&self.bed.files.csv).without_header(wide::NAMES);
            load(&self.bed, &self.database, Load::into_table(TABLE), source).await
        }
        .boxed()
    }
}

/// Loads, and looks at the memory after each chunk.
async fn load(
    bed: &Bed,
    database: &Database,
    load: Load,
    source: Source,
) -> Result<Sample, MeasureError> {
    let mut memory = Memory::now();
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let started = Instant::now();
    load.on_progress(move |_| {
        seen.fetch_max(allocated_bytes(), Ordering::Relaxed);
    })
    .run(database.executor(), source)
    .await?;
    let seconds = started.elapsed().as_secs_f64();
    memory.saw(most.load(Ordering::Relaxed));
    bed.loaded(seconds, Some(memory)).await
}

/// How many sessions load values at once.
const SESSIONS: usize = 4;

/// Values in the binary format, on several sessions.
pub(super) struct ValuesLoad(DataLoad);

impl ValuesLoad {
    pub(super) const NAME: &str = "crdb-data, 4 sessions";

    pub(super) async fn connect(bed: &Bed) -> Result<Self, MeasureError> {
        Ok(Self(DataLoad::connect(bed).await?))
    }
}

impl ValueRow for Row {
    fn put(&self, row: &mut RowValues<'_>) -> Result<(), Error> {
        row.put(&self.id)?
            .put(&self.account)?
            .put(&self.branch)?
            .put(&self.amount)?
            .put(&self.rate)?
            .put(&self.open)?
            .put(&self.kind)?
            .put(&self.day)?
            .put(&self.note)?
            .put(&self.reference)?;
        Ok(())
    }
}

impl Subject for ValuesLoad {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        format!(
            "Load of Source::values, {SESSIONS} sessions: each chunk of 1 MiB is committed once, with its mark"
        )
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let DataLoad { bed, database } = &self.0;
            bed.empty().await?;
            let rows = (1..=bed.rows).map(|id| Ok::<_, Error>(Row::number(id)));
            let source = Source::values(wide::NAMES, futures_util::stream::iter(rows));
            let into = Load::into_table(TABLE).sessions(SESSIONS);
            load(bed, database, into, source).await
        }
        .boxed()
    }
}
