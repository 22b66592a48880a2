//! R4: a server that is down, or half-open, for a minute.

use crate::chaos::context::Context;
use crate::chaos::pool::outage::{Outage, Race};
use crate::chaos::row::{Report, Row, Size};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// How long the server is away each time.
const AWAY: Duration = Duration::from_secs(60);
/// What each outage takes besides: filling the pools, watching them before and after.
const AROUND: Duration = Duration::from_secs(6);

pub(super) struct Outages;

impl Row for Outages {
    fn id(&self) -> &'static str {
        "R4"
    }

    fn title(&self) -> &'static str {
        "the server refuses, and is silent, for 60 s each: crdb-pool beside bb8, deadpool and sqlx"
    }

    fn size(&self) -> Size {
        Size {
            count: 2 * AWAY.as_secs(),
            unit: "s of outage",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let share = (context.left() / 2).saturating_sub(AROUND);
            let away = share.clamp(Duration::from_secs(1), AWAY);
            let mut report = Report::default();
            for outage in [Outage::Refused, Outage::Silent] {
                let race = Race::new(context.engine(), away).await?;
                #[cfg(feature = "peers")]
                let race = crate::chaos::pool::peers::enter(race, context.engine()).await?;
                context.say(&format!("{outage} for {away:?}"));
                report.add(race.run(outage, away).await?);
            }
            #[cfg(not(feature = "peers"))]
            report.count("peers beside it (without the feature `peers`)", 0);
            Ok(report)
        }
        .boxed()
    }
}
