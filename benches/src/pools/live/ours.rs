//! The pool of crdb-facade.

use crdb_facade::{Config, Connector, Database};
use crdb_pool::Lease;

use super::{LivePool, Opening, QUESTION};
use crate::{
    case::{MeasureError, Role},
    pools::until_idle,
    tls::Tls,
};

/// crdb-pool with sessions of crdb-auth, as crdb-facade joins them.
#[derive(Clone, Debug)]
pub struct Ours(Database);

impl LivePool for Ours {
    const NAME: &'static str = "crdb-pool";
    const ROLE: Role = Role::Ours;
    const SETTINGS: &'static str = "the pool of crdb-facade, defaults";
    type Session = Lease<Connector>;

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let sessions = opening.sessions.to_string();
        let patience = format!("{} ms", opening.patience.as_millis());
        let mut config = Config::builder()
            .set_text("auth.nodes", &format!("{}:{}", opening.host, opening.port))
            .set_text("auth.user", &opening.user)
            .set_text("auth.password", &opening.password)
            .set_text("auth.database", &opening.database)
            .set_text("pool.max_size", &sessions)
            .set_text("pool.min_size", &sessions)
            .set_text("pool.acquire_timeout", &patience);
        for (key, value) in Tls::settings(opening.tls.as_ref()) {
            config = config.set_text(key, &value);
        }
        let database = Database::open(config.build()?).await?;
        until_idle(|| database.pool_status().idle, opening.sessions).await?;
        Ok(Self(database))
    }

    async fn get(&self) -> Result<Self::Session, MeasureError> {
        Ok(self.0.pool().acquire().await?)
    }

    fn number(session: &Self::Session) -> Option<u64> {
        Some(session.session_number())
    }

    async fn ask(session: &mut Self::Session) -> Result<(), MeasureError> {
        session.wire().simple(QUESTION).await?;
        Ok(())
    }
}
