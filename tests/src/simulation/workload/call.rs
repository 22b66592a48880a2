//! One call: made, perhaps dropped, and judged by what it gets.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crdb_exec::Verdict;
use crdb_facade::{Database, Error, ErrorKind};
use tokio::time::{Instant, timeout};

use super::Promises;
use crate::simulation::server::Cluster;
use crate::simulation::world::World;

/// How long after its limit a caller is free at the latest (crdb-exec promises 100 ms), with the timers' granularity.
const GRACE: Duration = Duration::from_millis(102);

/// A call that takes so long of the model's time hangs.
const HANGS: Duration = Duration::from_secs(3_600);

/// What an operation works with.
pub(in crate::simulation) struct Bed {
    pub(in crate::simulation) world: Arc<World>,
    pub(in crate::simulation) cluster: Arc<Cluster>,
    pub(in crate::simulation) db: Database,
    pub(in crate::simulation) promises: Promises,
}

/// What a caller got.
#[derive(Debug)]
pub(in crate::simulation) enum Told<T> {
    Done(T),
    /// The body's own error.
    Refused,
    Failed(Error),
    /// It did not wait for the end.
    Dropped,
}

/// An error of a body: its own, or the database's.
#[derive(Debug)]
pub(super) enum BodyError {
    Own,
    Database(Error),
}

impl From<Error> for BodyError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl Bed {
    /// A limit of a call's own, as often as the setting has it.
    pub(super) fn own_limit(&self) -> Option<Duration> {
        let short = self.world.setting.short_limits;
        let has = short > 0 && self.world.below(1_000) < u64::from(short);
        has.then(|| Duration::from_millis(1) + self.world.millis(250))
    }

    /// Makes a call, and sees to it that it ends in time.
    pub(super) async fn call<T>(
        &self,
        what: &str,
        limit: Option<Duration>,
        work: impl Future<Output = Result<T, BodyError>>,
    ) -> Told<T> {
        let world = &self.world;
        let limit = limit.unwrap_or(Duration::from_millis(world.setting.deadline));
        let began = Instant::now();
        world.note(format_args!("{what}: begins, within {limit:?}"));
        let drops = world.setting.drops;
        let work = Box::pin(work);
        let result = if drops > 0 && world.below(1_000) < u64::from(drops) {
            world.count("dropped calls");
            if world.coin() {
                give_up_after(work, 1 + world.below(12)).await
            } else {
                timeout(world.millis(500), work).await.ok()
            }
        } else {
            let waited = timeout(HANGS, work).await.ok();
            if waited.is_none() {
                world.wrong("no caller hangs", what.to_owned());
            }
            waited
        };
        let took = began.elapsed();
        if took > limit + GRACE {
            let detail = format!("{what}: {took:?} instead of {limit:?}");
            world.wrong("a caller is free in time", detail);
        }
        let told = match result {
            Some(Ok(done)) => Told::Done(done),
            Some(Err(BodyError::Own)) => Told::Refused,
            Some(Err(BodyError::Database(error))) => Told::Failed(error),
            None => Told::Dropped,
        };
        match &told {
            Told::Done(_) => world.note(format_args!("{what}: done")),
            Told::Refused => world.note(format_args!("{what}: refused")),
            Told::Dropped => world.note(format_args!("{what}: dropped")),
            Told::Failed(error) => {
                world.note(format_args!(
                    "{what}: {:?} {:?}: {error}",
                    error.kind(),
                    error.verdict()
                ));
                self.judge_failure(what, error, took, limit);
            }
        }
        world.count(match &told {
            Told::Done(_) => "calls that succeeded",
            Told::Refused => "bodies that refused",
            Told::Dropped => "calls that were dropped",
            Told::Failed(error) => match error.verdict() {
                Some(Verdict::Retry) => "told: retry",
                Some(Verdict::Never) => "told: never",
                Some(Verdict::OutcomeUnknown) => "told: outcome unknown",
                _ => "told without a verdict",
            },
        });
        told
    }

    fn judge_failure(&self, what: &str, error: &Error, took: Duration, limit: Duration) {
        let world = &self.world;
        if error.verdict().is_none() {
            world.wrong("every failure has a verdict", format!("{what}: {error}"));
        }
        // Only calls whose time is up are cancelled, and the server's clock may be ahead of ours by the way.
        let early = took + Duration::from_millis(2 * world.setting.delay + 10) < limit;
        if error.kind() == ErrorKind::Cancelled && early {
            world.wrong(
                "a cancel hits no other statement",
                format!("{what}: cancelled after {took:?} of {limit:?}"),
            );
        }
    }

    /// Compares what callers got for the work with this mark with the data, now and at the end.
    pub(super) fn judge<T>(&self, what: &str, id: i64, told: &Told<T>) {
        let is_there = self.cluster.is_marked(id);
        match told {
            Told::Done(_) => {
                self.promises.promise(id, true);
                if !is_there {
                    self.world
                        .wrong("what was acknowledged is there", format!("{what} {id}"));
                }
            }
            Told::Refused => self.expect_absent(what, id, is_there),
            Told::Failed(error) => match error.verdict() {
                Some(Verdict::Retry | Verdict::Never) => {
                    self.expect_absent(what, id, is_there);
                }
                _ => self.world.count(match is_there {
                    true => "unknown and there",
                    false => "unknown and not there",
                }),
            },
            Told::Dropped => {}
        }
    }

    pub(super) fn expect_absent(&self, what: &str, id: i64, is_there: bool) {
        self.promises.promise(id, false);
        if is_there {
            self.world.wrong(
                "what failed for certain never takes effect",
                format!("{what} {id}"),
            );
        }
    }

    /// Where nothing can fail, nothing does.
    pub(super) fn expect_success<T>(&self, what: &str, told: &Told<T>) {
        if self.world.setting.is_faultless() && !matches!(told, Told::Done(_)) {
            let detail = match told {
                Told::Failed(error) => format!("{what}: {error}"),
                _ => what.to_owned(),
            };
            self.world.wrong("nothing fails without a reason", detail);
        }
    }
}

/// Polls so often, and then no more.
async fn give_up_after<T>(mut work: Pin<Box<impl Future<Output = T>>>, polls: u64) -> Option<T> {
    let mut left = polls;
    poll_fn(move |cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => {
            left = left.saturating_sub(1);
            if left == 0 {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        }
    })
    .await
}
