//! A proxy in front of PostgreSQL with CockroachDB's habits.

mod backend;
mod changefeed;
mod classify;
mod commit_timestamp;
mod control;
mod copy;
mod extended;
mod failure;
mod injection;
mod isolation;
mod jobs;
mod perform;
mod portal;
mod refusal;
mod requirement;
mod retry;
mod rewrite;
mod schema_lock;
mod session;
mod settings;
mod simple;
mod startup;
mod statement;
mod suffer;
mod syntax;
mod tokens;
mod transaction;
mod translate;
mod upsert;
mod version;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use self::control::{Control, Upstream};
pub(crate) use self::startup::acceptor;
pub(crate) use self::tokens::{Token, statements};

pub use self::control::{QuirkCounts, QuirksOptions};
pub use self::injection::{Injection, RandomInjections};
pub use self::version::CockroachVersion;
use crate::engine::{Engine, EngineKind};
use crate::error::{Error, ErrorKind};

/// How long [`QuirksProxy::wait_for`] waits before it gives up.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Speaks to clients as CockroachDB does, and lets a PostgreSQL engine do the work.
///
/// It reads every message, refuses what CockroachDB refuses, answers as it answers, and passes on the rest; logging in is
/// PostgreSQL's business, so that the engine's users and passwords hold (but not client certificates, which end here).
/// What it imitates, since which release and on whose word, is listed in `docs/fidelity.md`; what CockroachDB's SQL can
/// and PostgreSQL's cannot (UPSERT, index hints, its types) stays an error.
///
/// Several proxies with different [node ids](QuirksOptions::node_id) in front of one engine look like a cluster.
///
/// It runs on the Tokio runtime that started it. Dropping it closes its port and all its sessions.
///
/// ```no_run
/// # async fn example() -> Result<(), crdb_testkit::Error> {
/// use crdb_testkit::{Engine, Injection, QuirksOptions, QuirksProxy};
///
/// let engine = Engine::shared().await;
/// let proxy = QuirksProxy::start(engine, QuirksOptions::default()).await?;
/// proxy.inject(Injection::RetryCommit);
/// // .. connect to localhost:proxy.port() with the engine's user, password and CA certificate:
/// // the next COMMIT fails with 40001 ..
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct QuirksProxy {
    port: u16,
    control: Arc<Control>,
    asker: requirement::Asker,
    task: JoinHandle<()>,
}

