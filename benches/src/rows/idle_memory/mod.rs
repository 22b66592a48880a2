//! P8: what an idle connection costs in memory.

mod keeper;

use futures_util::future::{BoxFuture, FutureExt as _};

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Target},
    idle::Kind,
    pools::live::{LivePool as _, Ours},
    server::Server,
};
use keeper::Keeper;

/// Connections that are counted; as many again are open while two programs overlap.
const CONNECTIONS: u32 = 1_000;
/// What one may cost, in KiB.
const MOST: f64 = 8.0;

/// The row.
#[derive(Debug)]
pub(super) struct IdleMemory;

impl Row for IdleMemory {
    fn heading(&self) -> Heading {
        headings::IDLE_MEMORY
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start_for(settings, 2 * CONNECTIONS + 200)
                .await?
                .ours()?;
            let mut subjects: Vec<Box<dyn crate::case::Subject>> = Vec::new();
            for kind in Kind::ALL {
                subjects.push(Box::new(Keeper::new(kind, CONNECTIONS, &server)?));
            }
            Ok(vec![Case {
                name: format!("{CONNECTIONS} connections, no TLS"),
                metrics: vec![
                    Metric::lower("resident", "KiB"),
                    Metric::lower("allocated", "KiB"),
                ],
                targets: vec![Target {
                    subject: Ours::NAME,
                    metric: "resident",
                    bound: Bound::AtMost(MOST),
                }],
                rounds: if settings.quick { 3 } else { 5 },
                subjects,
            }])
        }
        .boxed()
    }
}
