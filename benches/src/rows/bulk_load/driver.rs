//! tokio-postgres' own writer of the binary format.

use std::time::Instant;

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio_postgres::{Client, binary_copy::BinaryCopyInWriter, types::Type};

use super::{Bed, Memory, TABLE};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    wide::Row,
};

/// After so many rows the memory is looked at.
const GLANCE: i64 = 20_000;

/// One client.
pub(super) struct Driver {
    bed: Bed,
    client: Client,
}

impl Driver {
    pub(super) const NAME: &str = "tokio-postgres";

    pub(super) async fn connect(bed: &Bed) -> Result<Self, MeasureError> {
        Ok(Self {
            bed: bed.clone(),
            client: bed.server.client().await?,
        })
    }
}

impl Subject for Driver {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        "BinaryCopyInWriter".to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        const TYPES: [Type; 10] = [
            Type::INT8,
            Type::INT8,
            Type::INT4,
            Type::INT8,
            Type::FLOAT8,
            Type::BOOL,
            Type::INT4,
            Type::INT4,
            Type::TEXT,
            Type::TEXT,
        ];
        async move {
            self.bed.empty().await?;
            let mut memory = Memory::now();
            let started = Instant::now();
            let statement = format!("COPY {TABLE} FROM STDIN WITH (FORMAT binary)");
            let sink = self.client.copy_in(&statement).await?;
            let mut writer = std::pin::pin!(BinaryCopyInWriter::new(sink, &TYPES));
            for id in 1..=self.bed.rows {
                let row = Row::number(id);
                writer
                    .as_mut()
                    .write(&[
                        &row.id,
                        &row.account,
                        &row.branch,
                        &row.amount,
                        &row.rate,
                        &row.open,
                        &row.kind,
                        &row.day,
                        &row.note,
                        &row.reference,
                    ])
                    .await?;
                if id % GLANCE == 0 {
                    memory.look();
                }
            }
            writer.as_mut().finish().await?;
            let seconds = started.elapsed().as_secs_f64();
            self.bed.loaded(seconds, Some(memory)).await
        }
        .boxed()
    }
}