impl QuirksProxy {
    /// Listens on a free port of 127.0.0.1 and serves sessions in front of `engine`.
    ///
    /// Dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when `engine` is CockroachDB, which needs no proxy to be itself, or a PostgreSQL
    /// with TLS that is run elsewhere, whose certificate is not ours to show. In front of one without TLS the proxy
    /// has none either. [`ErrorKind::InvalidInput`] when `CRDB_TEST_QUIRKS` names no release. [`ErrorKind::Io`] when the proxy
    /// cannot listen.
    pub async fn start(engine: &Engine, options: QuirksOptions) -> Result<Self, Error> {
        let options = options.settled()?;
        let ours = engine.try_login(crate::Login::Scram).is_some();
        let plain = engine.try_ca_cert_path().is_none();
        if engine.kind() != EngineKind::PostgreSql || !(ours || plain) {
            let message = format!(
                "the quirks proxy stands in front of PostgreSQL, and the engine is {}",
                engine.choice()
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let upstream = Upstream {
            address: (engine.host().to_owned(), engine.port()),
            tls: if plain {
                None
            } else {
                Some(startup::acceptor(engine.server_identity())?)
            },
            guest: engine
                .try_login(crate::Login::Trust)
                .map(|guest| (guest.user().to_owned(), engine.database().to_owned())),
        };
        Self::listen(options, upstream, requirement::Asker::of(engine)).await
    }

    async fn listen(
        options: QuirksOptions,
        upstream: Upstream,
        asker: requirement::Asker,
    ) -> Result<Self, Error> {
        let io = |source| {
            Error::new(ErrorKind::Io, "the quirks proxy cannot listen on 127.0.0.1")
                .with_source(source)
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(io)?;
        let port = listener.local_addr().map_err(io)?.port();
        let control = Arc::new(Control::new(options, upstream));
        let task = tokio::spawn(serve(listener, Arc::clone(&control)));
        Ok(Self {
            port,
            control,
            asker,
            task,
        })
    }

    /// The host to connect to: `localhost`, so that the engine's certificate fits.
    #[must_use]
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The node id that sessions find in the top bits of their BackendKeyData.
    #[must_use]
    pub fn node_id(&self) -> u32 {
        self.control.options.node()
    }

    /// The release whose habits the proxy has.
    #[must_use]
    pub fn version(&self) -> CockroachVersion {
        self.control.options.release()
    }

    /// Makes a failure happen once, at the next moment that fits. Failures queue up.
    pub fn inject(&self, injection: Injection) {
        self.control.failures().queue.push_back(injection);
    }

    /// How many failures given to [`inject`](Self::inject) still wait for their moment.
    #[must_use]
    pub fn pending_injections(&self) -> usize {
        self.control.failures().queue.len()
    }

    /// Makes failures happen at random from now on, on open sessions and new ones.
    pub fn inject_at_random(&self, random: RandomInjections) {
        self.control.set_random(Some(random));
    }

    /// Ends all failures, queued and random.
    pub fn stop_injecting(&self) {
        self.control.failures().queue.clear();
        self.control.set_random(None);
    }

    /// Begins to drain, as a node does after SIGTERM: new connections get 57P01 in clear, also in answer to an SSLRequest, and are
    /// closed; idle sessions get 57P01 unasked and are closed; one that runs a statement is answered first, and one in a
    /// transaction may go on until that ends.
    pub fn drain(&self) {
        self.control.draining.send_replace(true);
    }

    /// Takes new sessions again: the node is back.
    pub fn stop_draining(&self) {
        self.control.draining.send_replace(false);
    }

    /// Refuses sessions beyond this many with 53300, after their login; none for no limit, which is the default.
    pub fn limit_connections(&self, limit: Option<usize>) {
        self.control.failures().connection_limit = limit;
    }

    /// Answers the COMMIT of a transaction that has written more rows than this with `transaction deadline exceeded`, however often it is
    /// tried: fewer rows at once are what helps. None for no limit, which is the default.
    pub fn limit_commits(&self, rows: Option<u64>) {
        self.control.failures().commit_limit = rows;
    }

    /// Answers a COPY FROM outside a transaction that has taken longer than this with `transaction deadline exceeded`, and nothing of it is
    /// kept: what CockroachDB did before v25.3.6, v25.4.1 and v26.1 after about a minute (cockroach#156584). A COPY in a transaction goes
    /// on. None for no limit, which is the default.
    pub fn limit_copies(&self, takes: Option<Duration>) {
        self.control.failures().copy_limit = takes;
    }

    /// How long the jobs of schema changes take, those included that are running; not at all by default. Their statements
    /// wait for them.
    pub fn slow_schema_changes(&self, takes: Duration) {
        self.control.failures().job_time = takes;
    }

    /// Lets `SHOW SYNTAX` print `form` for this very text, as a server would that reads it otherwise. Nothing else takes notice.
    pub fn reads_as(&self, text: impl Into<String>, form: impl Into<String>) {
        self.control.tell_reading(text.into(), form.into());
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> QuirkCounts {
        *self.control.counts.borrow()
    }

    /// Waits until `reached` holds of the counts, and gives them. Dropping the future changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after 10 s.
    pub async fn wait_for(
        &self,
        mut reached: impl FnMut(&QuirkCounts) -> bool,
    ) -> Result<QuirkCounts, Error> {
        let mut counts: watch::Receiver<QuirkCounts> = self.control.counts.subscribe();
        let waiting = counts.wait_for(|counts| reached(counts));
        match tokio::time::timeout(WAIT_TIMEOUT, waiting).await {
            Ok(Ok(counts)) => Ok(*counts),
            _ => Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "what was waited for did not happen in {WAIT_TIMEOUT:?}: {:?}",
                    self.counts()
                ),
            )),
        }
    }
}

impl Drop for QuirksProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves until it is aborted, which ends all sessions too.
async fn serve(listener: TcpListener, control: Arc<Control>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = sessions.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    control.count(|counts| counts.accepted += 1);
                    sessions.spawn(startup::serve(stream, Arc::clone(&control)));
                }
                Err(error) => tracing::warn!(%error, "the quirks proxy lost a connection while accepting it"),
            },
        }
    }
}
