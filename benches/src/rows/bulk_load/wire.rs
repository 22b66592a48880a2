//! crdb-wire's COPY, of bytes and of values.

use std::time::Instant;

use crdb_auth::{Config, Connector, Endpoint, SslMode, TlsConfig};
use crdb_wire::{CopyFormat, Session};
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::io::AsyncReadExt as _;

use super::{Bed, Memory, TABLE};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    server::Server,
    wide::Row,
};

/// How much of the file is read at once.
const PIECE: usize = 256 << 10;
/// After so many rows the memory is looked at.
const GLANCE: i64 = 20_000;

async fn session(server: &Server) -> Result<Session, MeasureError> {
    let config = Config::builder()
        .user(server.user())
        .password(server.password())
        .database(server.database())
        .tls(TlsConfig::new().mode(SslMode::Disable))
        .build()?;
    let endpoint = Endpoint::new(server.host(), server.port());
    let stream = Connector::new(config)?.open(&endpoint).await?;
    Ok(Session::start(stream))
}

/// The bytes of the CSV file.
pub(super) struct WireBytes {
    bed: Bed,
    session: Session,
}

impl WireBytes {
    pub(super) const NAME: &str = "crdb-wire";

    pub(super) async fn connect(bed: &Bed) -> Result<Self, MeasureError> {
        Ok(Self {
            bed: bed.clone(),
            session: session(&bed.server).await?,
        })
    }
}

impl Subject for WireBytes {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        format!("copy_in_bytes, CSV, {} KiB at a time", PIECE >> 10)
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            self.bed.empty().await?;
            let mut memory = Memory::now();
            let started = Instant::now();
            let mut file = tokio::fs::File::open(&self.bed.files.csv).await?;
            let statement = format!("COPY {TABLE} FROM STDIN WITH (FORMAT csv)");
            let mut copy = self
                .session
                .copy_in_bytes(statement.as_str(), CopyFormat::Csv)
                .await?;
            loop {
                let mut piece = Vec::with_capacity(PIECE);
                if file.read_buf(&mut piece).await? == 0 {
                    break;
                }
                copy.send(piece).await?;
                memory.look();
            }
            copy.finish().await?;
            let seconds = started.elapsed().as_secs_f64();
            self.bed.loaded(seconds, Some(memory)).await
        }
        .boxed()
    }
}

/// Values, encoded row by row.
pub(super) struct WireRows {
    bed: Bed,
    session: Session,
}

impl WireRows {
    pub(super) const NAME: &str = "crdb-wire";

    pub(super) async fn connect(bed: &Bed) -> Result<Self, MeasureError> {
        Ok(Self {
            bed: bed.clone(),
            session: session(&bed.server).await?,
        })
    }
}

impl crdb_wire::CopyRow for Row {
    fn encode(&self, row: &mut crdb_wire::RowWriter<'_>) -> Result<(), crdb_wire::EncodeError> {
        row.value(&self.id)?
            .value(&self.account)?
            .value(&self.branch)?
            .value(&self.amount)?
            .value(&self.rate)?
            .value(&self.open)?
            .value(&self.kind)?
            .value(&self.day)?
            .value(self.note)?
            .value(&self.reference)?;
        Ok(())
    }
}

impl Subject for WireRows {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        "copy_in, binary, a struct a row".to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            self.bed.empty().await?;
            let mut memory = Memory::now();
            let started = Instant::now();
            let statement = format!("COPY {TABLE} FROM STDIN WITH (FORMAT binary)");
            let mut copy = self
                .session
                .copy_in(statement.as_str(), CopyFormat::Binary)
                .await?;
            for id in 1..=self.bed.rows {
                copy.send(&Row::number(id)).await?;
                if id % GLANCE == 0 {
                    memory.look();
                }
            }
            copy.finish().await?;
            let seconds = started.elapsed().as_secs_f64();
            self.bed.loaded(seconds, Some(memory)).await
        }
        .boxed()
    }
}
