//! Establishes sessions.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::time::timeout;

use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::net::{Peer, Transport, dial, dial_peer};
use crate::observer::{ConnectFailed, ConnectTimings, Connected, ReloadFailed};
use crate::scram::KeyCache;
use crate::session::Session;
use crate::startup::{Login, log_in};
use crate::stream::AuthenticatedStream;
use crate::tls::{Negotiated, SslMode, TlsClient, TlsSource, negotiate};

/// Establishes sessions with one [`Config`]. Clones share everything, also the SCRAM keys that
/// make a reconnect cheap.
#[derive(Clone)]
pub struct Connector {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    tls: TlsSource,
    keys: KeyCache,
}

impl Connector {
    /// A connector for `config`. Reads nothing and connects to nothing yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the configuration cannot work.
    pub fn new(config: Config) -> Result<Self, Error> {
        Ok(Self {
            shared: Arc::new(Shared {
                tls: TlsSource::new(config.tls.clone()),
                config,
                keys: KeyCache::default(),
            }),
        })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Logs in and gives a session with a `tokio_postgres::Client` on it.
    ///
    /// # Errors
    /// Every [`ErrorKind`] but those of a running session; within `connect_timeout`.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened. The server sees a client that went away.
    pub async fn connect(&self, endpoint: &Endpoint) -> Result<Session, Error> {
        let stream = self.open(endpoint).await?;
        Session::start(stream, self.clone(), endpoint.clone()).await
    }

    /// Logs in and gives the bytes, for another protocol implementation on top.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// As [`connect`](Self::connect).
    pub async fn open(&self, endpoint: &Endpoint) -> Result<AuthenticatedStream, Error> {
        let progress = Progress::new();
        let limit = self.config().connect_timeout;
        // Boxed: the handshake's state is large, and lives in every caller's future otherwise.
        let result = match timeout(limit, Box::pin(self.establish(endpoint, &progress))).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "connecting to {endpoint}: no success within {limit:?}, the deadline passed \
                     while {}",
                    progress.step().describe()
                ),
            )),
        };
        let timings = progress.timings();
        if let Some(observer) = &self.config().observer {
            match &result {
                Ok(stream) => observer.connected(&Connected {
                    endpoint,
                    tls: stream.is_tls(),
                    facts: stream.facts(),
                    timings,
                }),
                Err(error) => observer.connect_failed(&ConnectFailed {
                    endpoint,
                    error,
                    timings,
                }),
            }
        }
        result
    }

    async fn establish(
        &self,
        endpoint: &Endpoint,
        progress: &Progress,
    ) -> Result<AuthenticatedStream, Error> {
        let mode = self.config().tls.effective_mode();
        match mode {
            SslMode::Allow => match self.attempt(endpoint, false, progress).await {
                Err(error) if error.server().is_some() => {
                    self.attempt(endpoint, true, progress).await
                }
                result => result,
            },
            SslMode::Prefer => match self.attempt(endpoint, true, progress).await {
                Err(error) if error.server().is_some() || error.is_tls() => {
                    self.attempt(endpoint, false, progress).await
                }
                result => result,
            },
            mode => {
                self.attempt(endpoint, mode != SslMode::Disable, progress)
                    .await
            }
        }
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint,
        tls: bool,
        progress: &Progress,
    ) -> Result<AuthenticatedStream, Error> {
        let config = self.config();
        progress.enter(Step::Resolve);
        let (transport, peer) = dial(endpoint, config.socket, || progress.enter(Step::Tcp)).await?;
        let transport = if tls {
            progress.enter(Step::Tls);
            self.encrypt(endpoint, transport).await?
        } else {
            transport
        };
        progress.enter(Step::Login);
        let attempt = format!("logging in to {endpoint} as {:?}", config.user);
        let login = Login {
            config,
            endpoint,
            keys: &self.shared.keys,
            attempt: &attempt,
            used: Mutex::default(),
        };
        let done = log_in(login, transport).await?;
        Ok(AuthenticatedStream::new(done, peer))
    }

    /// TLS where the server has it; an error where the mode demands it and the server has not.
    async fn encrypt(&self, endpoint: &Endpoint, transport: Transport) -> Result<Transport, Error> {
        let client = self.tls_client().await?;
        match negotiate(&client, endpoint, transport).await? {
            Negotiated::Tls(transport) => Ok(transport),
            Negotiated::Without(transport) => {
                let mode = self.config().tls.effective_mode();
                let unix = !matches!(transport, Transport::Tcp(_));
                if mode >= SslMode::Require && !unix {
                    return Err(Error::new(
                        ErrorKind::TlsUnavailable,
                        format!(
                            "connecting to {endpoint}: the server has no TLS and sslmode={mode} \
                             demands it; enable TLS on the server"
                        ),
                    ));
                }
                Ok(transport)
            }
        }
    }

    /// TLS for the certificate files as they are now. They are looked at on a blocking thread.
    async fn tls_client(&self) -> Result<TlsClient, Error> {
        if let Some(client) = self.shared.tls.settled() {
            return Ok(client);
        }
        let shared = Arc::clone(&self.shared);
        let refreshed = tokio::task::spawn_blocking(move || shared.tls.refresh()).await;
        let (client, complaint) = refreshed.map_err(|error| {
            Error::new(ErrorKind::Credential, "preparing TLS failed").with_source(error)
        })??;
        if let (Some(error), Some(observer)) = (&complaint, &self.config().observer) {
            observer.reload_failed(&ReloadFailed { error });
        }
        Ok(client)
    }

    /// A connection to the very server that a session is on, protected as that session is.
    pub(crate) async fn reach_again(
        &self,
        endpoint: &Endpoint,
        peer: &Peer,
        tls: bool,
    ) -> Result<Transport, Error> {
        let transport = dial_peer(endpoint, peer, self.config().socket).await?;
        if !tls {
            return Ok(transport);
        }
        match negotiate(&self.tls_client().await?, endpoint, transport).await? {
            Negotiated::Tls(transport) => Ok(transport),
            Negotiated::Without(_) => Err(Error::new(
                ErrorKind::TlsUnavailable,
                format!("reaching {endpoint} again: the server no longer offers TLS"),
            )),
        }
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

/// Where a connect is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Resolve,
    Tcp,
    Tls,
    Login,
}

