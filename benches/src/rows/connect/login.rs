//! Logins of crdb-auth: cold, again with what the first one left in memory, and without a password as the limit.

use std::{sync::Arc, time::Instant};

use crdb_auth::{Config, Connector, Endpoint, Kerberos, RootCertificates, SslMode, TlsConfig};
use crdb_testkit::Kdc;
use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Way, sample};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::microseconds,
    server::Server,
};

pub(super) const COLD: &str = "crdb-auth, cold";
pub(super) const AGAIN: &str = "crdb-auth, again";
pub(super) const TRUST: &str = "crdb-auth, trust";

/// One way to log in.
pub(super) struct Login {
    name: &'static str,
    config: Config,
    /// Kept from login to login, unless each is to be cold.
    connector: Option<Connector>,
    endpoint: Endpoint,
    count: usize,
    _server: Arc<Server>,
    _kdc: Option<Arc<Kdc>>,
}

impl Login {
    /// Each login as the first of a process: certificates are read, keys derived.
    pub(super) fn cold(server: &Arc<Server>, way: Way, count: usize) -> Result<Self, MeasureError> {
        Self::new(COLD, server, way, false, count)
    }

    /// Each login as a pool does it after the first one.
    pub(super) fn again(
        server: &Arc<Server>,
        way: Way,
        count: usize,
    ) -> Result<Self, MeasureError> {
        Self::new(AGAIN, server, way, true, count)
    }

    /// As [`again`](Self::again), and the server asks for nothing.
    pub(super) fn trust(
        server: &Arc<Server>,
        tls: bool,
        count: usize,
    ) -> Result<Self, MeasureError> {
        Self::new(TRUST, server, Way::Trust { tls }, true, count)
    }

    /// Keeps the realm's KDC for as long as this is measured.
    pub(super) fn in_realm(mut self, kdc: &Arc<Kdc>) -> Self {
        self._kdc = Some(Arc::clone(kdc));
        self
    }

    fn new(
        name: &'static str,
        server: &Arc<Server>,
        way: Way,
        keep: bool,
        count: usize,
    ) -> Result<Self, MeasureError> {
        let config = config(server, way)?;
        let connector = if keep {
            Some(Connector::new(config.clone())?)
        } else {
            None
        };
        Ok(Self {
            name,
            config,
            connector,
            endpoint: Endpoint::new(way.host(server), server.port()),
            count,
            _server: Arc::clone(server),
            _kdc: None,
        })
    }

    async fn log_in(&self) -> Result<(), MeasureError> {
        let connector = match &self.connector {
            Some(connector) => connector.clone(),
            None => Connector::new(self.config.clone())?,
        };
        let session = connector.connect(&self.endpoint).await?;
        session.client().simple_query("SELECT 1").await?;
        Ok(())
    }
}

fn config(server: &Server, way: Way) -> Result<Config, MeasureError> {
    let tls = if way.tls() {
        TlsConfig::new().roots(RootCertificates::file(server.ca_certificate()))
    } else {
        TlsConfig::new().mode(SslMode::Disable)
    };
    let builder = Config::builder().database(server.database()).tls(tls);
    let builder = match way {
        Way::Password { .. } => builder.user(server.user()).password(server.password()),
        Way::Ticket => builder
            .user(server.kerberos_user())
            .kerberos(Kerberos::default_cache()),
        Way::Trust { .. } => builder.user(server.trust_user()),
    };
    Ok(builder.build()?)
}

impl Subject for Login {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        if self.name == TRUST {
            Role::Limit
        } else {
            Role::Ours
        }
    }

    fn settings(&self) -> String {
        let kept = if self.connector.is_some() {
            "one connector kept"
        } else {
            "a new connector each time"
        };
        format!("{kept}, {} logins a round, one after another", self.count)
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let mut latencies = Vec::with_capacity(self.count);
            for _ in 0..self.count {
                let started = Instant::now();
                self.log_in().await?;
                latencies.push(microseconds(started.elapsed()));
            }
            Ok(sample(latencies))
        }
        .boxed()
    }
}
