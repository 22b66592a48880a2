//! Wires the layers.

use std::sync::Arc;
use std::time::Duration;

use crdb_auth::{Diagnosis, Doctor};
use crdb_exec::{PooledExecutor, PooledExecutorBuilder};
#[cfg(feature = "endpoint")]
use crdb_observe::endpoint::Readiness;
use crdb_pool::{Pool, PoolBuilder};
use crdb_sql::Repository;
use tokio::time::{Instant, timeout_at};

use crate::config::keys;
use crate::connector::{Attempts, ConnectError, Connector, endpoint};
use crate::lanes::SharedLanes;
use crate::layers;
use crate::loading::{Loaded, load};
use crate::observing::{Observers, Observing};
use crate::queries::Queries;
use crate::session::Session;
use crate::source::Source;
use crate::{Config, Database, Error};

/// How much longer the pool waits than a login may take, so that the login's own error arrives.
const MARGIN: Duration = Duration::from_secs(1);

/// Stands for *never* where the clock does not count as far as the configuration says.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The oldest CockroachDB that is supported.
const OLDEST: crdb_auth::Version = crdb_auth::Version::new(22, 1, 0);

type Change<T> = Box<dyn FnOnce(T) -> T + Send>;

/// Opens a [`Database`] with parts of your own. Made by [`Database::builder`].
#[must_use = "nothing is opened until open"]
pub struct DatabaseBuilder {
    config: Config,
    repository: Option<Repository>,
    observers: Observers,
    #[cfg(feature = "endpoint")]
    readiness: Arc<Readiness>,
    auth: Change<crdb_auth::ConfigBuilder>,
    pool: Change<PoolBuilder<Connector>>,
    exec: Change<PooledExecutorBuilder<Source>>,
}

