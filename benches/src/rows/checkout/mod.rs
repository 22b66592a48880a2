//! P3: taking a connection and giving it back, when many do so at once.

mod contended;

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    pools::{Bb8, Deadpool, Mobc, Opening, Ours, Pool as _, Qorb, Sqlx, Stub},
    server::Server,
};
use contended::{Callers, Contended};

/// The row.
#[derive(Debug)]
pub(super) struct Checkout;

impl Row for Checkout {
    fn heading(&self) -> Heading {
        headings::CHECKOUT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            Ok(vec![
                case(Callers::Threads, 32, &server, settings).await?,
                case(Callers::Threads, 16, &server, settings).await?,
                case(Callers::Tasks, 32, &server, settings).await?,
                case(Callers::Tasks, 16, &server, settings).await?,
            ])
        }
        .boxed()
    }
}

async fn case(
    callers: Callers,
    slots: u32,
    server: &Arc<Server>,
    settings: &Settings,
) -> Result<Case, MeasureError> {
    let time = Duration::from_millis(if settings.quick { 200 } else { 400 });
    let opening = || Opening {
        stub: Stub::default(),
        idle: slots,
        max: slots,
        server: Arc::clone(server),
    };
    let not_slower = |peer| Target {
        subject: Ours::NAME,
        metric: "rate",
        bound: Bound::RatioAtLeast(peer, 1.0),
    };
    // All of them were used within 500 ms.
    let no_round_trip = Target {
        subject: Ours::NAME,
        metric: "checks",
        bound: Bound::AtMost(0.0),
    };
    Ok(Case {
        name: format!("{callers}, {slots} slots"),
        metrics: vec![
            Metric::higher("rate", "checkouts/s"),
            Metric::higher("slowest caller", "% of the mean"),
            Metric::lower("checks", "round trips"),
        ],
        targets: [
            Bb8::NAME,
            Deadpool::NAME,
            Mobc::NAME,
            Qorb::NAME,
            Sqlx::NAME,
        ]
        .map(not_slower)
        .into_iter()
        .chain([no_round_trip])
        .collect(),
        rounds: if settings.quick { 5 } else { 9 },
        subjects: vec![
            Box::new(Contended::<Ours>::open(opening(), callers, time).await?),
            Box::new(Contended::<Bb8>::open(opening(), callers, time).await?),
            Box::new(Contended::<Deadpool>::open(opening(), callers, time).await?),
            Box::new(Contended::<Mobc>::open(opening(), callers, time).await?),
            Box::new(Contended::<Qorb>::open(opening(), callers, time).await?),
            Box::new(Contended::<Sqlx>::open(opening(), callers, time).await?),
        ],
    })
}
