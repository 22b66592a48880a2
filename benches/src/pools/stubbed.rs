//! The pools that take any connection, with the stub's. Checks at checkout are off where they can be: the stub has none.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use super::{
    Opening, Pool,
    stub::{Connection, Never, Stub},
    until_idle, work,
};
use crate::case::{MeasureError, Role};

/// bb8.
#[derive(Clone, Debug)]
pub struct Bb8(bb8::Pool<Stub>);

impl bb8::ManageConnection for Stub {
    type Connection = Connection;
    type Error = Never;

    async fn connect(&self) -> Result<Connection, Never> {
        Ok(self.connect().await)
    }

    async fn is_valid(&self, _connection: &mut Connection) -> Result<(), Never> {
        Ok(())
    }

    fn has_broken(&self, _connection: &mut Connection) -> bool {
        false
    }
}

impl Pool for Bb8 {
    const NAME: &'static str = "bb8";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "test_on_check_out(false)";

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let pool = bb8::Pool::builder()
            .max_size(opening.max)
            .min_idle(opening.idle)
            .test_on_check_out(false)
            .build(opening.stub)
            .await?;
        Ok(Self(pool))
    }

    async fn borrow(&self, keep: Option<Duration>) -> Result<(), MeasureError> {
        let connection = self.0.get().await?;
        work(&*connection, keep).await;
        Ok(())
    }
}

/// deadpool.
#[derive(Clone, Debug)]
pub struct Deadpool(deadpool::managed::Pool<Stub>);

impl deadpool::managed::Manager for Stub {
    type Type = Connection;
    type Error = Never;

    async fn create(&self) -> Result<Connection, Never> {
        Ok(self.connect().await)
    }

    async fn recycle(
        &self,
        _connection: &mut Connection,
        _metrics: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<Never> {
        Ok(())
    }
}

impl Pool for Deadpool {
    const NAME: &'static str = "deadpool";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "no check; warmed up by borrowing";

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let pool = deadpool::managed::Pool::<Stub>::builder(opening.stub)
            .max_size(usize::try_from(opening.max)?)
            .build()?;
        let warm = (0..opening.idle).map(|_| pool.get());
        drop(futures_util::future::try_join_all(warm).await?);
        Ok(Self(pool))
    }

    async fn borrow(&self, keep: Option<Duration>) -> Result<(), MeasureError> {
        let connection = self.0.get().await?;
        work(&*connection, keep).await;
        Ok(())
    }
}

/// mobc.
#[derive(Clone)]
pub struct Mobc(mobc::Pool<Stub>);

impl fmt::Debug for Mobc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mobc")
    }
}

#[async_trait::async_trait]
impl mobc::Manager for Stub {
    type Connection = Connection;
    type Error = Never;

    async fn connect(&self) -> Result<Connection, Never> {
        Ok(self.connect().await)
    }

    async fn check(&self, connection: Connection) -> Result<Connection, Never> {
        Ok(connection)
    }
}

impl Pool for Mobc {
    const NAME: &'static str = "mobc";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "test_on_check_out(false), max_idle as max_open";

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let pool = mobc::Pool::builder()
            .max_open(opening.max.into())
            .max_idle(opening.max.into())
            .test_on_check_out(false)
            .build(opening.stub);
        let warm = (0..opening.idle).map(|_| pool.get());
        drop(futures_util::future::try_join_all(warm).await?);
        Ok(Self(pool))
    }

    async fn borrow(&self, keep: Option<Duration>) -> Result<(), MeasureError> {
        let connection = self.0.get().await?;
        work(&*connection, keep).await;
        Ok(())
    }
}

/// qorb.
#[derive(Clone)]
pub struct Qorb(Arc<qorb::pool::Pool<Connection>>);

impl fmt::Debug for Qorb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Qorb")
    }
}

#[async_trait::async_trait]
impl qorb::backend::Connector for Stub {
    type Connection = Connection;

    async fn connect(
        &self,
        _backend: &qorb::backend::Backend,
    ) -> Result<Connection, qorb::backend::Error> {
        Ok(self.connect().await)
    }
}

impl Pool for Qorb {
    const NAME: &'static str = "qorb";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "one backend; spares and slots as the others";

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let max = usize::try_from(opening.max)?;
        let idle = opening.idle;
        let policy = qorb::policy::Policy {
            spares_wanted: usize::try_from(idle)?,
            max_slots: max,
            set_config: qorb::policy::SetConfig {
                max_count: max,
                ..qorb::policy::SetConfig::default()
            },
            ..qorb::policy::Policy::default()
        };
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let resolver = qorb::resolvers::fixed::FixedResolver::new([address]);
        let opened = opening.stub.clone();
        let connector = Arc::new(opening.stub);
        let pool = qorb::pool::Pool::new("bench".to_owned(), Box::new(resolver), connector, policy)
            .map_err(|_error| "qorb could not register its probes")?;
        until_idle(|| opened.opened(), idle).await?;
        Ok(Self(Arc::new(pool)))
    }

    async fn borrow(&self, keep: Option<Duration>) -> Result<(), MeasureError> {
        let connection = self.0.claim().await?;
        work(&*connection, keep).await;
        Ok(())
    }
}
