//! P2: one statement at a time, with everything on that a service has on.

mod bare;
mod everything;
mod spawned;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    limit::PointSelectLimit,
    ours::PointSelect,
    server::Server,
};
use bare::Bare;
use everything::{Everything, Traces};
use spawned::Spawned;

/// The row.
#[derive(Debug)]
pub(super) struct SingleStatement;

impl Row for SingleStatement {
    fn heading(&self) -> Heading {
        headings::SINGLE_STATEMENT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let count = if settings.quick { 2_000 } else { 20_000 };
            let ours = [
                PointSelect::NAME,
                PointSelect::LANE,
                everything::NAME,
                everything::SAMPLED,
            ];
            let targets = ours.map(|subject| {
                [("p50", 0.95), ("cpu", 0.8)].map(|(metric, most)| Target {
                    subject,
                    metric,
                    bound: Bound::RatioAtMost(bare::NAME, most),
                })
            });
            let metrics = vec![Metric::lower("p50", "us"), Metric::lower("p99", "us")];
            let rounds = if settings.quick { 5 } else { 9 };
            let started = Case {
                name: "point select by key, one task".to_owned(),
                metrics: metrics.clone(),
                targets: targets.concat(),
                rounds,
                subjects: vec![
                    Box::new(PointSelect::connect(&server, count).await?),
                    Box::new(PointSelect::on_a_lane(&server, count).await?),
                    Box::new(Everything::connect(&server, count, Traces::All).await?),
                    Box::new(Everything::connect(&server, count, Traces::Tenth).await?),
                    Box::new(Bare::connect(&server, count).await?),
                    Box::new(PointSelectLimit {
                        server: Arc::clone(&server),
                        count,
                    }),
                ],
            };
            // What a request of a service sees. The targets are of the case above.
            let all = Everything::connect(&server, count, Traces::All).await?;
            let sampled = Everything::connect(&server, count, Traces::Tenth).await?;
            let spawned = Case {
                name: "point select by key, one spawned task".to_owned(),
                metrics,
                targets: Vec::new(),
                rounds,
                subjects: vec![
                    Box::new(Spawned::new(PointSelect::connect(&server, count).await?)),
                    Box::new(Spawned::new(PointSelect::on_a_lane(&server, count).await?)),
                    Box::new(Spawned::new(all)),
                    Box::new(Spawned::new(sampled)),
                    Box::new(Spawned::new(Bare::connect(&server, count).await?)),
                    Box::new(PointSelectLimit { server, count }),
                ],
            };
            Ok(vec![started, spawned])
        }
        .boxed()
    }
}
