//! The pools that take sessions of the bare driver, as their adapters for PostgreSQL set them up; and no pool at all.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use deadpool::managed::{Metrics, RecycleError, RecycleResult, Timeouts};
use futures_util::future::try_join_all;
use tokio_postgres::{Client, Config};

use super::{LivePool, Opening, QUESTION};
use crate::{
    case::{MeasureError, Role},
    tls::{self, Rustls},
};

/// Opens sessions of tokio-postgres, and numbers them.
#[derive(Debug)]
pub struct Driver {
    config: Config,
    tls: Option<Rustls>,
    check: bool,
    next: AtomicU64,
}

/// A session of tokio-postgres.
#[derive(Debug)]
pub struct Numbered {
    client: Client,
    number: u64,
}

impl Driver {
    fn new(opening: &Opening) -> Result<Self, MeasureError> {
        let mut config = Config::new();
        config
            .host(&opening.host)
            .port(opening.port)
            .user(&opening.user)
            .password(&opening.password)
            .dbname(&opening.database)
            .connect_timeout(opening.patience);
        Ok(Self {
            config,
            tls: opening.tls.as_ref().map(Rustls::new).transpose()?,
            check: opening.check,
            next: AtomicU64::new(0),
        })
    }

    async fn session(&self) -> Result<Numbered, tokio_postgres::Error> {
        Ok(Numbered {
            client: tls::connect(&self.config, self.tls.as_ref()).await?,
            number: self.next.fetch_add(1, Ordering::Relaxed),
        })
    }
}

async fn ask(session: &Numbered) -> Result<(), MeasureError> {
    session.client.simple_query(QUESTION).await?;
    Ok(())
}

/// bb8, set up as bb8-postgres does.
#[derive(Clone, Debug)]
pub struct Bb8(bb8::Pool<Driver>);

impl bb8::ManageConnection for Driver {
    type Connection = Numbered;
    type Error = tokio_postgres::Error;

    async fn connect(&self) -> Result<Numbered, tokio_postgres::Error> {
        self.session().await
    }

    async fn is_valid(&self, session: &mut Numbered) -> Result<(), tokio_postgres::Error> {
        session.client.simple_query("").await.map(drop)
    }

    fn has_broken(&self, session: &mut Numbered) -> bool {
        session.client.is_closed()
    }
}

impl LivePool for Bb8 {
    const NAME: &'static str = "bb8";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "as bb8-postgres sets it up";
    type Session = bb8::PooledConnection<'static, Driver>;

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let pool = bb8::Pool::builder()
            .max_size(opening.sessions)
            .min_idle(opening.sessions)
            .connection_timeout(opening.patience)
            .test_on_check_out(opening.check)
            .build(Driver::new(&opening)?)
            .await?;
        Ok(Self(pool))
    }

    async fn get(&self) -> Result<Self::Session, MeasureError> {
        Ok(self.0.get_owned().await?)
    }

    fn number(session: &Self::Session) -> Option<u64> {
        Some(session.number)
    }

    async fn ask(session: &mut Self::Session) -> Result<(), MeasureError> {
        ask(session).await
    }
}

/// deadpool, set up as deadpool-postgres does: `RecyclingMethod::Fast`, or `Verified` where sessions are to be checked.
#[derive(Clone, Debug)]
pub struct Deadpool(deadpool::managed::Pool<Driver>);

impl deadpool::managed::Manager for Driver {
    type Type = Numbered;
    type Error = tokio_postgres::Error;

    async fn create(&self) -> Result<Numbered, tokio_postgres::Error> {
        self.session().await
    }

    async fn recycle(
        &self,
        session: &mut Numbered,
        _metrics: &Metrics,
    ) -> RecycleResult<tokio_postgres::Error> {
        if session.client.is_closed() {
            return Err(RecycleError::message("the session is closed"));
        }
        if self.check {
            session.client.simple_query("").await?;
        }
        Ok(())
    }
}

impl LivePool for Deadpool {
    const NAME: &'static str = "deadpool";
    const ROLE: Role = Role::Peer;
    const SETTINGS: &'static str = "as deadpool-postgres sets it up";
    type Session = deadpool::managed::Object<Driver>;

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let patience = Some(opening.patience);
        let pool = deadpool::managed::Pool::<Driver>::builder(Driver::new(&opening)?)
            .max_size(usize::try_from(opening.sessions)?)
            .runtime(deadpool::Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: patience,
                create: patience,
                recycle: patience,
            })
            .build()?;
        drop(try_join_all((0..opening.sessions).map(|_| pool.get())).await?);
        Ok(Self(pool))
    }

    async fn get(&self) -> Result<Self::Session, MeasureError> {
        Ok(self.0.get().await?)
    }

    fn number(session: &Self::Session) -> Option<u64> {
        Some(session.number)
    }

    async fn ask(session: &mut Self::Session) -> Result<(), MeasureError> {
        ask(session).await
    }
}

/// Sessions without a pool: each caller keeps one for itself.
#[derive(Clone, Debug)]
pub struct Dedicated(Arc<tokio::sync::Mutex<Vec<Numbered>>>);

impl LivePool for Dedicated {
    const NAME: &'static str = "tokio-postgres";
    const ROLE: Role = Role::Limit;
    const SETTINGS: &'static str = "a connection for each caller";
    type Session = Numbered;

    async fn open(opening: Opening) -> Result<Self, MeasureError> {
        let driver = Driver::new(&opening)?;
        let mut sessions = Vec::new();
        for _ in 0..opening.sessions {
            sessions.push(driver.session().await?);
        }
        Ok(Self(Arc::new(tokio::sync::Mutex::new(sessions))))
    }

    /// Takes it for good.
    async fn get(&self) -> Result<Numbered, MeasureError> {
        let session = self.0.lock().await.pop();
        session.ok_or_else(|| "no session is left".into())
    }

    fn number(session: &Numbered) -> Option<u64> {
        Some(session.number)
    }

    async fn ask(session: &mut Numbered) -> Result<(), MeasureError> {
        ask(session).await
    }
}

impl Dedicated {
    /// Puts a session back for the next round.
    pub async fn put_back(&self, session: Numbered) {
        self.0.lock().await.push(session);
    }
}
