//! A source of sessions over plain `tokio_postgres` clients: what a user of this layer alone writes.

use crdb_exec::{
    AcquireError, AcquireOptions, ClientHandle, ClientSession, Engine, Fault, NodeId,
    PartialObserver, PooledExecutor, ResolveEvent, RetryDeniedEvent, RetryEvent, SessionOutcome,
    SessionSource, SqlState, Written,
};
use crdb_testkit::{Database, Engine as TestEngine, EngineKind, FaultProxy, QuirksProxy};
use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::ops::Deref;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::config::{ChannelBinding, SslMode};
use tokio_postgres::{Client, NoTls};

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}
type Stream = Pin<Box<dyn Duplex>>;
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Where and as whom to connect.
#[derive(Clone)]
struct Target {
    ports: Vec<u16>,
    user: String,
    password: String,
    database: String,
    ca: Option<PathBuf>,
    engine: Engine,
}

impl Target {
    async fn stream(&self, port: u16) -> Result<Stream, BoxError> {
        let mut tcp = TcpStream::connect(("localhost", port)).await?;
        tcp.set_nodelay(true)?;
        let Some(ca) = &self.ca else {
            return Ok(Box::pin(tcp));
        };
        // SSLRequest.
        tcp.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await?;
        if tcp.read_u8().await? != b'S' {
            return Err("the server does not speak TLS".into());
        }
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(ca)? {
            roots.add(certificate?)?;
        }
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from("localhost")?;
        Ok(Box::pin(connector.connect(name, tcp).await?))
    }

    async fn client(&self, port: u16) -> Result<Client, BoxError> {
        let stream = self.stream(port).await?;
        let (client, connection) = tokio_postgres::Config::new()
            .user(&self.user)
            .password(&self.password)
            .dbname(&self.database)
            .ssl_mode(SslMode::Disable)
            .channel_binding(ChannelBinding::Disable)
            .connect_raw(stream, NoTls)
            .await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }
}

/// A client that counts its open calls.
pub(crate) struct PlainHandle {
    client: Client,
    target: Target,
    node: usize,
    open: Arc<AtomicI64>,
}

/// An open call.
pub(crate) struct PlainCall(());

impl ClientHandle for PlainHandle {
    type Call = PlainCall;

    fn begin(&self, _: bool) -> PlainCall {
        self.open.fetch_add(1, Ordering::SeqCst);
        PlainCall(())
    }

    fn client(&self, _: &PlainCall) -> &Client {
        &self.client
    }

    fn finish(&self, _: PlainCall) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        let token = self.client.cancel_token();
        let target = self.target.clone();
        let port = target.ports[self.node];
        async move {
            let cancel = async {
                let stream = target.stream(port).await?;
                token.cancel_query_raw(stream, NoTls).await?;
                Ok::<(), BoxError>(())
            };
            drop(tokio::time::timeout(Duration::from_secs(1), cancel).await);
        }
    }

    fn engine(&self) -> Engine {
        self.target.engine
    }
}

/// Keeps clean sessions, closes the others.
#[derive(Clone)]
pub(crate) struct PlainSource {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    target: Target,
    idle: Mutex<Vec<ClientSession<PlainHandle>>>,
    statements: usize,
    pub(crate) acquired: AtomicU64,
    pub(crate) connected: AtomicU64,
    pub(crate) closed_unfinished: AtomicU64,
    pub(crate) reports: Mutex<Vec<SessionOutcome>>,
}

pub(crate) struct PlainLease {
    session: Option<ClientSession<PlainHandle>>,
    shared: Arc<Shared>,
}

impl Deref for PlainLease {
    type Target = ClientSession<PlainHandle>;

    fn deref(&self) -> &Self::Target {
        self.session.as_ref().unwrap()
    }
}

impl Drop for PlainLease {
    fn drop(&mut self) {
        let session = self.session.take().unwrap();
        if session.handle().open.load(Ordering::SeqCst) != 0 {
            self.shared.closed_unfinished.fetch_add(1, Ordering::SeqCst);
        } else if !session.handle().is_closed() {
            self.shared.idle.lock().unwrap().push(session);
        }
    }
}

impl SessionSource for PlainSource {
    type Session = ClientSession<PlainHandle>;
    type Lease = PlainLease;

    async fn acquire(&self, options: AcquireOptions) -> Result<PlainLease, AcquireError> {
        self.shared.acquired.fetch_add(1, Ordering::SeqCst);
        let avoid = options.avoid.map(|node| node.get() as usize);
        let idle = {
            let mut idle = self.shared.idle.lock().unwrap();
            idle.retain(|session| !session.handle().is_closed());
            idle.iter()
                .position(|session| Some(session.handle().node) != avoid)
                .map(|index| idle.swap_remove(index))
        };
        if let Some(session) = idle {
            return Ok(self.lease(session));
        }
        let target = &self.shared.target;
        let node = (0..target.ports.len())
            .find(|node| Some(*node) != avoid)
            .unwrap_or(0);
        let client = match target.client(target.ports[node]).await {
            Ok(client) => client,
            Err(error) => return Err(AcquireError::from_fault(Fault::lost(Written::Not, error))),
        };
        self.shared.connected.fetch_add(1, Ordering::SeqCst);
        let handle = PlainHandle {
            client,
            target: target.clone(),
            node,
            open: Arc::default(),
        };
        Ok(self.lease(ClientSession::with_statements(
            handle,
            self.shared.statements,
        )))
    }

