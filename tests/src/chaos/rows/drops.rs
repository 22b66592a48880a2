//! R3: every public future, dropped after every number of polls.

mod subjects;
mod witness;

use self::subjects::{SUBJECTS, Subject};
use self::witness::Witness;
use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::row::{Report, Row, Size};
use crate::chaos::stack::{StackOptions, configuration};
use anyhow::Context as _;
use crdb_exec::{ExecutorExt as _, Row as _};
use crdb_facade::config::{Node, keys};
use crdb_facade::{Config, Database};
use crdb_testkit::Engine;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, try_join_all};
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;

/// Databases that are used side by side, each with a pool of one session: a slot that leaks is missed at once.
const WORKERS: u64 = 4;
/// How long a future may be kept after its last poll, in microseconds: so that it is dropped before, while and after its
/// reply arrives.
const KEPT: u64 = 600;
/// How long the next caller may take, and what is left over may take to go.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Drops;

impl Row for Drops {
    fn id(&self) -> &'static str {
        "R3"
    }

    fn title(&self) -> &'static str {
        "every public future of pool, executor and facade dropped after each poll"
    }

    fn size(&self) -> Size {
        Size {
            count: 100_000,
            unit: "drops",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let database = context.engine().try_create_database().await?;
            let config = config_of(context.engine(), database.name(), "drops")?;
            subjects::prepare(&subjects::open(config).await?, WORKERS).await?;
            let done = AtomicU64::new(0);
            let workers = (0..WORKERS).map(|number| {
                let worker = Worker::open(context, database.name(), number);
                let done = &done;
                async move { worker.await?.work(context, done, self.size().count).await }
            });
            let worked = try_join_all(workers).await?;
            let mut report = Report {
                done: done.into_inner(),
                ..Report::default()
            };
            tell(&worked, &mut report);
            Ok(report)
        }
        .boxed()
    }
}

/// What became of one kind of future.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    /// After how many polls it is dropped next.
    polls: u32,
    /// The most polls after which it was not done yet.
    deepest: u32,
    dropped: u64,
}

/// What a worker has done and found.
struct Worked {
    courses: Vec<Course>,
    violations: Vec<Violation>,
}

fn tell(worked: &[Worked], report: &mut Report) {
    for (index, subject) in SUBJECTS.iter().enumerate() {
        let courses = || worked.iter().filter_map(|worked| worked.courses.get(index));
        let dropped = courses().map(|course| course.dropped).sum();
        report.count(format!("{}: dropped", subject.name), dropped);
        let deepest = courses().map(|course| course.deepest).max().unwrap_or(0);
        report.count(
            format!("{}: polls until done, at most", subject.name),
            u64::from(deepest) + 1,
        );
    }
    for worked in worked {
        report.violations.extend(worked.violations.iter().cloned());
    }
}

/// A database with one session, the caller that uses it, and a witness that watches it from outside.
struct Worker {
    number: u64,
    config: Config,
    db: Database,
    witness: Witness,
}

impl Worker {
    async fn open(context: &Context, database: &str, number: u64) -> anyhow::Result<Self> {
        let application = format!("drops-{number}");
        let config = config_of(context.engine(), database, &application)?;
        let db = subjects::open(config.clone()).await?;
        let witness = Witness::open(context.engine(), database, application).await?;
        Ok(Self {
            number,
            config,
            db,
            witness,
        })
    }

