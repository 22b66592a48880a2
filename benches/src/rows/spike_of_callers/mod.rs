//! P4: a spike of callers over a few idle connections.

mod floor;
mod spike;

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    pools::{Bb8, Deadpool, Mobc, Ours, Pool as _, Qorb, Sqlx},
    server::Server,
};
use floor::Floor;
use spike::Spike;

/// The row.
#[derive(Debug)]
pub(super) struct SpikeOfCallers;

impl Row for SpikeOfCallers {
    fn heading(&self) -> Heading {
        headings::SPIKE_OF_CALLERS
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let at_most = |metric, most| Target {
                subject: Ours::NAME,
                metric,
                bound: Bound::AtMost(most),
            };
            Ok(vec![Case {
                name: "50 callers over 5 idle connections".to_owned(),
                metrics: vec![
                    Metric::lower("done", "ms"),
                    Metric::lower("connections", "opened in all"),
                ],
                targets: vec![at_most("done", 25.0), at_most("connections", 6.0)],
                rounds: if settings.quick { 3 } else { 7 },
                subjects: vec![
                    Box::new(Spike::<Ours>::new(Arc::clone(&server))),
                    Box::new(Spike::<Bb8>::new(Arc::clone(&server))),
                    Box::new(Spike::<Deadpool>::new(Arc::clone(&server))),
                    Box::new(Spike::<Mobc>::new(Arc::clone(&server))),
                    Box::new(Spike::<Qorb>::new(Arc::clone(&server))),
                    Box::new(Spike::<Sqlx>::new(server)),
                    Box::new(Floor),
                ],
            }])
        }
        .boxed()
    }
}
