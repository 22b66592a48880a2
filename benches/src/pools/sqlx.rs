//! sqlx's pool, which takes connections of its own databases only: it has a real server.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::{Opening, Pool, live::encrypted, until_idle, work};
use crate::case::{MeasureError, Role};

/// sqlx.
#[derive(Clone, Debug)]
pub struct Sqlx(sqlx::PgPool);

impl Pool for Sqlx {
    const NAME: &'static str = "sqlx";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str =
        "a real server, test_before_acquire(false); it pings at every return";

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let server = &opening.server;
        let stub = opening.stub.clone();
        let options = PgConnectOptions::new()
            .host(server.host())
            .port(server.port())
            .username(server.user())
            .password(server.password())
            .database(server.database());
        let options = encrypted(options, server.tls());
        let pool = PgPoolOptions::new()
            .max_connections(opening.max)
            .min_connections(opening.idle)
            .test_before_acquire(false)
            .after_connect(move |_connection, _| {
                let stub = stub.clone();
                Box::pin(async move {
                    stub.connect().await;
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        let idle = || u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        until_idle(idle, opening.idle).await?;
        Ok(Self(pool))
    }

    async fn borrow(&self, keep: Option<Duration>) -> Result<(), MeasureError> {
        let connection = self.0.acquire().await?;
        work(&*connection, keep).await;
        Ok(())
    }
}
