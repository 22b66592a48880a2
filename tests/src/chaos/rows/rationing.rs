//! R14: what keeps an outage from being made worse: probes are counted, retries are rationed.

mod amplification;

use crate::chaos::context::Context;
use crate::chaos::pool::probes;
use crate::chaos::row::{Report, Row, Size};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

/// The numbers of probes that a node may be asked with at a time.
const PROBES: [u32; 4] = [1, 2, 3, 5];

pub(super) struct Rationing;

impl Row for Rationing {
    fn id(&self) -> &'static str {
        "R14"
    }

    fn title(&self) -> &'static str {
        "an outage under load: exactly as many probes as allowed, retries at most a tenth of the calls"
    }

    fn size(&self) -> Size {
        Size {
            count: PROBES.len() as u64 + 1,
            unit: "outages",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let mut report = Report::default();
            for allowed in PROBES {
                context.say(&format!("{allowed} probes at a time"));
                report.add(probes::run(context.engine(), allowed).await?);
            }
            report.add(amplification::run(context.engine()).await?);
            Ok(report)
        }
        .boxed()
    }
}
