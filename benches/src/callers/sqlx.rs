//! sqlx, with its defaults.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::Caller;
use crate::{
    case::{MeasureError, Role},
    pools::live::{Opening, encrypted},
};

/// sqlx's pool.
#[derive(Clone, Debug)]
pub struct Sqlx {
    pool: sqlx::PgPool,
    statement: &'static str,
}

impl Caller for Sqlx {
    const NAME: &'static str = "sqlx";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "defaults: it pings at checkout and return";

    async fn open(opening: Opening, statement: &'static str) -> Result<Self, MeasureError> {
        let options = PgConnectOptions::new()
            .host(&opening.host)
            .port(opening.port)
            .username(&opening.user)
            .password(&opening.password)
            .database(&opening.database);
        let pool = PgPoolOptions::new()
            .max_connections(opening.sessions)
            .acquire_timeout(opening.patience)
            .connect_with(encrypted(options, opening.tls.as_ref()))
            .await?;
        Ok(Self { pool, statement })
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        let query = sqlx::query_scalar::<_, i64>(self.statement).bind(id);
        Ok(query.fetch_one(&self.pool).await?)
    }
}
