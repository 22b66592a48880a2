//! Establishes sessions.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::time::{Instant, timeout, timeout_at};

use crate::config::Config;
use crate::credential::TimeLeft;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::facts::SharedParameters;
use crate::net::{Peer, Transport, dial, dial_peer, later};
use crate::observer::{ConnectOperation, ReloadFailed, WithoutTls};
use crate::progress::{Progress, Step};
use crate::scram::KeyCache;
#[cfg(feature = "tokio-postgres")]
use crate::session::Session;
use crate::shown;
use crate::startup::{Login, log_in};
use crate::stream::AuthenticatedStream;
use crate::tls::{Negotiated, SslMode, TlsClient, TlsSource, negotiate};
use crate::turn::Turns;

/// Establishes sessions with one [`Config`]. Clones share everything, also the SCRAM keys that
/// make a reconnect cheap.
#[derive(Clone)]
pub struct Connector {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    tls: TlsSource,
    /// Who may look at the files of `tls`.
    certificates: Turns,
    keys: KeyCache,
    parameters: SharedParameters,
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
                certificates: Turns::default(),
                config,
                keys: KeyCache::default(),
                parameters: SharedParameters::default(),
            }),
        })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// How long the credentials that are in use still hold, for metrics and alerts. Reads nothing: it reports what the latest connect
    /// or [`prepare`](Self::prepare) has read.
    #[must_use]
    pub fn time_left(&self) -> TimeLeft {
        let now = SystemTime::now();
        let ends = self.shared.tls.certificate_ends();
        #[cfg(all(feature = "kerberos", unix))]
        let ticket = self
            .config()
            .kerberos()
            .and_then(|(_, kerberos)| kerberos.time_left());
        #[cfg(not(all(feature = "kerberos", unix)))]
        let ticket = None;
        TimeLeft {
            certificate: ends.map(|at| at.duration_since(now).unwrap_or_default()),
            ticket,
        }
    }

    /// Reads certificates and acquires the Kerberos ticket now, so that mistakes show at the start
    /// of a service and the first login is as fast as the others. Within `connect_timeout`.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`], the kinds of Kerberos, [`ErrorKind::Timeout`].
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing; what has been read may be kept.
    pub async fn prepare(&self) -> Result<(), Error> {
        let limit = self.config().connect_timeout;
        let deadline = later(Instant::now(), limit);
        if self.config().tls.effective_mode() != SslMode::Disable {
            let read = timeout_at(deadline, self.tls_client()).await;
            read.map_err(|_| {
                Error::new(
                    ErrorKind::Timeout,
                    format!(
                        "preparing to log in: the certificates could not be read within {limit:?}; look at the file \
                         system that they are on"
                    ),
                )
            })??;
        }
        #[cfg(all(feature = "kerberos", unix))]
        if let Some((_, kerberos)) = self.config().kerberos() {
            match timeout_at(deadline, kerberos.prepare()).await {
                Ok(result) => result?,
                Err(_) => return Err(kerberos.unanswered("preparing to log in", limit).await),
            }
        }
        Ok(())
    }

    /// The deadline of a connect has passed in this step.
    #[cfg_attr(
        not(all(feature = "kerberos", unix)),
        expect(clippy::unused_async, reason = "the feature's half awaits")
    )]
    async fn timed_out(&self, step: Step, endpoint: &Endpoint) -> Error {
        let limit = self.config().connect_timeout;
        #[cfg(all(feature = "kerberos", unix))]
        if let (Step::Credential, Some((_, kerberos)), None) =
            (step, self.config().kerberos(), &self.config().password)
        {
            let attempt = format!("connecting to {endpoint}");
            return kerberos.unanswered(&attempt, limit).await;
        }
        step.timed_out(endpoint, limit)
    }

    /// Logs in and gives a session with a `tokio_postgres::Client` on it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    ///
    /// # Cancel safety
    /// As [`open`](Self::open).
    #[cfg(feature = "tokio-postgres")]
    pub async fn connect(&self, endpoint: &Endpoint) -> Result<Session, Error> {
        let stream = self.open(endpoint).await?;
        Session::start(stream).await
    }

    /// Logs in and gives the bytes, for another protocol implementation on top.
    ///
    /// # Errors
    /// Every [`ErrorKind`] but those of a running session; within `connect_timeout`.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened. The server sees a client that went away.
    pub async fn open(&self, endpoint: &Endpoint) -> Result<AuthenticatedStream, Error> {
        self.open_watched(endpoint, &Progress::new()).await
    }

    /// As [`open`](Self::open), with the steps to look at afterwards.
    pub(crate) async fn open_watched(
        &self,
        endpoint: &Endpoint,
        progress: &Progress,
    ) -> Result<AuthenticatedStream, Error> {
        // Nothing is attempted, and the observer is not called: the host may hold a password.
        if let Some(mistake) = endpoint.mistake() {
            return Err(mistake);
        }
        let observer = self.config().observer.as_deref();
        let operation = ConnectOperation::begin(observer, endpoint, progress);
        let limit = self.config().connect_timeout;
        // Boxed: the handshake's state is large, and lives in every caller's future otherwise.
        let result = match timeout(limit, Box::pin(self.establish(endpoint, progress))).await {
            Ok(result) => result,
            Err(_) => Err(self.timed_out(progress.step(), endpoint).await),
        };
        operation.end(&result);
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
                Err(error) if error.server().is_some() || progress.step() == Step::Tls => {
                    self.goes_on_without_tls(endpoint, Some(&error));
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

    /// One login; a second one where the ticket of a keytab had expired by the server's clock, for it has been dropped.
    async fn attempt(
        &self,
        endpoint: &Endpoint,
        tls: bool,
        progress: &Progress,
    ) -> Result<AuthenticatedStream, Error> {
        match self.attempt_once(endpoint, tls, progress).await {
            Err(error)
                if error.kind() == ErrorKind::KerberosExpired && self.config().renews_tickets() =>
            {
                self.attempt_once(endpoint, tls, progress).await
            }
            result => result,
        }
    }

    async fn attempt_once(
        &self,
        endpoint: &Endpoint,
        tls: bool,
        progress: &Progress,
    ) -> Result<AuthenticatedStream, Error> {
        let config = self.config();
        progress.enter(Step::Resolve);
        let (transport, peer) = dial(endpoint, config.socket, config.dialler.as_ref(), || {
            progress.enter(Step::Tcp);
        })
        .await?;
        // Only now: towards a server that is not there nothing is begun.
        let gss = config.gss_ahead(endpoint, tls);
        let transport = if tls {
            progress.enter(Step::Tls);
            self.encrypt(endpoint, transport).await?
        } else {
            transport
        };
        progress.enter(Step::Login);
        let attempt = format!(
            "logging in to {endpoint} as {:?}",
            shown::user(&config.user)
        );
        let login = Login {
            config,
            endpoint,
            keys: &self.shared.keys,
            parameters: &self.shared.parameters,
            attempt: &attempt,
            progress,
            gss: Mutex::new(gss),
            used: Mutex::default(),
        };
        let done = log_in(login, transport).await?;
        Ok(AuthenticatedStream::new(
            done,
            peer,
            endpoint.clone(),
            self.clone(),
        ))
    }

    /// TLS where the server has it; an error where the mode demands it and the server has not.
    async fn encrypt(&self, endpoint: &Endpoint, transport: Transport) -> Result<Transport, Error> {
        let client = self.tls_client().await?;
        match negotiate(&client, endpoint, transport).await? {
            Negotiated::Tls(transport) => Ok(transport),
            Negotiated::Without(transport) => {
                let mode = self.config().tls.effective_mode();
                let unix = transport.is_unix();
                if mode >= SslMode::Require && !unix {
                    return Err(Error::new(
                        ErrorKind::TlsUnavailable,
                        format!(
                            "connecting to {endpoint}: the server has no TLS and sslmode={mode} \
                             demands it; enable TLS on the server"
                        ),
                    ));
                }
                if mode == SslMode::Prefer && !unix {
                    self.goes_on_without_tls(endpoint, None);
                }
                Ok(transport)
            }
        }
    }

    /// `prefer` is not silent about what it gives up.
    fn goes_on_without_tls(&self, endpoint: &Endpoint, error: Option<&Error>) {
        match &self.config().observer {
            Some(observer) => observer.without_tls(&WithoutTls { endpoint, error }),
            None => tracing::warn!(
                %endpoint,
                error = error.map(tracing::field::display),
                "the connection goes on without TLS, as sslmode=prefer permits"
            ),
        }
    }

    /// TLS for the certificate files as they are now. They are looked at on a thread of its own, one at a time.
    pub(crate) async fn tls_client(&self) -> Result<TlsClient, Error> {
        if let Some(client) = self.shared.tls.settled() {
            return Ok(client);
        }
        let shared = Arc::clone(&self.shared);
        let turn = self.shared.certificates.wait().await;
        let refreshed = turn.run(move || shared.tls.refresh()).await;
        // The source would be a panic's message, of code that has read a key.
        let (client, complaint) = refreshed.map_err(|_| {
            Error::new(
                ErrorKind::Credential,
                "preparing TLS: the task that reads the certificates was stopped",
            )
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
