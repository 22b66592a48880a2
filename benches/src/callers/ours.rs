//! crdb-facade, with sessions of its pool and with lanes.

use crdb_exec::{ExecutorExt, Row as _, Statement};
use crdb_facade::{Config, Database};

use super::Caller;
use crate::{
    case::{MeasureError, Role},
    pools::live::Opening,
    tls::Tls,
};

/// Each statement on a session of the pool.
#[derive(Clone, Debug)]
pub struct Pooled {
    database: Database,
    statement: &'static str,
}

/// Statements share connections.
#[derive(Clone, Debug)]
pub struct Lanes {
    database: Database,
    statement: &'static str,
}

/// With lanes, the pool has one session more than them: it is for transactions, and is not opened where there are none.
async fn open(opening: Opening, lanes: bool) -> Result<Database, MeasureError> {
    let lanes = if lanes { opening.sessions } else { 0 };
    let sessions = opening.sessions.max(lanes + 1);
    let mut config = Config::builder()
        .set_text("auth.nodes", &format!("{}:{}", opening.host, opening.port))
        .set_text("auth.user", &opening.user)
        .set_text("auth.password", &opening.password)
        .set_text("auth.database", &opening.database)
        .set_text("pool.max_size", &sessions.to_string())
        .set_text("exec.lanes", &lanes.to_string());
    for (key, value) in Tls::settings(opening.tls.as_ref()) {
        config = config.set_text(key, &value);
    }
    Ok(Database::open(config.build()?).await?)
}

async fn call(database: &Database, statement: &'static str, id: i64) -> Result<i64, MeasureError> {
    let statement = Statement::new(statement).named("points.get");
    // Not by `Database::executor`, which has sessions of the pool alone.
    let row = ExecutorExt::fetch_one(database, statement, &[&id]).await?;
    Ok(row.get(0)?)
}

impl Caller for Pooled {
    const NAME: &'static str = "crdb-facade, pool";
    const ROLE: Role = Role::Ours;
    const SETTINGS: &'static str = "Database of crdb-facade, defaults, metrics and tracing on";

    async fn open(opening: Opening, statement: &'static str) -> Result<Self, MeasureError> {
        let database = open(opening, false).await?;
        Ok(Self {
            database,
            statement,
        })
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        call(&self.database, self.statement, id).await
    }
}

impl Caller for Lanes {
    const NAME: &'static str = "crdb-facade, lanes";
    const ROLE: Role = Role::Ours;
    const SETTINGS: &'static str =
        "the same with exec.lanes; the session that the pool has beside them stays unopened";

    async fn open(opening: Opening, statement: &'static str) -> Result<Self, MeasureError> {
        let database = open(opening, true).await?;
        Ok(Self {
            database,
            statement,
        })
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        call(&self.database, self.statement, id).await
    }
}
