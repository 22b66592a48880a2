//! Walks a login step by step and says what it finds.

mod next_step;
mod report;

use std::time::{Duration, Instant};

use rustls::ProtocolVersion;
use tokio::time::timeout;

pub use report::{Diagnosis, DoctorStep, Finding, Outcome};

use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::facts::{Engine, ServerFacts};
use crate::net::{Peer, Transport, dial_peer, resolve};
use crate::policy::AuthMethod;
use crate::progress::Progress;
use crate::question::DOES_DATABASE_EXIST;
use crate::shown;
use crate::stream::AuthenticatedStream;
use crate::tls::{Negotiated, SslMode, X509, negotiate};

/// Examines a configuration against a server: name, addresses, TLS, Kerberos service and ticket where
/// the server asks for Kerberos, login, session. Each step is reported with its finding and its time, also after one has
/// failed where the next does not depend on it; a failure is reported once. [`Diagnosis::next_step`] says what to do.
///
/// ```no_run
/// # async fn example(connector: crdb_auth::Connector) {
/// use crdb_auth::{Doctor, Endpoint};
///
/// let diagnosis = Doctor::new(connector).examine(&Endpoint::new("db1", 26257)).await;
/// println!("{diagnosis}");
/// assert!(diagnosis.is_healthy());
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Doctor {
    connector: Connector,
}

impl Doctor {
    /// A doctor for what `connector` does.
    #[must_use]
    pub fn new(connector: Connector) -> Self {
        Self { connector }
    }

