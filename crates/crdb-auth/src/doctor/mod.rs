//! Walks a login step by step and says what it finds.

mod next_step;
mod report;

use std::time::{Duration, Instant};

use tokio::time::timeout;

pub use report::{Diagnosis, DoctorStep, Finding, Outcome};

use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::net::{Peer, Transport, dial_peer, resolve};
use crate::session::Session;
use crate::tls::{Negotiated, SslMode, X509, negotiate};

/// Examines a configuration against a server: name, addresses, TLS, Kerberos service and ticket,
/// login, session. Each step is reported with its finding and its time, also after one has failed
/// where the next does not depend on it; [`Diagnosis::next_step`] says what to do.
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
        self.tls(endpoint, reachable.as_ref(), &mut diagnosis).await;
        self.kerberos(endpoint, &mut diagnosis).await;
        if reachable.is_some() {
            self.login(endpoint, &mut diagnosis).await;
        } else {
            diagnosis.skip(DoctorStep::Login, "the server was not reached");
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
        let (result, took) = self.bounded(resolve(endpoint)).await;
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

    async fn tls(&self, endpoint: &Endpoint, peer: Option<&Peer>, diagnosis: &mut Diagnosis) {
        let config = self.connector.config();
        let mode = config.tls.effective_mode();
        let Some(peer) = peer else {
            return diagnosis.skip(DoctorStep::Tls, "the server was not reached");
        };
        if mode == SslMode::Disable {
            return diagnosis.warn(
                DoctorStep::Tls,
                "sslmode=disable: everything can be read and changed on the way",
                Duration::ZERO,
            );
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
            }
            Ok(Negotiated::Without(transport)) => {
                if matches!(transport, Transport::Tcp(_)) && mode >= SslMode::Require {
                    let error = Error::new(
                        ErrorKind::TlsUnavailable,
                        format!("{endpoint} has no TLS and sslmode={mode} demands it"),
                    );
                    diagnosis.failed(DoctorStep::Tls, &error, took);
                } else {
                    diagnosis.warn(DoctorStep::Tls, "the connection has no TLS", took);
                }
            }
            Err(error) => diagnosis.failed(DoctorStep::Tls, &error, took),
        }
    }

    #[cfg(all(feature = "kerberos", unix))]
    async fn kerberos(&self, endpoint: &Endpoint, diagnosis: &mut Diagnosis) {
        let Some((settings, kerberos)) = self.connector.config().kerberos() else {
            return;
        };
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
            Ok(text) => diagnosis.ok(DoctorStep::Ticket, text, took),
            Err(error) => diagnosis.failed(DoctorStep::Ticket, &error, took),
        }
    }

    #[cfg(not(all(feature = "kerberos", unix)))]
    #[expect(clippy::unused_async, reason = "the feature's other half awaits")]
    async fn kerberos(&self, _endpoint: &Endpoint, _diagnosis: &mut Diagnosis) {}

    async fn login(&self, endpoint: &Endpoint, diagnosis: &mut Diagnosis) {
        let start = Instant::now();
        match self.connector.connect(endpoint).await {
            Ok(session) => {
                let facts = session.facts();
                let version = facts
                    .version()
                    .map_or(String::new(), |version| format!(" {version}"));
                let node = facts
                    .node_id()
                    .map_or(String::new(), |node| format!(", node {node}"));
                let user = self.connector.config().user();
                diagnosis.ok(
                    DoctorStep::Login,
                    format!("{user:?} is let in by {}{version}{node}", facts.engine()),
                    start.elapsed(),
                );
                diagnosis.excuse();
                self.session(&session, diagnosis).await;
            }
            Err(error) => diagnosis.failed(DoctorStep::Login, &error, start.elapsed()),
        }
    }

    async fn session(&self, session: &Session, diagnosis: &mut Diagnosis) {
        let limit = self.connector.config().connect_timeout;
        let start = Instant::now();
        let result = match session.ping(limit).await {
            Ok(()) => session.check_database(limit).await,
            failed => failed,
        };
        let took = start.elapsed();
        match result {
            Ok(()) if session.facts().process_id().is_some() => {
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

fn describe_tls(transport: &Transport, mode: SslMode) -> String {
    let Transport::Tls(stream) = transport else {
        return String::new();
    };
    let tls = stream.get_ref().1;
    let mut text = format!("sslmode={mode}");
    if let Some(version) = tls.protocol_version() {
        text.push_str(&format!(", {version:?}"));
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
