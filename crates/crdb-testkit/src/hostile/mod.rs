//! A server that attacks its clients.

mod attack;
mod script;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use self::attack::Attack;
use crate::certificates::Identity;
use crate::error::{Error, ErrorKind};
use crate::quirks::acceptor;

/// How long [`HostileServer::wait_for`] waits before it gives up.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a client has let a [`HostileServer`] see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// Connections that were accepted.
    pub connections: u64,
    /// Connections that the client has closed.
    pub closed: u64,
    /// TLS handshakes that the client has completed.
    pub handshakes: u64,
    /// Startup messages that were received; each tells user and database.
    pub startups: u64,
    /// Startup messages that came without TLS.
    pub plain_startups: u64,
    /// Messages with a password, a SASL answer or a token, each as it came, without type and length.
    pub answers: Vec<Vec<u8>>,
    /// Queries, and other messages of a client that takes itself for logged in.
    pub statements: u64,
    /// Bytes of an endless answer that the client has taken.
    pub flood: u64,
}

/// A server that speaks PostgreSQL's protocol as an attacker would: see [`Attack`].
///
/// It knows no password, and accepts every connection on a free port of 127.0.0.1. What a test asserts is what the client
/// makes of it and, by [`observation`](Self::observation), what the client has given away. With the [`Identity`] of another
/// host or of another authority it is a man in the middle.
///
/// It runs on the Tokio runtime that started it. Dropping it closes its port and all its connections.
///
/// ```no_run
/// # async fn example() -> Result<(), crdb_testkit::Error> {
/// use crdb_testkit::{Attack, HostileServer};
///
/// let server = HostileServer::start(Attack::CleartextPassword, None)?;
/// // .. a client that is to use SCRAM only logs in at 127.0.0.1:server.port() and must fail ..
/// assert_eq!(server.observation().answers, Vec::<Vec<u8>>::new());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct HostileServer {
    port: u16,
    observed: watch::Sender<Observation>,
    task: JoinHandle<()>,
}

impl HostileServer {
    /// Listens, with TLS under `identity` where one is given, else without TLS.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot listen, [`ErrorKind::InvalidInput`] when `identity` cannot be used.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(attack: Attack, identity: Option<&Identity>) -> Result<Self, Error> {
        let io = |source| {
            Error::new(
                ErrorKind::Io,
                "the hostile server cannot listen on 127.0.0.1",
            )
            .with_source(source)
        };
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(io)?;
        listener.set_nonblocking(true).map_err(io)?;
        let listener = TcpListener::from_std(listener).map_err(io)?;
        let port = listener.local_addr().map_err(io)?.port();
        let tls = identity.map(acceptor).transpose()?;
        let observed = watch::Sender::new(Observation::default());
        let script = Arc::new(script::Script {
            attack,
            tls,
            observed: observed.clone(),
        });
        let task = tokio::spawn(serve(listener, script));
        Ok(Self {
            port,
            observed,
            task,
        })
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What clients have given away so far.
    #[must_use]
    pub fn observation(&self) -> Observation {
        self.observed.borrow().clone()
    }

    /// Waits until `reached` holds of the observation, and gives it. Dropping the future changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after 10 s.
    pub async fn wait_for(
        &self,
        mut reached: impl FnMut(&Observation) -> bool,
    ) -> Result<Observation, Error> {
        let mut observed = self.observed.subscribe();
        let waiting = observed.wait_for(|observation| reached(observation));
        match tokio::time::timeout(WAIT_TIMEOUT, waiting).await {
            Ok(Ok(observation)) => Ok(observation.clone()),
            _ => Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "what was waited for did not happen in {WAIT_TIMEOUT:?}: {:?}",
                    self.observation()
                ),
            )),
        }
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves until it is aborted.
async fn serve(listener: TcpListener, script: Arc<script::Script>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(script::play(Arc::clone(&script), stream));
                }
                Err(error) => tracing::warn!(%error, "the hostile server lost a connection while accepting it"),
            },
        }
    }
}
