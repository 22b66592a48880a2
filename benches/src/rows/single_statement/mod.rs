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
            let target = |subject| Target {
                subject,
                metric: "p50",
                bound: Bound::RatioAtMost(bare::NAME, 0.95),
            };
            Ok(vec![Case {
                name: "point select by key, one task".to_owned(),
                metrics: vec![Metric::lower("p50", "us"), Metric::lower("p99", "us")],
                targets: vec![target(PointSelect::NAME), target(everything::NAME)],
                rounds: if settings.quick { 5 } else { 9 },
                subjects: vec![
                    Box::new(PointSelect::connect(&server, count).await?),
                    Box::new(everything::Everything::connect(&server, count).await?),
                    Box::new(bare::Bare::connect(&server, count).await?),
                    Box::new(PointSelectLimit { server, count }),
                ],
            }])
        }
        .boxed()
    }
}
