//! diesel-async, with its pool over deadpool.

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use diesel::{ConnectionError, QueryDsl as _};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _};
use tokio_postgres::Config;

use super::{Caller, driver::config};
use crate::{
    case::{MeasureError, Role},
    pools::live::Opening,
    tls::{self, Rustls},
};

diesel::table! {
    points (id) {
        id -> BigInt,
        v -> BigInt,
    }
}

/// Opens connections of diesel-async.
#[derive(Debug)]
pub(super) struct Connector {
    config: Config,
    tls: Option<Rustls>,
}

impl Manager for Connector {
    type Type = AsyncPgConnection;
    type Error = ConnectionError;

    async fn create(&self) -> Result<AsyncPgConnection, ConnectionError> {
        let client = tls::connect(&self.config, self.tls.as_ref())
            .await
            .map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
        AsyncPgConnection::try_from(client).await
    }

    async fn recycle(
        &self,
        connection: &mut AsyncPgConnection,
        _metrics: &Metrics,
    ) -> RecycleResult<ConnectionError> {
        use diesel_async::pooled_connection::PoolableConnection as _;

        if connection.is_broken() {
            return Err(RecycleError::message("the connection is broken"));
        }
        Ok(())
    }
}

/// diesel-async's connections in a pool.
#[derive(Clone)]
pub struct Diesel(deadpool::managed::Pool<Connector>);

impl Caller for Diesel {
    const NAME: &'static str = "diesel-async";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str =
        "in deadpool, no ping, the query by its builder and its statement cache";

    /// The statement is the one by key that [`call`](Self::call) builds.
    async fn open(opening: Opening, _: &'static str) -> Result<Self, MeasureError> {
        let connector = Connector {
            config: config(&opening),
            tls: opening.tls.as_ref().map(Rustls::new).transpose()?,
        };
        let pool = deadpool::managed::Pool::builder(connector)
            .max_size(usize::try_from(opening.sessions)?)
            .build()?;
        Ok(Self(pool))
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        let mut connection = self.0.get().await?;
        let query = points::table.find(id).select(points::v);
        Ok(query.get_result::<i64>(&mut *connection).await?)
    }
}
