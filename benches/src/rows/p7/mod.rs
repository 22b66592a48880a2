//! P7: from nothing to the first row.

mod libpq;
mod login;
mod sqlx_connection;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Sample, Target},
    latency::percentiles,
    server::Server,
};
use libpq::Libpq;
use login::Login;
use sqlx_connection::Sqlx;

/// No login may take longer, in microseconds.
const LONGEST: f64 = 100_000.0;

/// The row.
#[derive(Debug)]
pub(super) struct P7;

impl Row for P7 {
    fn id(&self) -> &'static str {
        "P7"
    }

    fn title(&self) -> &'static str {
        "connect to first row: SCRAM, SCRAM with TLS; cold and reconnect"
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let count = if settings.quick { 20 } else { 100 };
            Ok(vec![
                case("SCRAM", &server, false, count)?,
                case("SCRAM, TLS verified in full", &server, true, count)?,
            ])
        }
        .boxed()
    }
}

fn case(name: &str, server: &Arc<Server>, tls: bool, count: usize) -> Result<Case, MeasureError> {
    let cold = Login::cold(server, tls, count)?;
    let again = Login::again(server, tls, count)?;
    let trust = Login::trust(server, tls, count)?;
    let at_most = |subject, metric, bound| Target {
        subject,
        metric,
        bound,
    };
    Ok(Case {
        name: name.to_owned(),
        metrics: vec![
            Metric::lower("p50", "us"),
            Metric::lower("p99", "us"),
            Metric::lower("max", "us"),
        ],
        targets: vec![
            at_most(login::COLD, "p50", Bound::RatioAtMost(libpq::NAME, 1.0)),
            at_most(login::COLD, "max", Bound::AtMost(LONGEST)),
            at_most(login::AGAIN, "p50", Bound::RatioAtMost(login::TRUST, 1.15)),
        ],
        rounds: 7,
        subjects: vec![
            Box::new(cold),
            Box::new(again),
            Box::new(Libpq::new(server, tls, count)?),
            Box::new(Sqlx::new(server, tls, count)),
            Box::new(trust),
        ],
    })
}

/// Percentiles and the longest of the latencies, in microseconds.
fn sample(latencies: Vec<f64>) -> Sample {
    let longest = latencies.iter().copied().fold(0.0, f64::max);
    percentiles(latencies).with("max", longest)
}