impl DatabaseBuilder {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            repository: None,
            observers: Observers::default(),
            #[cfg(feature = "endpoint")]
            readiness: Arc::default(),
            auth: Box::new(|auth| auth),
            pool: Box::new(|pool| pool),
            exec: Box::new(|exec| exec),
        }
    }

    /// Named queries from elsewhere, such as compiled in with [`Repository::from_embedded`]; `sql.directory` is not read then.
    pub fn repository(mut self, repository: Repository) -> Self {
        self.repository = Some(repository);
        self
    }

    /// Adds an observer of every layer: `crdb_observe`'s `OpenTelemetry` or `LogLines`, or one of your own.
    pub fn observer<O>(mut self, observer: &Arc<O>) -> Self
    where
        O: crdb_auth::Observer
            + crdb_pool::Observer
            + crdb_wire::Observer
            + crdb_exec::Observer
            + 'static,
    {
        self.observers.add(observer);
        self
    }

    /// Answers `/ready` by these checks too: for gates that have to close before the endpoint is served, such as that of migrations at
    /// start-up. The database adds its own.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use crdb_facade::observe::endpoint::Readiness;
    /// use crdb_facade::{Config, Database, Error};
    ///
    /// # async fn example() -> Result<(), Error> {
    /// let readiness = Arc::new(Readiness::new());
    /// let schema = readiness.gate("schema", "migrations have not run yet");
    /// let db = Database::builder(Config::load()?).readiness(readiness).open().await?;
    /// // .. migrate ..
    /// schema.open();
    /// # let _ = db;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "endpoint")]
    pub fn readiness(mut self, readiness: Arc<Readiness>) -> Self {
        self.readiness = readiness;
        self
    }

    /// Adds a login observer.
    pub fn auth_observer(mut self, observer: Arc<dyn crdb_auth::Observer>) -> Self {
        self.observers.auth.push(observer);
        self
    }

    /// Adds a pool observer.
    pub fn pool_observer(mut self, observer: Arc<dyn crdb_pool::Observer>) -> Self {
        self.observers.pool.push(observer);
        self
    }

    /// Adds an observer of the cache, beside the metrics: hits, misses and why, loads.
    #[cfg(feature = "cache")]
    pub fn cache_observer(mut self, observer: Arc<dyn crdb_cache::Observer>) -> Self {
        self.observers.cache.push(observer);
        self
    }

    /// Adds an observer of connections: batches, COPY, notices.
    pub fn wire_observer(mut self, observer: Arc<dyn crdb_wire::Observer>) -> Self {
        self.observers.wire.push(observer);
        self
    }

    /// Adds an observer of statements, transactions and retries.
    pub fn exec_observer(mut self, observer: Arc<dyn crdb_exec::Observer>) -> Self {
        self.observers.exec.push(observer);
        self
    }

    /// Changes the login after the configuration has been applied: for what only code can say.
    pub fn configure_auth(
        mut self,
        change: impl FnOnce(crdb_auth::ConfigBuilder) -> crdb_auth::ConfigBuilder + Send + 'static,
    ) -> Self {
        let before = self.auth;
        self.auth = Box::new(|auth| change(before(auth)));
        self
    }

    /// Changes the pool after the configuration has been applied: hooks, a topology.
    pub fn configure_pool(
        mut self,
        change: impl FnOnce(PoolBuilder<Connector>) -> PoolBuilder<Connector> + Send + 'static,
    ) -> Self {
        let before = self.pool;
        self.pool = Box::new(|pool| change(before(pool)));
        self
    }

    /// Changes the executor after the configuration has been applied.
    pub fn configure_exec(
        mut self,
        change: impl FnOnce(PooledExecutorBuilder<Source>) -> PooledExecutorBuilder<Source>
        + Send
        + 'static,
    ) -> Self {
        let before = self.exec;
        self.exec = Box::new(|exec| change(before(exec)));
        self
    }

    /// Walks the login to each node step by step, and says what each step found: for a login that does not work, and for
    /// the one that works today. Opens no database.
    ///
    /// # Errors
    /// As [`Database::open`] before it connects: what the configuration names and is not there.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn diagnose(self) -> Result<Vec<Diagnosis>, Error> {
        let Loaded { auth, .. } = load(&self.config, self.repository).await?;
        let doctor = Doctor::new(crdb_auth::Connector::new((self.auth)(auth).build()?)?);
        let mut diagnoses = Vec::new();
        for node in layers::nodes(&self.config) {
            diagnoses.push(doctor.examine(&endpoint(&node)).await);
        }
        Ok(diagnoses)
    }

    /// Opens the database: see [`Database::open`].
    ///
    /// # Errors
    /// As [`Database::open`].
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn open(self) -> Result<Database, Error> {
        let config = self.config;
        let Loaded { auth, names } = load(&config, self.repository).await?;

        let mut observers = self.observers;
        #[cfg_attr(
            not(any(feature = "endpoint", feature = "profile")),
            allow(unused_mut, reason = "only these add to it")
        )]
        let mut observing = Observing::new(
            &config,
            &mut observers,
            #[cfg(feature = "endpoint")]
            self.readiness,
        )
        .await?;
        #[cfg(feature = "endpoint")]
        observing.serve(&config).await?;

        let auth = match crdb_auth::FanOut::combine(observers.auth) {
            Some(observer) => auth.observer(observer),
            None => auth,
        };
        let auth = (self.auth)(auth);
        #[cfg(feature = "profile")]
        let beside_the_pool = auth.clone();
        let auth = auth.build()?;
        let mut wire = crdb_wire::Config::default()
            .max_statements(config.get(keys::exec::STATEMENT_CACHE) as usize);
        if let Some(observer) = crdb_wire::FanOut::combine(observers.wire) {
            wire = wire.observer(observer);
        }
        let auth = crdb_auth::Connector::new(auth)?;
        let connector = Connector::new(
            auth.clone(),
            config.get(keys::pool::CHECK_TIMEOUT),
            config.get(keys::pool::RESET_TIMEOUT),
            wire,
        );
        let attempts = Arc::new(Attempts::default());
        observers.pool.push(attempts.clone());
        let mut builder = Pool::builder(connector)
            .nodes(layers::nodes(&config))
            .configure(|pool| layers::pool(&config, pool, MARGIN));
        if let Some(observer) = crdb_pool::FanOut::combine(observers.pool) {
            builder = builder.observer(observer);
        }
        let pool = (self.pool)(builder).build()?;

        let queries = Arc::new(Queries::new(names));
        let executor = PooledExecutor::builder(Source::new(pool.clone()));
        let mut executor = layers::executor(&config, executor);
        if let Some(observer) = crdb_exec::FanOut::combine(observers.exec) {
            executor = executor.observer(observer);
        }
        let executor = (self.exec)(executor).build();
        #[cfg(feature = "cache")]
        let cache = {
            let observer = crdb_cache::FanOut::combine(observers.cache);
            crate::cached::DatabaseCache::new(&config, &executor, observer)
        };
        let lanes = config.get(keys::exec::LANES) as usize;
        let lanes = (lanes > 0).then(|| executor.over(SharedLanes::new(pool.clone(), lanes)));
        let transaction = layers::transaction(&config);

        if config.get(keys::auth::CHECK_AT_OPEN) {
            log_in_once(&config, &pool, &attempts).await?;
        } else {
            let (user, database) = config.shown_names();
            tracing::info!(
                target: crate::TARGET,
                nodes = pool.status().nodes.len(),
                user,
                database,
                pool_size = config.get(keys::pool::MAX_SIZE),
                "opened without a login; auth.check_at_open is off"
            );
        }
        #[cfg(feature = "profile")]
        observing.inspect(&config, beside_the_pool)?;
        Ok(Database::new(
            config,
            queries,
            (executor, lanes),
            transaction,
            observing,
            auth,
            #[cfg(feature = "cache")]
            cache,
        ))
    }
}

