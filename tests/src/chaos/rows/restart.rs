//! R6: a restart under a thousand waiters.

use crate::chaos::context::Context;
use crate::chaos::pool::restart;
use crate::chaos::row::{Report, Row, Size};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// How long the server is away, at least: until a thousand callers have queued up.
const AWAY: Duration = Duration::from_secs(3);

pub(super) struct Restart;

impl Row for Restart {
    fn id(&self) -> &'static str {
        "R6"
    }

    fn title(&self) -> &'static str {
        "the server restarts while 1,000 callers wait for 10 sessions"
    }

    fn size(&self) -> Size {
        Size {
            count: 1_000,
            unit: "waiters",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        restart::run(context.engine(), AWAY).boxed()
    }
}
