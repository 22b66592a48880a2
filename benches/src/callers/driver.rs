//! tokio-postgres: its clients shared by all tasks, and in the pools that its users take.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use deadpool::managed::{Metrics, RecycleError, RecycleResult};
use tokio_postgres::{Client, Config, Statement};

use super::Caller;
use crate::{
    case::{MeasureError, Role},
    pools::live::Opening,
    tls::{self, Rustls},
};

/// A client with the statement prepared, which is no more than `prepare_cached` does after the first call.
#[derive(Debug)]
pub(super) struct Prepared {
    client: Client,
    statement: Statement,
}

impl Prepared {
    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        let row = self.client.query_one(&self.statement, &[&id]).await?;
        Ok(row.try_get(0)?)
    }
}

/// Where tokio-postgres connects to.
pub(super) fn config(opening: &Opening) -> Config {
    let mut config = Config::new();
    config
        .host(&opening.host)
        .port(opening.port)
        .user(&opening.user)
        .password(&opening.password)
        .dbname(&opening.database)
        .connect_timeout(opening.patience);
    config
}

/// Opens clients.
#[derive(Debug)]
pub(super) struct Connector {
    config: Config,
    tls: Option<Rustls>,
    statement: &'static str,
}

impl Connector {
    fn new(opening: &Opening, statement: &'static str) -> Result<Self, MeasureError> {
        Ok(Self {
            config: config(opening),
            tls: opening.tls.as_ref().map(Rustls::new).transpose()?,
            statement,
        })
    }

    async fn open(&self) -> Result<Prepared, tokio_postgres::Error> {
        let client = tls::connect(&self.config, self.tls.as_ref()).await?;
        let statement = client.prepare(self.statement).await?;
        Ok(Prepared { client, statement })
    }
}

impl bb8::ManageConnection for Connector {
    type Connection = Prepared;
    type Error = tokio_postgres::Error;

    async fn connect(&self) -> Result<Prepared, tokio_postgres::Error> {
        self.open().await
    }

    async fn is_valid(&self, session: &mut Prepared) -> Result<(), tokio_postgres::Error> {
        session.client.simple_query("").await.map(drop)
    }

    fn has_broken(&self, session: &mut Prepared) -> bool {
        session.client.is_closed()
    }
}

impl deadpool::managed::Manager for Connector {
    type Type = Prepared;
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Prepared, tokio_postgres::Error> {
        self.open().await
    }

    async fn recycle(
        &self,
        session: &mut Prepared,
        _metrics: &Metrics,
    ) -> RecycleResult<tokio_postgres::Error> {
        if session.client.is_closed() {
            return Err(RecycleError::message("the session is closed"));
        }
        Ok(())
    }
}

/// deadpool, as deadpool-postgres sets it up.
#[derive(Clone, Debug)]
pub struct Deadpool(deadpool::managed::Pool<Connector>);

impl Caller for Deadpool {
    const NAME: &'static str = "deadpool";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "RecyclingMethod::Fast, the statement prepared on each session";

    async fn open(opening: Opening, statement: &'static str) -> Result<Self, MeasureError> {
        let pool = deadpool::managed::Pool::builder(Connector::new(&opening, statement)?)
            .max_size(usize::try_from(opening.sessions)?)
            .build()?;
        Ok(Self(pool))
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        self.0.get().await?.call(id).await
    }
}

/// bb8, as bb8-postgres sets it up.
#[derive(Clone, Debug)]
pub struct Bb8(bb8::Pool<Connector>);

impl Caller for Bb8 {
    const NAME: &'static str = "bb8";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str =
        "it checks at every checkout, the statement prepared on each session";

    async fn open(opening: Opening, statement: &'static str) -> Result<Self, MeasureError> {
        let pool = bb8::Pool::builder()
            .max_size(opening.sessions)
            .connection_timeout(opening.patience)
            .build(Connector::new(&opening, statement)?)
            .await?;
        Ok(Self(pool))
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        self.0.get().await?.call(id).await
    }
}

/// Clients that all tasks share, each statement on the next: tokio-postgres pipelines what comes at once.
#[derive(Clone, Debug)]
pub struct Shared {
    clients: Arc<[Prepared]>,
    next: Arc<AtomicUsize>,
}

impl Caller for Shared {
    const NAME: &'static str = "tokio-postgres, shared";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str =
        "as many clients, each statement on the next, no retry and no metrics";

    async fn open(opening: Opening, statement: &'static str) -> Result<Self, MeasureError> {
        let connector = Connector::new(&opening, statement)?;
        let mut clients = Vec::new();
        for _ in 0..opening.sessions {
            clients.push(connector.open().await?);
        }
        Ok(Self {
            clients: clients.into(),
            next: Arc::default(),
        })
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.clients.len();
        self.clients[next].call(id).await
    }
}
