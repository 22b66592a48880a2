//! P2: one statement at a time, with everything on that a service has on.

mod bare;
mod everything;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    limit::PointSelectLimit,
    ours::PointSelect,
    server::Server,
};

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
            let targets = [PointSelect::NAME, PointSelect::LANE, everything::NAME].map(|subject| {
                [("p50", 0.95), ("cpu", 0.8)].map(|(metric, most)| Target {
                    subject,
                    metric,
                    bound: Bound::RatioAtMost(bare::NAME, most),
                })
            });
            Ok(vec![Case {
                name: "point select by key, one task".to_owned(),
                metrics: vec![Metric::lower("p50", "us"), Metric::lower("p99", "us")],
                targets: targets.concat(),
                rounds: if settings.quick { 5 } else { 9 },
                subjects: vec![
                    Box::new(PointSelect::connect(&server, count).await?),
                    Box::new(PointSelect::on_a_lane(&server, count).await?),
                    Box::new(everything::Everything::connect(&server, count).await?),
                    Box::new(bare::Bare::connect(&server, count).await?),
                    Box::new(PointSelectLimit { server, count }),
                ],
            }])
        }
        .boxed()
    }
}
