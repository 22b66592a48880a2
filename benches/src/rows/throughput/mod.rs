//! Throughput of a pool: beside as many connections without a pool, and as its callers grow in number.

mod callers;

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    pools::live::{Bb8, Deadpool, Dedicated, LivePool as _, Ours, Sqlx},
    server::Server,
};
use callers::{Callers, DedicatedCallers};

/// Sessions of each pool.
const SLOTS: u32 = 8;
/// The part of the dedicated connections' throughput that a pool must reach.
const SHARE: f64 = 0.9;
/// Callers at first, and up to how many they grow.
const FEW: u32 = 8 * SLOTS;
const MANY: [u32; 2] = [256, 1_000];
/// What counts as no worse: two pools that grow alike differ by a few per cent from run to run.
const NO_WORSE: f64 = 0.95;

/// The row.
#[derive(Debug)]
pub(super) struct Throughput;

impl Row for Throughput {
    fn heading(&self) -> Heading {
        headings::THROUGHPUT
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let mut cases = vec![beside_dedicated(&server, settings).await?];
            for many in MANY {
                cases.push(growing(many, &server, settings).await?);
            }
            Ok(cases)
        }
        .boxed()
    }
}

fn time(settings: &Settings) -> Duration {
    Duration::from_millis(if settings.quick { 300 } else { 700 })
}

fn rounds(settings: &Settings) -> usize {
    if settings.quick { 5 } else { 9 }
}

fn at_least(metric: &'static str, peer: &'static str, share: f64) -> Target {
    Target {
        subject: Ours::NAME,
        metric,
        bound: Bound::RatioAtLeast(peer, share),
    }
}

async fn beside_dedicated(server: &Arc<Server>, settings: &Settings) -> Result<Case, MeasureError> {
    let time = time(settings);
    Ok(Case {
        name: format!("{FEW} callers, {SLOTS} slots"),
        metrics: vec![Metric::higher("rate", "rows/s"), Metric::lower("p99", "us")],
        targets: vec![at_least("rate", Dedicated::NAME, SHARE)],
        rounds: rounds(settings),
        subjects: vec![
            Box::new(Callers::<Ours>::open(server, SLOTS, &[FEW], time).await?),
            Box::new(Callers::<Bb8>::open(server, SLOTS, &[FEW], time).await?),
            Box::new(Callers::<Deadpool>::open(server, SLOTS, &[FEW], time).await?),
            Box::new(Callers::<Sqlx>::open(server, SLOTS, &[FEW], time).await?),
            Box::new(DedicatedCallers::open(server, SLOTS, time).await?),
        ],
    })
}

async fn growing(
    many: u32,
    server: &Arc<Server>,
    settings: &Settings,
) -> Result<Case, MeasureError> {
    let time = time(settings);
    let callers = [FEW, many];
    Ok(Case {
        name: format!("{FEW} callers grow to {many}, {SLOTS} slots"),
        metrics: vec![
            Metric::higher("growth", "x the rate of few"),
            Metric::higher("rate", "rows/s of many"),
            Metric::lower("p99", "us with many"),
        ],
        targets: vec![at_least("growth", Deadpool::NAME, NO_WORSE)],
        rounds: rounds(settings),
        subjects: vec![
            Box::new(Callers::<Ours>::open(server, SLOTS, &callers, time).await?),
            Box::new(Callers::<Bb8>::open(server, SLOTS, &callers, time).await?),
            Box::new(Callers::<Deadpool>::open(server, SLOTS, &callers, time).await?),
            Box::new(Callers::<Sqlx>::open(server, SLOTS, &callers, time).await?),
        ],
    })
}
