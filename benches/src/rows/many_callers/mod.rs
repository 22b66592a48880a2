//! P1: many tasks, few connections, one row by key.

mod limit;

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    callers::{
        Bb8, Caller as _, Deadpool, Diesel, Lanes, Pooled, Shared, Sqlx, Tasks, Work, Xitca,
    },
    case::{Bound, Case, MeasureError, Metric, Subject, Target},
    pools::live::Opening,
    server::{POINT_SELECT, Server},
};
use limit::Pgbench;

/// Connections of each client.
const CONNECTIONS: u32 = 8;
/// Tasks, and what lanes must reach beside each peer with so many.
const TASKS: [(u32, [(&str, f64); 2]); 2] = [
    (64, [(Deadpool::NAME, 2.5), (Sqlx::NAME, 6.0)]),
    (256, [(Deadpool::NAME, 3.5), (Shared::NAME, 1.2)]),
];

/// The row.
#[derive(Debug)]
pub(super) struct ManyCallers;

impl Row for ManyCallers {
    fn heading(&self) -> Heading {
        headings::MANY_CALLERS
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let mut cases = Vec::new();
            for (tasks, at_least) in TASKS {
                cases.push(case(&server, tasks, &at_least, settings).await?);
            }
            Ok(cases)
        }
        .boxed()
    }
}

async fn case(
    server: &Arc<Server>,
    tasks: u32,
    at_least: &[(&'static str, f64)],
    settings: &Settings,
) -> Result<Case, MeasureError> {
    let work = Work {
        statement: POINT_SELECT,
        tasks,
        time: Duration::from_millis(if settings.quick { 300 } else { 1_000 }),
    };
    let opening = || Opening::on(server, CONNECTIONS);
    let beside = |(peer, times): &(&'static str, f64)| Target {
        subject: Lanes::NAME,
        metric: "rate",
        bound: Bound::RatioAtLeast(peer, *times),
    };
    let mut targets: Vec<_> = at_least.iter().map(beside).collect();
    targets.push(Target {
        subject: Lanes::NAME,
        metric: "p99",
        bound: Bound::RatioAtMost(Deadpool::NAME, 1.0),
    });
    let mut subjects: Vec<Box<dyn Subject>> = vec![
        Box::new(Tasks::<Lanes>::open(server, opening(), work).await?),
        Box::new(Tasks::<Pooled>::open(server, opening(), work).await?),
        Box::new(Tasks::<Shared>::open(server, opening(), work).await?),
        Box::new(Tasks::<Deadpool>::open(server, opening(), work).await?),
        Box::new(Tasks::<Bb8>::open(server, opening(), work).await?),
        Box::new(Tasks::<Sqlx>::open(server, opening(), work).await?),
        Box::new(Tasks::<Diesel>::open(server, opening(), work).await?),
    ];
    if server.tls().is_none() {
        subjects.push(Box::new(
            Tasks::<Xitca>::open(server, opening(), work).await?,
        ));
    }
    subjects.push(Box::new(Pgbench::new(server, CONNECTIONS, settings.quick)));
    Ok(Case {
        name: format!("point select by key, {tasks} tasks, {CONNECTIONS} connections"),
        metrics: vec![Metric::higher("rate", "rows/s"), Metric::lower("p99", "us")],
        targets,
        rounds: if settings.quick { 5 } else { 9 },
        subjects,
    })
}