    async fn work(
        mut self,
        context: &Context,
        done: &AtomicU64,
        size: u64,
    ) -> anyhow::Result<Worked> {
        let mut random = context.random("drops", self.number);
        let mut worked = Worked {
            courses: vec![Course::default(); SUBJECTS.len()],
            violations: Vec::new(),
        };
        let mut step = 0;
        while context.goes_on(done.load(Ordering::Relaxed), size) {
            let index = step % SUBJECTS.len();
            step += 1;
            let course = &mut worked.courses[index];
            let subject = &SUBJECTS[index];
            let kept = draw_kept(&mut random);
            let number = i64::try_from(step)? * 10 + i64::try_from(self.number)?;
            let polls = course.polls;
            match self.drop_one(subject, number, polls, kept).await? {
                Ended::Dropped => {
                    course.deepest = course.deepest.max(polls);
                    course.polls += 1;
                    course.dropped += 1;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ended::Done => course.polls = 0,
                Ended::Wrong(violation) => {
                    worked.violations.push(violation);
                    return Ok(worked);
                }
            }
        }
        // What is still out is being cleaned; who looks for leaks has looked.
        drop(self.db.close(PATIENCE).await);
        Ok(worked)
    }

    async fn drop_one(
        &mut self,
        subject: &Subject,
        number: i64,
        polls: u32,
        kept: Duration,
    ) -> anyhow::Result<Ended> {
        let after = || format!("{} dropped after {polls} polls and {kept:?}", subject.name);
        let ended = {
            let future = (subject.begin)(&self.db, number, i64::try_from(self.number)?);
            polled(future, polls, kept).await
        };
        if let Some(Err(error)) = &ended {
            return Ok(wrong(
                "a future that was not dropped fails",
                format!("{}: {error:#}", after()),
            ));
        }
        if subject.ends_the_database {
            // It may not have been begun; and who drops it may close again.
            self.db.close(PATIENCE).await?;
            if let Some(seen) = self.witness.expect(0, PATIENCE).await? {
                return Ok(wrong(
                    "a closed database keeps sessions",
                    format!("{}: {seen}", after()),
                ));
            }
            self.db = subjects::open(self.config.clone()).await?;
        }
        if let Some(seen) = self.next_caller(number).await {
            return Ok(wrong(
                "the next caller is not served as it should be",
                format!("{}: {seen}", after()),
            ));
        }
        if let Some(seen) = self.witness.expect(1, PATIENCE).await? {
            return Ok(wrong(
                "something is left over in the server",
                format!("{}: {seen}", after()),
            ));
        }
        Ok(if ended.is_some() {
            Ended::Done
        } else {
            Ended::Dropped
        })
    }

    /// What is wrong with what the next caller gets, who can only have the pool's one session.
    async fn next_caller(&self, number: i64) -> Option<String> {
        let ask = async {
            let executor = self.db.executor();
            let row = executor.fetch_one("SELECT $1::INT8", &[&number]).await?;
            row.get::<i64>(0)
        };
        match timeout(PATIENCE, ask).await {
            Ok(Ok(answer)) if answer == number => None,
            Ok(Ok(answer)) => Some(format!("the reply {answer} to the question {number}")),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!(
                "nothing within {PATIENCE:?}: {}",
                self.db.pool_status()
            )),
        }
    }
}

/// How long a future is kept after its last poll. The seed decides this and the order of the futures; after how many polls
/// each is dropped goes by how far it came before.
fn draw_kept(random: &mut StdRng) -> Duration {
    match random.random_bool(0.5) {
        true => Duration::from_micros(random.random_range(0..KEPT)),
        false => Duration::ZERO,
    }
}

enum Ended {
    Dropped,
    Done,
    Wrong(Violation),
}

fn wrong(rule: &'static str, detail: String) -> Ended {
    Ended::Wrong(Violation::new(rule, detail))
}

/// Polls a future up to `polls` times, keeps it for a while, and drops it; what it gave when it was done before.
async fn polled<T>(future: impl Future<Output = T>, polls: u32, kept: Duration) -> Option<T> {
    let mut future = pin!(future);
    let mut made = 0;
    let ended = poll_fn(|cx| {
        if made == polls {
            return Poll::Ready(None);
        }
        made += 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await;
    if ended.is_none() && !kept.is_zero() {
        tokio::time::sleep(kept).await;
    }
    ended
}

fn config_of(engine: &Engine, database: &str, application: &str) -> anyhow::Result<Config> {
    let options = StackOptions {
        tls: false,
        sessions: 1,
        ..StackOptions::default()
    };
    let nodes = vec![Node::new(engine.host(), engine.port())];
    let config = configuration(engine, database, nodes, options)?
        .set(keys::auth::APPLICATION_NAME, Some(application.to_owned()))
        .build()
        .context("the configuration of a worker")?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::context::Seed;

    #[test]
    fn the_seed_decides_how_long_futures_are_kept() {
        let kept = |seed: u64| {
            let mut random = Seed(seed).random("drops", 0);
            std::array::from_fn::<_, 100, _>(|_| draw_kept(&mut random))
        };
        assert_eq!(kept(7), kept(7));
        assert_ne!(kept(7), kept(8));
    }
}
