//! A service under observation.

use crate::chaos::stack::{StackOptions, configuration};
use anyhow::Context as _;
use crdb_facade::config::{ConfigBuilder, Node};
use crdb_facade::exec::{RetrySafety, Statement};
use crdb_facade::{Config, Database};
use crdb_testkit::{Engine, FaultProxy};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Between two calls of one caller.
const PAUSE: Duration = Duration::from_millis(20);

/// A database behind two proxies, which it takes for nodes, its endpoint, and callers.
pub(crate) struct Subject {
    pub(crate) db: Database,
    pub(crate) proxies: Vec<Arc<FaultProxy>>,
    /// Where the server's database is reached without a proxy.
    pub(crate) url: String,
    callers: JoinSet<()>,
    /// What has to live as long: leases, files, servers.
    pub(crate) kept: Vec<Box<dyn Send + Sync>>,
}

/// A database of its own on the engine.
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) proxies: Vec<Arc<FaultProxy>>,
}

impl Place {
    pub(crate) async fn new(engine: &Arc<Engine>) -> anyhow::Result<Self> {
        let database = engine.try_create_database().await?;
        let proxies = (0..2)
            .map(|_| FaultProxy::start(engine.host(), engine.port()).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: database.name().to_owned(),
            url: database.url().to_owned(),
            proxies,
        })
    }

    /// How a service reaches it.
    pub(crate) fn configuration(
        &self,
        engine: &Engine,
        options: StackOptions,
    ) -> anyhow::Result<ConfigBuilder> {
        let nodes = self
            .proxies
            .iter()
            .map(|proxy| Node::new(proxy.host(), proxy.port()))
            .collect();
        configuration(engine, &self.name, nodes, options)
    }
}

impl Subject {
    /// A service that works, after `change`.
    pub(crate) async fn open(
        engine: &Arc<Engine>,
        options: StackOptions,
        change: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
    ) -> anyhow::Result<Self> {
        let place = Place::new(engine).await?;
        let config = change(place.configuration(engine, options)?)
            .set_text("observe.endpoint.listen", "0")
            .build()?;
        Self::with(place, config).await
    }

    /// A service of this configuration.
    pub(crate) async fn with(place: Place, config: Config) -> anyhow::Result<Self> {
        let db = Database::open(config).await.context("opening a service")?;
        Ok(Self {
            db,
            proxies: place.proxies,
            url: place.url,
            callers: JoinSet::new(),
            kept: Vec::new(),
        })
    }

    /// Where it is scraped.
    pub(crate) fn endpoint(&self) -> anyhow::Result<SocketAddr> {
        self.db.endpoint_address().context("it has no endpoint")
    }

    /// Calls it again and again, from as many callers. What comes of a call is the metrics' to tell.
    pub(crate) fn call<F>(
        &mut self,
        callers: usize,
        call: impl Fn(Database) -> F + Clone + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send,
    {
        for _ in 0..callers {
            let (db, call) = (self.db.clone(), call.clone());
            self.callers.spawn(async move {
                loop {
                    call(db.clone()).await;
                    sleep(PAUSE).await;
                }
            });
        }
    }

    /// Runs for as long as the service is there.
    pub(crate) fn run(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.callers.spawn(work);
    }

    /// Reads, as a healthy service does, and says that it reads: what a cut took the answer of is read again, and no outcome
    /// is unknown.
    pub(crate) fn read(&mut self, callers: usize) {
        self.call(callers, |db| async move {
            let read = Statement::new("SELECT 1").retry(RetrySafety::Safe);
            drop(db.fetch_all(read, &[]).await);
        });
    }

    /// Ends its callers and its sessions.
    pub(crate) async fn close(mut self) {
        self.callers.shutdown().await;
        self.kept.clear();
        for proxy in &self.proxies {
            proxy.heal().await;
        }
        drop(self.db.close(Duration::from_secs(5)).await);
    }
}