    /// Takes the steps. Each is bounded by the configuration's `connect_timeout`. Makes up to one
    /// connection for each address and two more, and logs in once.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn examine(&self, endpoint: &Endpoint) -> Diagnosis {
        let mut diagnosis = Diagnosis::new(endpoint.clone());
        let peers = self.resolve(endpoint, &mut diagnosis).await;
        let reachable = self.tcp(endpoint, peers, &mut diagnosis).await;
        let goes_on = self.tls(endpoint, reachable.as_ref(), &mut diagnosis).await;
        let obstacle = if reachable.is_none() {
            Some("the server was not reached")
        } else if !goes_on {
            Some("it is not tried without TLS")
        } else {
            None
        };
        match obstacle {
            Some(obstacle) => {
                self.kerberos(endpoint, None, &mut diagnosis).await;
                diagnosis.skip(DoctorStep::Login, obstacle);
            }
            None => self.login(endpoint, &mut diagnosis).await,
        }
        diagnosis
    }

    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> (Result<T, Error>, Duration) {
        let limit = self.connector.config().connect_timeout;
        let start = Instant::now();
        let result = timeout(limit, work).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!("no answer within {limit:?}"),
            ))
        });
        (result, start.elapsed())
    }

    async fn resolve(&self, endpoint: &Endpoint, diagnosis: &mut Diagnosis) -> Vec<Peer> {
        let (result, took) = self
            .bounded(resolve(endpoint, self.connector.config().dialler.as_ref()))
            .await;
        match result {
            Ok(peers) => {
                let list: Vec<String> = peers.iter().map(ToString::to_string).collect();
                diagnosis.ok(
                    DoctorStep::Resolve,
                    format!("{} is {}", endpoint.host, list.join(", ")),
                    took,
                );
                peers
            }
            Err(error) => {
                diagnosis.failed(DoctorStep::Resolve, &error, took);
                Vec::new()
            }
        }
    }

    /// Tries every address, not just the fastest; gives the first that answers.
    async fn tcp(
        &self,
        endpoint: &Endpoint,
        peers: Vec<Peer>,
        diagnosis: &mut Diagnosis,
    ) -> Option<Peer> {
        let mut reachable = None;
        for peer in peers {
            let options = self.connector.config().socket;
            let (result, took) = self.bounded(dial_peer(endpoint, &peer, options)).await;
            match result {
                Ok(_) => {
                    diagnosis.ok(DoctorStep::Tcp, format!("{peer} answers"), took);
                    reachable.get_or_insert(peer);
                }
                Err(error) => diagnosis.failed(DoctorStep::Tcp, &error, took),
            }
        }
        reachable
    }

    /// Whether a login can follow.
    async fn tls(
        &self,
        endpoint: &Endpoint,
        peer: Option<&Peer>,
        diagnosis: &mut Diagnosis,
    ) -> bool {
        let config = self.connector.config();
        let mode = config.tls.effective_mode();
        let Some(peer) = peer else {
            diagnosis.skip(DoctorStep::Tls, "the server was not reached");
            return false;
        };
        if mode == SslMode::Disable {
            diagnosis.warn(
                DoctorStep::Tls,
                "sslmode=disable: everything can be read and changed on the way",
                Duration::ZERO,
            );
            return true;
        }
        let work = async {
            let client = self.connector.tls_client().await?;
            let transport = dial_peer(endpoint, peer, config.socket).await?;
            negotiate(&client, endpoint, transport).await
        };
        let (result, took) = self.bounded(work).await;
        match result {
            Ok(Negotiated::Tls(transport)) => {
                let text = describe_tls(&transport, mode);
                if mode >= SslMode::VerifyFull {
                    diagnosis.ok(DoctorStep::Tls, text, took);
                } else {
                    diagnosis.warn(
                        DoctorStep::Tls,
                        &format!("{text}; sslmode={mode} does not check whose certificate it is"),
                        took,
                    );
                }
                true
            }
            Ok(Negotiated::Without(transport)) => {
                let goes_on = transport.is_unix() || mode < SslMode::Require;
                if goes_on {
                    diagnosis.warn(DoctorStep::Tls, "the connection has no TLS", took);
                } else {
                    let error = Error::new(
                        ErrorKind::TlsUnavailable,
                        format!("{endpoint} has no TLS and sslmode={mode} demands it"),
                    );
                    diagnosis.failed(DoctorStep::Tls, &error, took);
                }
                goes_on
            }
            Err(error) if mode < SslMode::Require => {
                let text = format!("{error}; sslmode={mode} goes on without TLS");
                diagnosis.warn(DoctorStep::Tls, &text, took);
                true
            }
            Err(error) => {
                diagnosis.failed(DoctorStep::Tls, &error, took);
                false
            }
        }
    }

    /// Looks at the ticket where the server asks for Kerberos, or where nothing else is configured and the server was not
    /// heard. Gives the kind of its failure.
    #[cfg(all(feature = "kerberos", unix))]
    async fn kerberos(
        &self,
        endpoint: &Endpoint,
        asked: Option<AuthMethod>,
        diagnosis: &mut Diagnosis,
    ) -> Option<ErrorKind> {
        let config = self.connector.config();
        let (settings, kerberos) = config.kerberos()?;
        let concerned = match asked {
            Some(method) => method == AuthMethod::Gss,
            None => config.is_kerberos_alone(),
        };
        if !concerned {
            return None;
        }
        diagnosis.ok(
            DoctorStep::ServiceName,
            format!(
                "the service asked for is {}",
                settings.service_name(endpoint)
            ),
            Duration::ZERO,
        );
        let (result, took) = self.bounded(kerberos.ticket()).await;
        match result {
            Ok(text) => {
                diagnosis.ok(DoctorStep::Ticket, text, took);
                None
            }
            Err(error) => {
                diagnosis.failed(DoctorStep::Ticket, &error, took);
                Some(error.kind())
            }
        }
    }

    #[cfg(not(all(feature = "kerberos", unix)))]
    #[expect(clippy::unused_async, reason = "the feature's other half awaits")]
    async fn kerberos(
        &self,
        _endpoint: &Endpoint,
        _asked: Option<AuthMethod>,
        _diagnosis: &mut Diagnosis,
    ) -> Option<ErrorKind> {
        None
    }

    async fn login(&self, endpoint: &Endpoint, diagnosis: &mut Diagnosis) {
        let start = Instant::now();
        let progress = Progress::new();
        let result = self.connector.open_watched(endpoint, &progress).await;
        let took = start.elapsed();
        let asked = progress.asked();
        let ticket = self.kerberos(endpoint, asked, diagnosis).await;
        match result {
            Ok(stream) => {
                diagnosis.ok(DoctorStep::Login, self.let_in(stream.facts()), took);
                diagnosis.excuse();
                Self::session(stream, diagnosis).await;
            }
            // The same failure as that of the ticket is reported once.
            Err(error) if ticket == Some(error.kind()) => {
                diagnosis.skip(DoctorStep::Login, "there is no ticket to log in with");
            }
            Err(error) => {
                diagnosis.failed(DoctorStep::Login, &error, took);
                if let Some(advice) = self.advice_without_password(error.kind(), asked) {
                    diagnosis.advise(advice);
                }
            }
        }
    }

    /// Who is let in by what, with the version as the server spells it.
    fn let_in(&self, facts: &ServerFacts) -> String {
        let user = shown::user(self.connector.config().user());
        let version = match facts.engine() {
            Engine::CockroachDb => facts
                .parameter("crdb_version")
                .unwrap_or("CockroachDB")
                .to_owned(),
            engine => {
                let version = facts
                    .parameter("server_version")
                    .unwrap_or("of unknown version");
                format!("{engine} {version}")
            }
        };
        let node = facts
            .node_id()
            .map_or(String::new(), |node| format!(", node {node}"));
        format!("{user:?} is let in by {version}{node}")
    }

    /// Advice that the kind of the failure alone does not tell.
    fn advice_without_password(
        &self,
        kind: ErrorKind,
        asked: Option<AuthMethod>,
    ) -> Option<&'static str> {
        use AuthMethod::{Md5, Password, ScramSha256};
        if self.connector.config().password.is_some() {
            return None;
        }
        match kind {
            ErrorKind::Credential if matches!(asked, Some(Password | Md5 | ScramSha256)) => Some(
                "set a password: the server asks for one and none is configured; PGPASSWORD and ~/.pgpass are not read, a \
                 passfile is named",
            ),
            ErrorKind::Authentication => Some(
                "no password is set: set one, or check the user and the client certificate or ticket against the server's \
                 rules (HBA)",
            ),
            _ => None,
        }
    }

    async fn session(stream: AuthenticatedStream, diagnosis: &mut Diagnosis) {
        let attempt = format!("using the session with {}", stream.endpoint());
        let can_cancel = stream.facts().process_id().is_some();
        let start = Instant::now();
        let result = is_usable(stream, &attempt).await;
        let took = start.elapsed();
        match result {
            Ok(()) if can_cancel => {
                diagnosis.ok(
                    DoctorStep::Session,
                    "a statement is answered".to_owned(),
                    took,
                );
            }
            Ok(()) => diagnosis.warn(
                DoctorStep::Session,
                "a statement is answered; the server gave no cancel key, so that nothing can be \
                 cancelled",
                took,
            ),
            Err(error) => diagnosis.failed(DoctorStep::Session, &error, took),
        }
    }
}

