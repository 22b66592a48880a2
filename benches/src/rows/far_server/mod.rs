//! P11: lanes beside a pool, as the statement takes longer and the server is further away.

mod distant;

use std::{sync::Arc, time::Duration};

use crdb_testkit::FaultProxy;
use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    callers::{Caller as _, Deadpool, Lanes, Pooled, Tasks, Work},
    case::{Bound, Case, MeasureError, Metric, Target},
    pools::live::Opening,
    server::Server,
};
use distant::Distant;

/// Connections of each client.
const CONNECTIONS: u32 = 8;
/// How long the statement takes in the server.
const SERVICE_TIMES: [(&str, &str); 4] = [
    (
        "0.05 ms",
        "SELECT v FROM points, pg_sleep(0.00005) WHERE id = $1",
    ),
    (
        "0.5 ms",
        "SELECT v FROM points, pg_sleep(0.0005) WHERE id = $1",
    ),
    (
        "2 ms",
        "SELECT v FROM points, pg_sleep(0.002) WHERE id = $1",
    ),
    (
        "5 ms",
        "SELECT v FROM points, pg_sleep(0.005) WHERE id = $1",
    ),
];
/// Round trips in milliseconds, and what lanes must reach beside a pool there.
const ROUND_TRIPS: [(u64, f64); 3] = [(0, 1.0), (1, 1.0), (30, 5.0)];
const TASKS: [u32; 2] = [64, 256];

/// The row.
#[derive(Debug)]
pub(super) struct FarServer;

impl Row for FarServer {
    fn heading(&self) -> Heading {
        headings::FAR_SERVER
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start_for(settings, 1_000).await?;
            let mut cases = Vec::new();
            for (round_trip, times) in ROUND_TRIPS {
                let proxy = distant::proxy(&server, Duration::from_millis(round_trip))?;
                for (service_time, statement) in SERVICE_TIMES {
                    for tasks in TASKS {
                        let work = Work {
                            statement,
                            tasks,
                            time: time(round_trip, settings),
                        };
                        let name = format!(
                            "{tasks} tasks, {CONNECTIONS} connections, statement {service_time}, round trip {round_trip} ms"
                        );
                        cases.push(case(&server, &proxy, name, work, times).await?);
                    }
                }
            }
            Ok(cases)
        }
        .boxed()
    }
}

/// Long enough for some calls of each task.
fn time(round_trip: u64, settings: &Settings) -> Duration {
    let usual = if settings.quick { 300 } else { 700 };
    Duration::from_millis(usual.max(50 * round_trip))
}

async fn case(
    server: &Arc<Server>,
    proxy: &Arc<FaultProxy>,
    name: String,
    work: Work,
    times: f64,
) -> Result<Case, MeasureError> {
    let opening = || {
        let mut opening = Opening::on(server, CONNECTIONS);
        proxy.host().clone_into(&mut opening.host);
        opening.port = proxy.port();
        opening
    };
    let lanes = Tasks::<Lanes>::open(server, opening(), work).await?;
    let pooled = Tasks::<Pooled>::open(server, opening(), work).await?;
    let deadpool = Tasks::<Deadpool>::open(server, opening(), work).await?;
    Ok(Case {
        name,
        metrics: vec![Metric::higher("rate", "rows/s"), Metric::lower("p99", "us")],
        targets: vec![
            Target {
                subject: Lanes::NAME,
                metric: "rate",
                bound: Bound::RatioAtLeast(Deadpool::NAME, times),
            },
            Target {
                subject: Lanes::NAME,
                metric: "p99",
                bound: Bound::RatioAtMost(Deadpool::NAME, 1.0),
            },
        ],
        rounds: 5,
        subjects: vec![
            Box::new(Distant::new(lanes, proxy)),
            Box::new(Distant::new(pooled, proxy)),
            Box::new(Distant::new(deadpool, proxy)),
        ],
    })
}