impl Step {
    const ALL: [Self; 4] = [Self::Resolve, Self::Tcp, Self::Tls, Self::Login];

    fn describe(self) -> &'static str {
        match self {
            Self::Resolve => "resolving the name",
            Self::Tcp => {
                "waiting for the TCP connection: a firewall that drops packets looks like this"
            }
            Self::Tls => "waiting for the TLS handshake",
            Self::Login => "waiting for the server's answer to the login",
        }
    }
}

/// Which step is under way, readable after the future that took it was dropped, and how long
/// each took.
struct Progress {
    start: Instant,
    step: AtomicU8,
    entered: Mutex<[Option<Instant>; 4]>,
}

impl Progress {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            step: AtomicU8::new(0),
            entered: Mutex::default(),
        }
    }

    fn enter(&self, step: Step) {
        self.step.store(step as u8, Ordering::Relaxed);
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        entered[step as usize] = Some(Instant::now());
    }

    fn step(&self) -> Step {
        Step::ALL[usize::from(self.step.load(Ordering::Relaxed))]
    }

    fn timings(&self) -> ConnectTimings {
        let entered = *self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let end = Instant::now();
        let took = |step: Step| {
            let from = entered[step as usize]?;
            let next = entered[step as usize + 1..]
                .iter()
                .flatten()
                .next()
                .copied()
                .unwrap_or(end);
            Some(next.saturating_duration_since(from))
        };
        ConnectTimings {
            resolve: took(Step::Resolve).unwrap_or_default(),
            tcp: took(Step::Tcp).unwrap_or_default(),
            tls: took(Step::Tls).unwrap_or_default(),
            login: took(Step::Login).unwrap_or_default(),
            total: end.saturating_duration_since(self.start),
        }
    }
}
