//! The whole stack on a database of its own, behind fault proxies.

use super::evidence::Trace;
use anyhow::Context as _;
use crdb_exec::PooledExecutorBuilder;
use crdb_facade::auth::SslMode;
use crdb_facade::config::{ConfigBuilder, Node, keys};
use crdb_facade::{Config, Database, Source};
use crdb_testkit::{
    Engine, EngineKind, FaultProxy, Login, QuirksOptions, QuirksProxy, RandomInjections,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How the stack is opened.
#[derive(Clone, Copy, Debug)]
pub struct StackOptions {
    /// Whether connections are encrypted. Without it, a cut at a byte is a cut at a byte of the protocol.
    pub tls: bool,
    /// How many proxies there are, each of which the stack takes for a node; at least one for each real one.
    pub proxies: usize,
    /// How many sessions the pool may hold.
    pub sessions: u32,
    /// The timeout of statements and transactions.
    pub timeout: Duration,
    /// Where the server is PostgreSQL: puts a proxy with CockroachDB's habits in front of each node, which fails
    /// statements and commits as CockroachDB does (40001, 40003), by this seed.
    pub habits: Option<u64>,
    /// How many retries after failures of nodes and connections are in reserve, beyond one for each ten calls. As good as
    /// no limit by default: rationing retries is a row's own subject.
    pub retry_reserve: u32,
    /// On how many lanes statements outside transactions run; on none they run on sessions of the pool.
    pub lanes: u32,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            tls: true,
            proxies: 2,
            sessions: 8,
            timeout: Duration::from_secs(5),
            habits: None,
            retry_reserve: 1_000_000,
            lanes: 0,
        }
    }
}

/// A database that is opened twice: through the proxies, and straight for the truth.
pub struct Stack {
    /// The proxies, over the nodes in turn.
    pub proxies: Vec<FaultProxy>,
    /// Proxies with CockroachDB's habits behind these, where there are any.
    pub habits: Vec<QuirksProxy>,
    /// The stack under test.
    pub db: Database,
    /// The same database without proxies.
    pub truth: Database,
    /// The name of the database.
    pub name: String,
    /// What the layers saw.
    pub trace: Arc<Trace>,
    engine: Arc<Engine>,
}

impl Stack {
    /// Makes a database and opens it.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn open(engine: &Arc<Engine>, options: StackOptions) -> anyhow::Result<Self> {
        let database = engine
            .try_create_database()
            .await
            .context("creating a database")?;
        if engine.kind() == EngineKind::PostgreSql {
            // Test servers may be set to forget what they acknowledged when they are killed.
            let durable = format!(
                "ALTER DATABASE {} SET synchronous_commit = on",
                database.name()
            );
            engine.execute(&durable).await?;
        }
        let nodes: Vec<_> = engine
            .nodes()
            .iter()
            .map(|node| (node.host().to_owned(), node.port()))
            .collect();
        let mut proxies = Vec::new();
        let mut habits = Vec::new();
        for (number, (host, port)) in
            (1..).zip(nodes.iter().cycle().take(options.proxies.max(nodes.len())))
        {
            let proxy = match options.habits {
                Some(_) if engine.kind() == EngineKind::PostgreSql => {
                    let options = QuirksOptions::default().node_id(number);
                    let habit = QuirksProxy::start(engine, options)
                        .await
                        .context("starting a proxy with CockroachDB's habits")?;
                    let proxy = FaultProxy::start(habit.host(), habit.port());
                    habits.push(habit);
                    proxy
                }
                _ => FaultProxy::start(host, *port),
            };
            proxies.push(proxy.context("starting a proxy")?);
        }
        let trace = Arc::new(Trace::with_wire(&proxies));
        let through: Vec<_> = proxies
            .iter()
            .map(|proxy| Node::new(proxy.host(), proxy.port()))
            .collect();
        let straight = nodes
            .iter()
            .map(|(host, port)| Node::new(host, *port))
            .collect();
        // By this name the nemesis knows which sessions to kill.
        let config = configuration(engine, database.name(), through, options)?
            .set(
                keys::auth::APPLICATION_NAME,
                Some(database.name().to_owned()),
            )
            .build()?;
        let db = Database::builder(config)
            .exec_observer(trace.clone())
            .configure_exec(move |exec: PooledExecutorBuilder<Source>| {
                exec.retry_reserve(options.retry_reserve)
            })
            .open()
            .await
            .context("opening the stack")?;
        // Opening asks the nodes once each: a failure of them all would be no failure of what is tested.
        if let Some(seed) = options.habits {
            habits.iter().for_each(|habit| begin_to_fail(habit, seed));
        }
        let patient = StackOptions {
            timeout: Duration::from_secs(60),
            ..options
        };
        let config = configuration(engine, database.name(), straight, patient)?;
        let truth = Database::open(config.build()?)
            .await
            .context("opening the database for the truth")?;
        Ok(Self {
            proxies,
            habits,
            db,
            truth,
            name: database.name().to_owned(),
            trace,
            engine: Arc::clone(engine),
        })
    }

    /// The server.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Takes all faults back.
    pub async fn heal(&self) {
        for habit in &self.habits {
            habit.stop_injecting();
            habit.stop_draining();
        }
        self.heal_connections().await;
    }

    /// Takes the faults of connections back.
    pub async fn heal_connections(&self) {
        for proxy in &self.proxies {
            proxy.heal().await;
        }
    }

    /// Ends all sessions, and drops the database.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn close(self) -> anyhow::Result<()> {
        self.heal().await;
        // Sessions that are still out are being cleaned up after faults; dropping the database ends them.
        drop(self.db.close(Duration::from_secs(5)).await);
        drop(self.truth.close(Duration::from_secs(5)).await);
        let name = self.name;
        drop(self.proxies);
        match self.engine.kind() {
            EngineKind::CockroachDb => {
                let drop_it = format!("DROP DATABASE {name} CASCADE");
                self.engine.execute(&drop_it).await?;
            }
            _ => {
                let drop_it = format!("DROP DATABASE {name} WITH (FORCE)");
                self.engine.execute(&drop_it).await?;
            }
        }
        Ok(())
    }
}

