//! P0: against JDBC from Python.

mod jdbc;
mod peer;
mod start;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    limit::{FetchLimit, FirstRowLimit, PointSelectLimit},
    ours::{FetchAll, PointSelect},
    server::Server,
};
use jdbc::Jdbc;
use peer::{JdbcFetch, JdbcFirstRow, JdbcSelect};
use start::FirstRow;

/// The row.
#[derive(Debug)]
pub(super) struct ReplacedClient;

impl Row for ReplacedClient {
    fn heading(&self) -> Heading {
        headings::REPLACED_CLIENT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let jdbc = Jdbc::prepare(&server).await?;
            let (selects, fetches) = if settings.quick {
                (2_000, 5)
            } else {
                (20_000, 20)
            };
            let rounds = 5;
            let at_most_peer = |subject, metric| Target {
                subject,
                metric,
                bound: Bound::RatioAtMost(peer::NAME, 1.0),
            };
            Ok(vec![
                Case {
                    name: "process start to first row".to_owned(),
                    metrics: vec![Metric::lower("time", "ms")],
                    targets: vec![Target {
                        subject: FirstRow::NAME,
                        metric: "time",
                        bound: Bound::AtMost(30.0),
                    }],
                    rounds,
                    subjects: vec![
                        Box::new(FirstRow::new(&server)?),
                        Box::new(JdbcFirstRow { jdbc: jdbc.clone() }),
                        Box::new(FirstRowLimit {
                            server: Arc::clone(&server),
                        }),
                    ],
                },
                Case {
                    name: "point select by key, one task".to_owned(),
                    metrics: vec![Metric::lower("p50", "us"), Metric::lower("p99", "us")],
                    targets: vec![
                        at_most_peer(PointSelect::NAME, "p50"),
                        at_most_peer(PointSelect::NAME, "p99"),
                    ],
                    rounds,
                    subjects: vec![
                        Box::new(PointSelect::connect(&server, selects).await?),
                        Box::new(JdbcSelect {
                            jdbc: jdbc.clone(),
                            count: selects,
                        }),
                        Box::new(PointSelectLimit {
                            server: Arc::clone(&server),
                            count: selects,
                        }),
                    ],
                },
                Case {
                    name: "fetch of 10,000 rows".to_owned(),
                    metrics: vec![Metric::higher("throughput", "rows/s")],
                    targets: vec![Target {
                        subject: FetchAll::NAME,
                        metric: "throughput",
                        bound: Bound::RatioAtLeast(peer::NAME, 10.0),
                    }],
                    rounds,
                    subjects: vec![
                        Box::new(FetchAll::connect(&server, fetches).await?),
                        Box::new(JdbcFetch {
                            jdbc,
                            count: fetches,
                        }),
                        Box::new(FetchLimit {
                            server,
                            count: fetches,
                        }),
                    ],
                },
            ])
        }
        .boxed()
    }
}
