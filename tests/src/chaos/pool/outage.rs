//! A server that is away for a while, refusing or silent, under callers who give up after a time.
//!
//! Several pools go through the same outage at the same moment, each behind a proxy of its own.

use super::login::{self, Login, class_of};
use super::tally::Tally;
use super::{fall_silent, open, refuse};
use crate::chaos::checker::Violation;
use crate::chaos::pulse::Pulse;
use crate::chaos::row::Report;
use anyhow::Context as _;
use crdb_pool::{AcquireOptions, ErrorClass, Lease, Pool};
use crdb_testkit::{Cut, Engine, FaultProxy};
use futures_util::future::{BoxFuture, FutureExt as _, try_join, try_join_all};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a caller waits for a session.
pub const ALLOWED: Duration = Duration::from_millis(400);
/// How much later it may learn of it.
const SLACK: Duration = Duration::from_millis(50);
/// How soon the rate must be back.
const BACK_WITHIN: Duration = Duration::from_secs(1);
/// What counts as the whole rate.
const WHOLE: f64 = 0.95;
/// Sessions of each pool.
pub const SESSIONS: u32 = 8;
const CALLERS: u32 = 16;
/// How long a caller waits for a row before it takes the session for dead.
const PATIENCE: Duration = Duration::from_secs(1);
/// What a caller does between two rows: long enough that the rate is what is asked for, and not what two slow cores can do for
/// four pools.
const PAUSE: Duration = Duration::from_millis(50);
/// How long it is watched before.
const BEFORE: Duration = Duration::from_millis(1_500);
/// How long it is watched after.
const AFTER: Duration = Duration::from_secs(3);

/// A pool that goes through an outage.
pub trait Contender: Send + Sync + 'static {
    /// A session on loan.
    type Session: Send;

    /// Gets a session, or gives up after [`ALLOWED`].
    fn get(&self) -> impl Future<Output = Option<Self::Session>> + Send;

    /// Tells sockets apart; `None` where that cannot be seen.
    fn socket(session: &Self::Session) -> Option<u64>;

    /// Asks for one row.
    fn ask(session: &mut Self::Session) -> impl Future<Output = bool> + Send;

    /// Gives a session back, as a user of this pool does whose statement was answered, or failed or took too long.
    fn give_back(session: Self::Session, answered: bool);
}

/// How a server is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Connections are reset, new ones refused.
    Refused,
    /// Connections stay open, and nothing is answered.
    Silent,
}

impl std::fmt::Display for Outage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused",
            Self::Silent => "silent",
        })
    }
}

/// What one pool's callers met.
struct Callers<C> {
    pool: C,
    answers: Tally,
    gets: AtomicU64,
    gave_up: AtomicU64,
    /// By how much the latest was late, beyond what timers were late by, in microseconds.
    latest: AtomicU64,
    dead: Mutex<HashSet<u64>>,
    lent_dead: AtomicU64,
    sees_sockets: AtomicU64,
}

impl<C: Contender> Callers<C> {
    fn new(pool: C, time: Duration) -> Self {
        Self {
            pool,
            answers: Tally::start(time),
            gets: AtomicU64::new(0),
            gave_up: AtomicU64::new(0),
            latest: AtomicU64::new(0),
            dead: Mutex::default(),
            lent_dead: AtomicU64::new(0),
            sees_sockets: AtomicU64::new(0),
        }
    }

