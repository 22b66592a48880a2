//! Sessions over plain `tokio_postgres` clients. Clean ones are kept for the next borrower, the others are closed.

use std::ops::Deref;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_exec::{
    AcquireError, AcquireOptions, ClientHandle, ClientSession, Engine, Fault, NodeId,
    ServerVersion, SessionOutcome, SessionSource, Written,
};
use tokio_postgres::{Client, Config, NoTls};

/// Where and as whom to connect, and what is there.
#[derive(Clone)]
pub(crate) struct Plain {
    pub(crate) config: Arc<Config>,
    pub(crate) engine: Engine,
    version: Option<ServerVersion>,
    idle: Idle,
}

type Idle = Arc<Mutex<Vec<ClientSession<PlainHandle>>>>;

impl Plain {
    pub(crate) fn new(config: Arc<Config>, engine: Engine) -> Self {
        Self {
            config,
            engine,
            version: None,
            idle: Idle::default(),
        }
    }

    /// With sessions that know the version of their server.
    pub(crate) fn of(mut self, version: ServerVersion) -> Self {
        self.version = Some(version);
        self
    }
}

pub(crate) struct PlainHandle {
    client: Client,
    open: AtomicI64,
    engine: Engine,
    version: Option<ServerVersion>,
}

impl ClientHandle for PlainHandle {
    type Call = ();

    fn begin(&self, _: bool) {
        crate::kill::before_request();
        self.open.fetch_add(1, Ordering::SeqCst);
    }

    fn client(&self, (): &()) -> &Client {
        &self.client
    }

    fn finish(&self, (): ()) {
        self.open.fetch_sub(1, Ordering::SeqCst);
        crate::kill::after_answer();
    }

    fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        let token = self.client.cancel_token();
        async move {
            let cancel = token.cancel_query(NoTls);
            drop(tokio::time::timeout(Duration::from_secs(5), cancel).await);
        }
    }

    fn engine(&self) -> Engine {
        self.engine
    }

    fn version(&self) -> Option<ServerVersion> {
        self.version
    }
}

pub(crate) struct PlainLease {
    session: Option<ClientSession<PlainHandle>>,
    idle: Idle,
}

impl Drop for PlainLease {
    fn drop(&mut self) {
        let session = self.session.take().unwrap();
        let handle = session.handle();
        if handle.open.load(Ordering::SeqCst) == 0 && !handle.is_closed() {
            self.idle.lock().unwrap().push(session);
        }
    }
}

impl Deref for PlainLease {
    type Target = ClientSession<PlainHandle>;

    fn deref(&self) -> &Self::Target {
        self.session.as_ref().unwrap()
    }
}

impl SessionSource for Plain {
    type Session = ClientSession<PlainHandle>;
    type Lease = PlainLease;

    async fn acquire(&self, _: AcquireOptions) -> Result<PlainLease, AcquireError> {
        let idle = {
            let mut idle = self.idle.lock().unwrap();
            idle.retain(|session| !session.handle().is_closed());
            idle.pop()
        };
        let lease = |session| PlainLease {
            session: Some(session),
            idle: Arc::clone(&self.idle),
        };
        if let Some(session) = idle {
            return Ok(lease(session));
        }
        let (client, connection) = self
            .config
            .connect(NoTls)
            .await
            .map_err(|error| AcquireError::from_fault(Fault::lost(Written::Not, error)))?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(lease(ClientSession::new(PlainHandle {
            client,
            open: AtomicI64::new(0),
            engine: self.engine,
            version: self.version,
        })))
    }

    fn node(&self, _: &PlainLease) -> NodeId {
        NodeId::new(0)
    }

    fn report(&self, _: &PlainLease, _: SessionOutcome) {}
}
