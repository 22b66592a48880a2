//! crdb-pool with stub connections.

use std::time::Duration;

use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress};

use super::{
    Opening, Pool,
    stub::{Connection, Never, Stub},
    until_idle, work,
};
use crate::case::{MeasureError, Role};

/// crdb-pool.
#[derive(Clone, Debug)]
pub struct Ours(crdb_pool::Pool<Stub>);

impl Connector for Stub {
    type Session = Connection;
    type Error = Never;

    async fn connect(&self, _node: &NodeAddress) -> Result<Connection, Never> {
        Ok(self.connect().await)
    }

    async fn check(&self, _session: &mut Connection) -> Result<(), Never> {
        self.check();
        Ok(())
    }

    fn condition(&self, _session: &mut Connection) -> Condition {
        Condition::Clean
    }

    async fn reset(&self, _session: &mut Connection) -> Result<(), Never> {
        Ok(())
    }

    fn classify(&self, _error: &Never) -> ErrorClass {
        ErrorClass::Dead
    }
}

impl Pool for Ours {
    const NAME: &'static str = "crdb-pool";
    const ROLE: Role = Role::Ours;
    const SETTINGS: &'static str = "one node, defaults";

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let pool = crdb_pool::Pool::builder(opening.stub)
            .nodes([NodeAddress::new("nowhere", 1)])
            .configure(|config| config.max_size(opening.max).min_size(opening.idle))
            .build()?;
        until_idle(|| pool.status().idle, opening.idle).await?;
        Ok(Self(pool))
    }

    async fn borrow(&self, keep: Option<Duration>) -> Result<(), MeasureError> {
        let lease = self.0.acquire().await?;
        work(&*lease, keep).await;
        Ok(())
    }
}