/// Says at INFO what was opened, and warns of a server that is not supported.
fn opened(config: &Config, nodes: usize, session: &Session) {
    let wire = session.wire();
    let version = wire.version().map(|version| version.to_string());
    let version = version.as_deref().unwrap_or("unknown");
    let (user, database) = config.shown_names();
    tracing::info!(
        target: crate::TARGET,
        engine = %wire.engine(),
        version,
        nodes,
        user,
        database,
        tls = session.is_tls(),
        pool_size = config.get(keys::pool::MAX_SIZE),
        "opened"
    );
    if wire.engine() == crdb_wire::Engine::CockroachDb
        && wire.version().is_some_and(|version| version < OLDEST)
    {
        tracing::warn!(
            target: crate::TARGET,
            version,
            oldest = %OLDEST,
            "this version of CockroachDB is older than what is supported: a statement on it is not cancelled, and goes on when its caller has \
             given up"
        );
    }
}

/// Gets one session, or says why no node gives one: as soon as each has failed, rather than at the deadline. A session whose database
/// does not exist counts as failed, and so does one whose hook failed.
async fn log_in_once(
    config: &Config,
    pool: &Pool<Connector>,
    attempts: &Attempts,
) -> Result<(), Error> {
    let nodes = pool.status().nodes.len().max(1);
    let limit = config
        .get(keys::auth::CONNECT_TIMEOUT)
        .saturating_add(MARGIN)
        .saturating_add(MARGIN);
    let now = Instant::now();
    let deadline = now + limit.min(FAR);
    let options = crdb_pool::AcquireOptions {
        deadline: Some(deadline.into()),
        avoid: None,
    };
    let failures = tokio::select! {
        biased;
        lease = pool.acquire_with(options) => match lease {
            Ok(lease) => {
                match check_database(&lease, deadline).await {
                    Ok(()) => {
                        opened(config, nodes, &lease);
                        return Ok(());
                    }
                    Err(error) => vec![(lease.address().clone(), error)],
                }
            }
            Err(error) => match attempts.failures() {
                failures if failures.is_empty() => return Err(error.into()),
                failures => failures,
            },
        },
        failures = attempts.all_failed(nodes) => failures,
    };
    Err(Error::not_opened(config, failures))
}

/// Asks whether the session's database exists.
///
/// PostgreSQL has said so at the login, and nothing is sent. CockroachDB lets in a login to a database that does not exist
/// (`pkg/sql/sessioninit/cache.go`: no "login-preventing error"), and later finds no table in it: there it costs one round
/// trip. A server that does not know the question does not fail it.
async fn check_database(session: &Session, deadline: Instant) -> Result<(), ConnectError> {
    // Looks nothing up but the database itself (logic_test/privilege_builtins).
    const QUESTION: &str = "SELECT has_database_privilege(current_database(), 'CONNECT')";
    if session.wire().engine() != crdb_wire::Engine::CockroachDb {
        return Ok(());
    }
    let asking = timeout_at(deadline, session.wire().simple(QUESTION));
    match asking.await {
        Ok(Err(error)) if error.sqlstate() == Some("3D000") || error.is_closed() => {
            Err(error.into())
        }
        _ => Ok(()),
    }
}

impl std::fmt::Debug for DatabaseBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