/// Whether a statement is answered, and the database exists.
async fn is_usable(stream: AuthenticatedStream, attempt: &str) -> Result<(), Error> {
    let (mut stream, _) = stream.ask(attempt, "").await?;
    if stream.facts().engine() == Engine::CockroachDb {
        stream = match stream.ask(attempt, DOES_DATABASE_EXIST).await {
            Ok((stream, _)) => stream,
            // A server that does not know the question does not fail it.
            Err(error)
                if error.kind() != ErrorKind::UnknownDatabase && error.sqlstate().is_some() =>
            {
                return Ok(());
            }
            Err(error) => return Err(error),
        };
    }
    stream.say_goodbye().await;
    Ok(())
}

fn describe_tls(transport: &Transport, mode: SslMode) -> String {
    let Transport::Tls(stream) = transport else {
        return String::new();
    };
    let tls = stream.get_ref().1;
    let mut text = format!("sslmode={mode}");
    if let Some(version) = tls.protocol_version() {
        let version = match version {
            ProtocolVersion::TLSv1_2 => "TLS 1.2",
            ProtocolVersion::TLSv1_3 => "TLS 1.3",
            _ => "TLS",
        };
        text.push_str(&format!(", {version}"));
    }
    let expiry = tls
        .peer_certificates()
        .and_then(|chain| Some(X509::read(chain.first()?)?.not_after));
    if let Some(left) = expiry.and_then(|at| at.duration_since(std::time::SystemTime::now()).ok()) {
        let days = left.as_secs() / 86_400;
        text.push_str(&format!(", the server's certificate ends in {days} days"));
    }
    text
}