    fn node(&self, lease: &PlainLease) -> NodeId {
        NodeId::new(lease.handle().node as u64)
    }

    fn report(&self, _: &PlainLease, outcome: SessionOutcome) {
        self.shared.reports.lock().unwrap().push(outcome);
    }
}

impl PlainSource {
    fn lease(&self, session: ClientSession<PlainHandle>) -> PlainLease {
        PlainLease {
            session: Some(session),
            shared: Arc::clone(&self.shared),
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

/// Counts what it sees.
#[derive(Default)]
pub(crate) struct Counter {
    pub(crate) retries: AtomicU64,
    /// The code of each failure that was retried, as the server said it.
    pub(crate) causes: Mutex<Vec<Option<SqlState>>>,
    pub(crate) denied: AtomicU64,
    pub(crate) resolved: Mutex<Vec<Option<bool>>>,
}

impl PartialObserver for Counter {
    fn retry(&self, event: &RetryEvent<'_>) {
        self.retries.fetch_add(1, Ordering::SeqCst);
        self.causes.lock().unwrap().push(event.failure.sqlstate);
    }

    fn retry_denied(&self, _: &RetryDeniedEvent<'_>) {
        self.denied.fetch_add(1, Ordering::SeqCst);
    }

    fn resolved(&self, event: &ResolveEvent<'_>) {
        self.resolved.lock().unwrap().push(event.committed);
    }
}

/// An executor on a database of its own.
pub(crate) struct Fixture {
    pub(crate) db: PooledExecutor<PlainSource>,
    pub(crate) counter: Arc<Counter>,
    pub(crate) database: Database,
    pub(crate) engine: &'static TestEngine,
}

impl Fixture {
    /// Connects straight to the shared engine.
    pub(crate) async fn new() -> Self {
        Self::through(&[]).await
    }

    /// Connects through these proxies, each of which counts as a node.
    pub(crate) async fn through(proxies: &[&FaultProxy]) -> Self {
        let ports = proxies.iter().map(|proxy| proxy.port()).collect();
        Self::open(ports, None, 16, 1000).await
    }

    /// As [`through`](Self::through), with a reserve of ten retries.
    pub(crate) async fn rationed(proxies: &[&FaultProxy]) -> Self {
        let ports = proxies.iter().map(|proxy| proxy.port()).collect();
        Self::open(ports, None, 16, 10).await
    }

    /// Connects through proxies that behave as CockroachDB does.
    pub(crate) async fn with_habits(proxies: &[&QuirksProxy]) -> Self {
        let ports = proxies.iter().map(|proxy| proxy.port()).collect();
        let engine = TestEngine::shared_postgres().await;
        let database = engine.create_database().await;
        Self::on(engine, database, ports, Some(Engine::CockroachDb), 16, 1000)
    }

    /// Connects straight to PostgreSQL, for what only it tells.
    pub(crate) async fn postgresql() -> Self {
        let engine = TestEngine::shared_postgres().await;
        let database = engine.create_database().await;
        Self::on(engine, database, Vec::new(), None, 16, 10)
    }

    pub(crate) async fn with_statements(statements: usize) -> Self {
        Self::open(Vec::new(), None, statements, 10).await
    }

    async fn open(ports: Vec<u16>, kind: Option<Engine>, statements: usize, reserve: u32) -> Self {
        let engine = TestEngine::shared().await;
        let database = engine.create_database().await;
        Self::on(engine, database, ports, kind, statements, reserve)
    }

    fn on(
        engine: &'static TestEngine,
        database: Database,
        ports: Vec<u16>,
        kind: Option<Engine>,
        statements: usize,
        reserve: u32,
    ) -> Self {
        let source = PlainSource {
            shared: Arc::new(Shared {
                target: Target {
                    ports: if ports.is_empty() {
                        vec![engine.port()]
                    } else {
                        ports
                    },
                    user: engine.user().to_owned(),
                    password: engine.password().to_owned(),
                    database: database.name().to_owned(),
                    ca: engine.try_ca_cert_path().map(PathBuf::from),
                    engine: kind.unwrap_or(match engine.kind() {
                        EngineKind::CockroachDb => Engine::CockroachDb,
                        _ => Engine::PostgreSql,
                    }),
                },
                idle: Mutex::default(),
                statements,
                acquired: AtomicU64::new(0),
                connected: AtomicU64::new(0),
                closed_unfinished: AtomicU64::new(0),
                reports: Mutex::default(),
            }),
        };
        let counter = Arc::new(Counter::default());
        let db = PooledExecutor::builder(source)
            .observer(counter.clone())
            .retry_reserve(reserve)
            .build();
        Self {
            db,
            counter,
            database,
            engine,
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        self.db.source().shared()
    }

    /// Closes the sessions that are idle, so that the next one is connected anew.
    pub(crate) fn close_idle(&self) {
        self.shared().idle.lock().unwrap().clear();
    }

    /// A second executor on the same database that goes straight to the engine.
    pub(crate) fn bystander(&self) -> Self {
        Self::on(self.engine, self.database.clone(), Vec::new(), None, 16, 10)
    }

    /// One SQL statement on another connection.
    pub(crate) async fn sql(&self, text: &str) -> Option<String> {
        self.engine
            .execute_in(self.database.name(), text)
            .await
            .unwrap()
    }
}
