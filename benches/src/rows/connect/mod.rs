//! P7: from nothing to the first row.

mod libpq;
mod login;
mod sqlx_connection;

use std::sync::Arc;

use crdb_testkit::{EngineChoice, EngineOptions, Kdc};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Sample, Target},
    latency::percentiles,
    realm,
    server::Server,
};
use libpq::Libpq;
use login::Login;
use sqlx_connection::Sqlx;

/// No login may take longer, in microseconds.
const LONGEST: f64 = 100_000.0;

/// The row.
#[derive(Debug)]
pub(super) struct Connect;

impl Row for Connect {
    fn heading(&self) -> Heading {
        headings::CONNECT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?.ours()?;
            // Few in a round and many rounds: what is compared is then close together in time.
            let count = if settings.quick { 4 } else { 8 };
            // CockroachDB wants a licence for GSSAPI, so this part is PostgreSQL's whatever the engine.
            let kdc = realm::start().await?;
            let options = EngineOptions::default()
                .choice(EngineChoice::Postgres)
                .kerberos(&kdc);
            let own = Settings {
                engine: None,
                ..settings.clone()
            };
            let in_realm = Server::start_as(&own, options).await?;
            Ok(vec![
                password(&server, false, count)?,
                password(&server, true, count)?,
                tickets(&in_realm, kdc, count)?,
            ])
        }
        .boxed()
    }
}

/// How a subject logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By SCRAM, with TLS verified in full or without TLS.
    Password { tls: bool },
    /// With the ticket in the default cache, with TLS verified in full.
    Ticket,
    /// The server asks for nothing.
    Trust { tls: bool },
}

impl Way {
    fn tls(self) -> bool {
        match self {
            Self::Password { tls } | Self::Trust { tls } => tls,
            Self::Ticket => true,
        }
    }

    /// The server's name: a ticket is for a name.
    fn host(self, server: &Server) -> &str {
        match self {
            Self::Ticket => "localhost",
            _ => server.host(),
        }
    }
}

fn password(server: &Arc<Server>, tls: bool, count: usize) -> Result<Case, MeasureError> {
    let way = Way::Password { tls };
    let name = if tls {
        "SCRAM, TLS verified in full"
    } else {
        "SCRAM"
    };
    Ok(Case {
        name: name.to_owned(),
        metrics: metrics(),
        targets: vec![
            cold_as_fast_as_libpq(),
            never_slow(login::COLD),
            never_slow(login::AGAIN),
            at_most(login::AGAIN, "p50", Bound::RatioAtMost(login::TRUST, 1.15)),
        ],
        rounds: 21,
        subjects: vec![
            Box::new(Login::cold(server, way, count)?),
            Box::new(Login::again(server, way, count)?),
            Box::new(Libpq::new(server, way, count)?),
            Box::new(Sqlx::new(server, tls, count)),
            Box::new(Login::trust(server, tls, count)?),
        ],
    })
}

/// sqlx knows no GSSAPI.
fn tickets(server: &Arc<Server>, kdc: Kdc, count: usize) -> Result<Case, MeasureError> {
    let kdc = Arc::new(kdc);
    Ok(Case {
        name: "GSSAPI, TLS verified in full".to_owned(),
        metrics: metrics(),
        targets: vec![
            cold_as_fast_as_libpq(),
            never_slow(login::COLD),
            never_slow(login::AGAIN),
        ],
        rounds: 21,
        subjects: vec![
            Box::new(Login::cold(server, Way::Ticket, count)?.in_realm(&kdc)),
            Box::new(Login::again(server, Way::Ticket, count)?.in_realm(&kdc)),
            Box::new(Libpq::new(server, Way::Ticket, count)?),
            Box::new(Login::trust(server, true, count)?),
        ],
    })
}

fn metrics() -> Vec<Metric> {
    vec![
        Metric::lower("p50", "us"),
        Metric::lower("p99", "us"),
        Metric::lower("max", "us"),
    ]
}

fn cold_as_fast_as_libpq() -> Target {
    at_most(login::COLD, "p50", Bound::RatioAtMost(libpq::NAME, 1.0))
}

fn never_slow(subject: &'static str) -> Target {
    at_most(subject, "max", Bound::AtMost(LONGEST))
}

fn at_most(subject: &'static str, metric: &'static str, bound: Bound) -> Target {
    Target {
        subject,
        metric,
        bound,
    }
}

/// Percentiles and the longest of the latencies, in microseconds.
fn sample(latencies: Vec<f64>) -> Sample {
    let longest = latencies.iter().copied().fold(0.0, f64::max);
    percentiles(latencies).with("max", longest)
}
