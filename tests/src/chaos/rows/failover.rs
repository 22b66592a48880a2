//! Three nodes, one of which is killed, drained or cut off, each in turn under load. Not a row of the table with a size, but
//! what the pool is for.

use crate::chaos::context::Context;
use crate::chaos::pool::failover::{self, Trouble};
use crate::chaos::row::{Report, Row, Size};
use crdb_testkit::{Engine, EngineChoice, EngineKind, EngineOptions};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// How long each node is away.
const AWAY: Duration = Duration::from_secs(5);
/// What each takes besides.
const AROUND: Duration = Duration::from_secs(3);

pub(super) struct Failover;

impl Row for Failover {
    fn id(&self) -> &'static str {
        "failover"
    }

    fn title(&self) -> &'static str {
        "three nodes under load: one killed, one drained, one blackholed, each in turn"
    }

    fn size(&self) -> Size {
        Size {
            count: Trouble::ALL.len() as u64,
            unit: "nodes",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let share = (context.left() / 3).saturating_sub(AROUND);
            let away = share.clamp(Duration::from_secs(1), AWAY);
            let engine = context.engine();
            if engine.kind() == EngineKind::PostgreSql || engine.nodes().len() == 3 {
                return failover::run(engine, away).await;
            }
            // The proxy that makes nodes of one server and drains them stands before PostgreSQL only.
            let options = EngineOptions::default().choice(EngineChoice::Postgres);
            let engine = Engine::try_start(options).await?;
            failover::run(&engine, away).await
        }
        .boxed()
    }
}