/// What a proxy with CockroachDB's habits does from now on.
fn begin_to_fail(proxy: &QuirksProxy, seed: u64) {
    let node = proxy.node_id();
    let failures = RandomInjections::seeded(seed ^ u64::from(node))
        .retry_statement(0.05)
        .retry_commit(0.1)
        .ambiguous_commit(0.05)
        .cut_commit(0.05)
        .committed_when_cancelled(0.9);
    proxy.inject_at_random(failures);
}

/// How the stack logs in on these nodes.
///
/// # Errors
/// When a setting is out of range.
pub fn configuration(
    engine: &Engine,
    database: &str,
    nodes: Vec<Node>,
    options: StackOptions,
) -> anyhow::Result<ConfigBuilder> {
    Access::of(engine, database, options.tls).configure(database, nodes, options)
}

/// What is needed to log in, also by a process of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Access {
    /// Who is let in without a password.
    user: Option<String>,
    /// What signed the server's certificate; without it, connections are not encrypted.
    ca: Option<PathBuf>,
    /// How to log in on a server that is run elsewhere, which may insist on TLS.
    url: Option<String>,
}

impl Access {
    /// To a database of this server.
    #[must_use]
    pub fn of(engine: &Engine, database: &str, tls: bool) -> Self {
        // Logging in without SCRAM leaves more time for what is tested.
        match engine.try_login(Login::Trust) {
            Some(login) => Self {
                user: Some(login.user().to_owned()),
                ca: engine
                    .try_ca_cert_path()
                    .filter(|_| tls)
                    .map(ToOwned::to_owned),
                url: None,
            },
            None => Self {
                user: None,
                ca: None,
                url: Some(engine.url(database)),
            },
        }
    }

    /// A configuration that logs in so.
    ///
    /// # Errors
    /// When a setting is out of range.
    pub fn configure(
        &self,
        database: &str,
        nodes: Vec<Node>,
        options: StackOptions,
    ) -> anyhow::Result<ConfigBuilder> {
        let builder = Config::builder()
            .set(keys::auth::NODES, nodes)
            .set(keys::auth::DATABASE, database)
            .set(keys::auth::CONNECT_TIMEOUT, Duration::from_secs(5))
            .set(keys::exec::TIMEOUT, options.timeout)
            .set(keys::pool::MAX_SIZE, options.sessions)
            .set(
                keys::exec::LANES,
                options.lanes.min(options.sessions.saturating_sub(1)),
            )
            .set(keys::pool::RESET_TIMEOUT, Duration::from_millis(500))
            .set(keys::observe::TRACING, false);
        Ok(match (&self.user, &self.ca) {
            (Some(user), Some(path)) => builder
                .set(keys::auth::USER, user.as_str())
                .set(keys::auth::TLS_ROOT_CERTIFICATES, [path.clone()]),
            (Some(user), None) => builder
                .set(keys::auth::USER, user.as_str())
                .set(keys::auth::TLS_MODE, SslMode::Disable),
            (None, _) => builder.set(keys::auth::URL, self.url.clone().map(Into::into)),
        })
    }
}