    fn dead(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn work(&self, until: Instant, pulse: &Pulse) {
        while Instant::now() < until {
            let started = tokio::time::Instant::now();
            let session = self.pool.get().await;
            let late = started.elapsed().saturating_sub(ALLOWED);
            if late > Duration::ZERO {
                let late = late.saturating_sub(pulse.stalled_since(started));
                let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
                self.latest.fetch_max(micros, Ordering::Relaxed);
            }
            self.gets.fetch_add(1, Ordering::Relaxed);
            match session {
                Some(session) => self.use_it(session).await,
                None => {
                    self.gave_up.fetch_add(1, Ordering::Relaxed);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn use_it(&self, mut session: C::Session) {
        let socket = C::socket(&session);
        if let Some(socket) = socket {
            self.sees_sockets.store(1, Ordering::Relaxed);
            if self.dead().contains(&socket) {
                self.lent_dead.fetch_add(1, Ordering::Relaxed);
            }
        }
        let answer = tokio::time::timeout(PATIENCE, C::ask(&mut session)).await;
        let answered = answer == Ok(true);
        if answered {
            self.answers.count();
        } else if let Some(socket) = socket {
            self.dead().insert(socket);
        }
        C::give_back(session, answered);
    }
}

/// A pool with its callers and its way to the server.
struct Lane<C> {
    name: &'static str,
    callers: Arc<Callers<C>>,
    proxy: FaultProxy,
}

/// What of a lane does not depend on the kind of pool.
trait Watched: Send + Sync {
    fn proxy(&self) -> &FaultProxy;

    fn work(&self, until: Instant, pulse: Arc<Pulse>) -> BoxFuture<'_, anyhow::Result<()>>;

    fn tell(&self, moments: &Moments, report: &mut Report) -> Findings;
}

struct Moments {
    outage: Outage,
    began: Instant,
    left: Instant,
    back: Instant,
}

struct Findings {
    latest: Duration,
    lent_dead: u64,
    whole_after: Option<Duration>,
}

impl<C: Contender> Watched for Lane<C> {
    fn proxy(&self) -> &FaultProxy {
        &self.proxy
    }

    fn work(&self, until: Instant, pulse: Arc<Pulse>) -> BoxFuture<'_, anyhow::Result<()>> {
        let tasks: Vec<_> = (0..CALLERS)
            .map(|_| {
                let (callers, pulse) = (Arc::clone(&self.callers), Arc::clone(&pulse));
                tokio::spawn(async move { callers.work(until, &pulse).await })
            })
            .collect();
        async move {
            try_join_all(tasks)
                .await
                .with_context(|| format!("a caller of {} failed", self.name))?;
            Ok(())
        }
        .boxed()
    }

    fn tell(&self, moments: &Moments, report: &mut Report) -> Findings {
        let callers = &self.callers;
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let settled = moments.began + Duration::from_millis(300);
        let full = callers.answers.rate(settled, moments.left);
        let findings = Findings {
            latest: Duration::from_micros(load(&callers.latest)),
            lent_dead: load(&callers.lent_dead),
            whole_after: (full > 0.0)
                .then(|| callers.answers.time_to(WHOLE, full, moments.back))
                .flatten(),
        };
        let name = |figure: &str| format!("{}, {}: {figure}", moments.outage, self.name);
        let latest = findings.latest.as_secs_f64() * 1e3;
        report.count(name("gets"), load(&callers.gets));
        report.count(name("gets that gave up"), load(&callers.gave_up));
        report.figure(name("get late by, p100"), latest, "ms");
        if load(&callers.sees_sockets) == 1 {
            report.count(name("dead sockets lent again"), findings.lent_dead);
        }
        let seconds = findings.whole_after.map(|time| time.as_secs_f64());
        report.figure(name("whole rate after"), seconds, "s");
        findings
    }
}

/// The pools that go through an outage together: crdb-pool first, then its peers.
pub struct Race {
    lanes: Vec<Box<dyn Watched>>,
    time: Duration,
}

impl Race {
    /// crdb-pool alone, for an outage that lasts `away`.
    ///
    /// # Errors
    /// When the pool cannot be filled.
    pub async fn new(engine: &Engine, away: Duration) -> anyhow::Result<Self> {
        let proxy = FaultProxy::start(engine.host(), engine.port())?;
        let pool = open(engine, &proxy, SESSIONS).await?;
        let mut race = Self {
            lanes: Vec::new(),
            time: BEFORE + away + AFTER + Duration::from_secs(2),
        };
        race.enter("crdb-pool", pool, proxy);
        Ok(race)
    }

    /// Enters another pool, whose sessions go through `proxy`.
    pub fn enter<C: Contender>(&mut self, name: &'static str, pool: C, proxy: FaultProxy) {
        self.lanes.push(Box::new(Lane {
            name,
            callers: Arc::new(Callers::new(pool, self.time)),
            proxy,
        }));
    }

    /// Takes the server away for `away`, and reports what the callers met. Only crdb-pool's figures count.
    ///
    /// # Errors
    /// When a caller panics.
    pub async fn run(self, outage: Outage, away: Duration) -> anyhow::Result<Report> {
        let pulse = Arc::new(Pulse::start());
        let began = Instant::now();
        let until = began + BEFORE + away + AFTER;
        let work = try_join_all(
            self.lanes
                .iter()
                .map(|lane| lane.work(until, Arc::clone(&pulse))),
        );
        let server = async {
            tokio::time::sleep(BEFORE).await;
            let left = Instant::now();
            for lane in &self.lanes {
                match outage {
                    Outage::Refused => refuse(lane.proxy()).await,
                    Outage::Silent => fall_silent(lane.proxy()).await,
                }
            }
            tokio::time::sleep(away).await;
            for lane in &self.lanes {
                if outage == Outage::Silent {
                    // What was under way is gone, as after a partition that outlasts the server's patience.
                    lane.proxy().cut_now(Cut::Reset);
                }
                lane.proxy().heal().await;
            }
            Ok((left, Instant::now()))
        };
        let (_, (left, back)) = try_join(work, server).await?;
        let moments = Moments {
            outage,
            began,
            left,
            back,
        };
        let mut report = Report {
            done: away.as_secs(),
            ..Report::default()
        };
        for (index, lane) in self.lanes.iter().enumerate() {
            let findings = lane.tell(&moments, &mut report);
            if index == 0 {
                report.violations.extend(judge(&findings, outage));
            }
        }
        Ok(report)
    }
}

fn judge(findings: &Findings, outage: Outage) -> Vec<Violation> {
    let mut violations = Vec::new();
    if findings.latest > SLACK {
        violations.push(Violation::late(
            "a caller was told later than its timeout and 50 ms",
            format!("{outage}: {:?} after its timeout", findings.latest),
        ));
    }
    if findings.lent_dead > 0 {
        violations.push(Violation::new(
            "a dead socket was lent twice",
            format!("{outage}: {} times", findings.lent_dead),
        ));
    }
    if findings.whole_after.is_none_or(|time| time > BACK_WITHIN) {
        violations.push(Violation::late(
            "the whole rate is not back within a second",
            format!("{outage}: {:?}", findings.whole_after),
        ));
    }
    violations
}

impl Contender for Pool<Login> {
    type Session = Lease<Login>;

    async fn get(&self) -> Option<Lease<Login>> {
        let options = AcquireOptions {
            deadline: Some(Instant::now() + ALLOWED),
            avoid: None,
        };
        self.acquire_with(options).await.ok()
    }

    fn socket(lease: &Lease<Login>) -> Option<u64> {
        // Not the server's process id, which is 0 for every session of an old CockroachDB.
        Some(lease.session_number())
    }

    async fn ask(lease: &mut Lease<Login>) -> bool {
        match login::ask(lease).await {
            Ok(()) => true,
            Err(error) => {
                lease.report(class_of(&error));
                false
            }
        }
    }

    fn give_back(mut lease: Lease<Login>, answered: bool) {
        if !answered {
            lease.report(ErrorClass::Dead);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_promise_is_found() {
        let good = || Findings {
            latest: SLACK,
            lent_dead: 0,
            whole_after: Some(BACK_WITHIN),
        };
        let broken = [
            Findings {
                latest: SLACK + Duration::from_micros(1),
                ..good()
            },
            Findings {
                lent_dead: 1,
                ..good()
            },
            Findings {
                whole_after: None,
                ..good()
            },
        ];
        assert!(judge(&good(), Outage::Refused).is_empty());
        for findings in broken {
            assert_eq!(judge(&findings, Outage::Silent).len(), 1);
        }
    }
}
