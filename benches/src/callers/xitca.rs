//! xitca-postgres: clients that all tasks share, on which it pipelines.

use std::future::IntoFuture as _;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use xitca_postgres::{
    Client, Config, Execute as _, Postgres, Statement, iter::AsyncLendingIterator as _, types::Type,
};

use super::Caller;
use crate::{
    case::{MeasureError, Role},
    pools::live::Opening,
};

/// A client with the statement prepared.
struct Prepared {
    client: Client,
    statement: Statement,
}

/// Clients, each statement on the next.
#[derive(Clone)]
pub struct Xitca {
    clients: Arc<[Prepared]>,
    next: Arc<AtomicUsize>,
}

impl Caller for Xitca {
    const NAME: &'static str = "xitca-postgres, shared";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str =
        "as many clients, each statement on the next, no retry and no metrics";

    /// Without TLS only.
    async fn open(opening: Opening, statement: &'static str) -> Result<Self, MeasureError> {
        if opening.tls.is_some() {
            return Err("xitca-postgres is measured without TLS only".into());
        }
        let mut config = Config::new();
        config
            .host(&opening.host)
            .port(opening.port)
            .user(&opening.user)
            .password(&opening.password)
            .dbname(&opening.database);
        let mut clients = Vec::new();
        for _ in 0..opening.sessions {
            let (client, driver) = Postgres::new(config.clone()).connect().await?;
            drop(tokio::spawn(driver.into_future()));
            let statement = Statement::named(statement, &[Type::INT8])
                .execute(&client)
                .await?
                .leak();
            clients.push(Prepared { client, statement });
        }
        Ok(Self {
            clients: clients.into(),
            next: Arc::default(),
        })
    }

    async fn call(&self, id: i64) -> Result<i64, MeasureError> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.clients.len();
        let Prepared { client, statement } = &self.clients[next];
        let mut rows = statement.bind([id]).query(client).await?;
        let row = rows.try_next().await?.ok_or("no row")?;
        let value = row.try_get::<i64>(0)?;
        Ok(value)
    }
}
