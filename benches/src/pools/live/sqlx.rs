//! sqlx's pool.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};

use super::{LivePool, Opening, QUESTION};
use crate::{
    case::{MeasureError, Role},
    pools::until_idle,
    tls::Tls,
};

/// sqlx.
#[derive(Clone, Debug)]
pub struct Sqlx(sqlx::PgPool);

/// The options, with TLS where there is one.
pub(crate) fn encrypted(options: PgConnectOptions, tls: Option<&Tls>) -> PgConnectOptions {
    let Some(tls) = tls else {
        return options.ssl_mode(PgSslMode::Disable);
    };
    let options = options
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert(&tls.root);
    match &tls.client {
        Some((certificate, key)) => options.ssl_client_cert(certificate).ssl_client_key(key),
        None => options,
    }
}

impl LivePool for Sqlx {
    const NAME: &'static str = "sqlx";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "it pings at every return";
    type Session = sqlx::pool::PoolConnection<sqlx::Postgres>;

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let options = PgConnectOptions::new()
            .host(&opening.host)
            .port(opening.port)
            .username(&opening.user)
            .password(&opening.password)
            .database(&opening.database);
        let options = encrypted(options, opening.tls.as_ref());
        let pool = PgPoolOptions::new()
            .max_connections(opening.sessions)
            .min_connections(opening.sessions)
            .acquire_timeout(opening.patience)
            .test_before_acquire(opening.check)
            .connect_with(options)
            .await?;
        let idle = || u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
        until_idle(idle, opening.sessions).await?;
        Ok(Self(pool))
    }

    async fn get(&self) -> Result<Self::Session, MeasureError> {
        Ok(self.0.acquire().await?)
    }

    fn number(_session: &Self::Session) -> Option<u64> {
        None
    }

    async fn ask(session: &mut Self::Session) -> Result<(), MeasureError> {
        sqlx::raw_sql(QUESTION).execute(&mut **session).await?;
        Ok(())
    }
}
