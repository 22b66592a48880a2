//! Throughput of a pool: beside as many connections without a pool, and as its callers grow in number.

mod callers;

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::{Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    pools::live::{Bb8, Deadpool, Dedicated, LivePool as _, Ours, Sqlx},
    server::Server,
};
use callers::{Callers, DedicatedCallers};

/// Sessions of each pool.
const SLOTS: u32 = 8;
/// Callers of each, by the case.
const CALLERS: [u32; 3] = [8 * SLOTS, 256, 1_000];
/// The part of the dedicated connections' throughput that a pool must reach.
const SHARE: f64 = 0.9;

/// The row.
#[derive(Debug)]
pub(super) struct Throughput;

impl Row for Throughput {
    fn id(&self) -> &'static str {
        "throughput"
    }

    fn title(&self) -> &'static str {
        "a pool of 8 beside 8 dedicated connections, up to 1,000 callers"
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let mut cases = Vec::new();
            for callers in CALLERS {
                cases.push(case(callers, &server, settings).await?);
            }
            Ok(cases)
        }
        .boxed()
    }
}

async fn case(
    callers: u32,
    server: &Arc<Server>,
    settings: &Settings,
) -> Result<Case, MeasureError> {
    let time = Duration::from_millis(if settings.quick { 300 } else { 1_500 });
    let at_least = |peer, share| Target {
        subject: Ours::NAME,
        metric: "rate",
        bound: Bound::RatioAtLeast(peer, share),
    };
    Ok(Case {
        name: format!("{callers} callers, {SLOTS} slots"),
        metrics: vec![Metric::higher("rate", "rows/s"), Metric::lower("p99", "us")],
        targets: vec![
            at_least(Dedicated::NAME, SHARE),
            at_least(Deadpool::NAME, 1.0),
        ],
        rounds: if settings.quick { 5 } else { 9 },
        subjects: vec![
            Box::new(Callers::<Ours>::open(server, SLOTS, callers, time).await?),
            Box::new(Callers::<Bb8>::open(server, SLOTS, callers, time).await?),
            Box::new(Callers::<Deadpool>::open(server, SLOTS, callers, time).await?),
            Box::new(Callers::<Sqlx>::open(server, SLOTS, callers, time).await?),
            Box::new(DedicatedCallers::open(server, SLOTS, time).await?),
        ],
    })
}
