//! A server that is restarted while a thousand callers wait.

use super::login::{self, Login, class_of};
use super::tally::Tally;
use super::{PATIENCE, refuse, until};
use crate::chaos::checker::Violation;
use crate::chaos::row::Report;
use anyhow::Context as _;
use crdb_pool::{ConnectFailed, NodeAddress, Opened, PartialObserver, Pool};
use crdb_testkit::{Engine, FaultProxy};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const WAITERS: u32 = 1_000;
const SESSIONS: u32 = 10;
/// What a caller does between two rows: long enough that the rate is what is asked for, and not what two slow cores can do.
const PAUSE: Duration = Duration::from_secs(2);
/// How long the rate is measured before, and watched after.
const WATCHED: Duration = Duration::from_secs(2);
const BACK_WITHIN: Duration = Duration::from_secs(1);
const WHOLE: f64 = 0.95;

/// When attempts to connect ended.
#[derive(Debug, Default)]
struct Attempts {
    opened: Mutex<Vec<Instant>>,
    failed: Mutex<Vec<Instant>>,
}

impl Attempts {
    fn note(moments: &Mutex<Vec<Instant>>) {
        let mut moments = moments.lock().unwrap_or_else(PoisonError::into_inner);
        moments.push(Instant::now());
    }

    fn take(moments: &Mutex<Vec<Instant>>) -> Vec<Instant> {
        std::mem::take(&mut moments.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl PartialObserver for Attempts {
    fn opened(&self, _: &Opened<'_>) {
        Self::note(&self.opened);
    }

    fn connect_failed(&self, _: &ConnectFailed<'_>) {
        Self::note(&self.failed);
    }
}

/// Restarts the server behind a proxy, which is away for `away`, under callers who queue up meanwhile.
///
/// # Errors
/// When the pool cannot be filled, or the callers are not all served within 30 s.
pub async fn run(engine: &Engine, away: Duration) -> anyhow::Result<Report> {
    let proxy = FaultProxy::start(engine.host(), engine.port())?;
    let attempts = Arc::new(Attempts::default());
    let pool = Pool::builder(Login::new(engine)?)
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| config.max_size(SESSIONS).min_size(SESSIONS))
        .observer(attempts.clone())
        .build()?;
    until("the pool is full", || pool.status().idle == SESSIONS).await?;

    let full = usual_rate(&pool).await?;
    refuse(&proxy).await;
    let left = Instant::now();
    drop((
        Attempts::take(&attempts.opened),
        Attempts::take(&attempts.failed),
    ));
    let tally = Arc::new(Tally::start(away + PATIENCE));
    let stop = Arc::new(AtomicBool::new(false));
    let (served, mut order) = mpsc::unbounded_channel();
    let mut callers = Vec::new();
    for number in 0..WAITERS {
        let (caller, served) = (pool.clone(), served.clone());
        let (tally, stop) = (Arc::clone(&tally), Arc::clone(&stop));
        callers.push(tokio::spawn(async move {
            let turn = ask(&caller).await?;
            // The receiver is gone once all have been served.
            let _ = served.send((turn, number));
            tally.count();
            ask_again(&caller, &tally, &stop).await
        }));
        let queued = number as usize;
        until("a caller waits", || pool.status().waiting > queued).await?;
    }
    drop(served);
    tokio::time::sleep(away.saturating_sub(left.elapsed())).await;
    let before = proxy.counts().accepted;
    let pauses = pauses(&Attempts::take(&attempts.failed));
    proxy.heal().await;
    let back = Instant::now();
    let mut turns = Vec::new();
    for _ in 0..WAITERS {
        let turn = tokio::time::timeout(PATIENCE, order.recv()).await;
        turns.push(
            turn.context("the callers were not all served")?
                .context("a caller failed")?,
        );
    }
    let served_after = back.elapsed();
    tokio::time::sleep(WATCHED).await;
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.context("a caller failed")??;
    }
    let restart = Restart {
        turns,
        served_after,
        connects: proxy.counts().accepted - before,
        spread: pauses_total(&Attempts::take(&attempts.opened)),
        probes: pauses,
        full,
        whole_after: tally.time_to(WHOLE, full, back),
    };
    pool.close(PATIENCE).await?;
    Ok(restart.tell())
}

/// The rate of the same callers while all is well.
async fn usual_rate(pool: &Pool<Login>) -> anyhow::Result<f64> {
    let tally = Arc::new(Tally::start(WATCHED));
    let stop = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let callers: Vec<_> = (0..WAITERS)
        .map(|number| {
            let (pool, tally, stop) = (pool.clone(), Arc::clone(&tally), Arc::clone(&stop));
            tokio::spawn(async move {
                // One after the other, or their pauses would all end together.
                tokio::time::sleep(PAUSE * number / WAITERS).await;
                ask_again(&pool, &tally, &stop).await
            })
        })
        .collect();
    tokio::time::sleep(WATCHED).await;
    let rate = tally.rate(began + WATCHED / 3, Instant::now());
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.context("a caller failed")??;
    }
    Ok(rate)
}

async fn ask_again(pool: &Pool<Login>, tally: &Tally, stop: &AtomicBool) -> anyhow::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        ask(pool).await?;
        tally.count();
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Asks for a row until it is there, and says when its session was lent. A session that was used a moment ago is lent
/// unchecked, and may turn out to be dead.
async fn ask(pool: &Pool<Login>) -> anyhow::Result<Instant> {
    loop {
        let mut lease = pool.acquire().await?;
        let turn = Instant::now();
        match login::ask(&lease).await {
            Ok(()) => return Ok(turn),
            Err(error) => lease.report(class_of(&error)),
        }
    }
}

fn pauses(moments: &[Instant]) -> Vec<Duration> {
    moments.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

fn pauses_total(moments: &[Instant]) -> Duration {
    pauses(moments).iter().sum()
}

/// What was seen of a restart.
struct Restart {
    /// When each caller had its turn, and as what number it had come.
    turns: Vec<(Instant, u32)>,
    served_after: Duration,
    /// Connections that were opened from the server's return until the end.
    connects: u64,
    /// From the first of these to the last.
    spread: Duration,
    /// The pauses between the attempts while the server was away.
    probes: Vec<Duration>,
    full: f64,
    whole_after: Option<Duration>,
}

impl Restart {
    /// By how many places a caller was served too early or too late, at worst.
    fn out_of_order(&self) -> u64 {
        let mut turns = self.turns.clone();
        turns.sort_unstable();
        let apart = |(position, (_, number)): (usize, &(Instant, u32))| {
            (position as u64).abs_diff(u64::from(*number))
        };
        turns.iter().enumerate().map(apart).max().unwrap_or(0)
    }

    fn tell(&self) -> Report {
        let mut report = Report {
            done: u64::from(WAITERS),
            ..Report::default()
        };
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let served = milliseconds(self.served_after);
        report.figure("all waiters served after", served, "ms");
        report.count("connections opened", self.connects);
        report.figure("connections opened within", milliseconds(self.spread), "ms");
        report.count("served out of turn by at most", self.out_of_order());
        report.figure("usual rate", self.full, "rows/s");
        let whole = self.whole_after.map(milliseconds);
        report.figure("95 % of the usual rate after", whole, "ms");
        let probes = || self.probes.iter().copied().map(milliseconds);
        if let (Some(shortest), Some(longest)) =
            (probes().reduce(f64::min), probes().reduce(f64::max))
        {
            report.figure("pause between probes, shortest", shortest, "ms");
            report.figure("pause between probes, longest", longest, "ms");
        }
        self.judge(&mut report.violations);
        report
    }

    fn judge(&self, violations: &mut Vec<Violation>) {
        let mut require = |holds: bool, rule: &'static str, seen: String| {
            if !holds {
                violations.push(Violation::new(rule, seen));
            }
        };
        require(
            self.connects <= u64::from(SESSIONS),
            "more connections were opened than the pool has slots",
            format!("{} for {SESSIONS} slots", self.connects),
        );
        // Callers that were lent a dead session come again, and a pool's worth is served side by side.
        require(
            self.out_of_order() <= 2 * u64::from(SESSIONS),
            "who came first is not served first",
            format!("by {} places", self.out_of_order()),
        );
        let even = |pair: &[Duration]| pair[0].abs_diff(pair[1]) < Duration::from_millis(1);
        require(
            self.probes.len() < 3 || !self.probes.windows(2).all(even),
            "the attempts to connect come at even pauses",
            format!("{:?}", self.probes),
        );
        if self.whole_after.is_none_or(|time| time > BACK_WITHIN) {
            violations.push(Violation::late(
                "95 % of the usual rate are not back within a second",
                format!("{:?}", self.whole_after),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_promise_is_found() {
        let start = Instant::now();
        let millis = |count: u64| Duration::from_millis(count);
        let turns = |numbers: [u32; 3]| {
            (0..)
                .zip(numbers)
                .map(|(at, number)| (start + millis(at), number))
                .collect()
        };
        let good = || Restart {
            turns: turns([0, 2, 1]),
            served_after: millis(500),
            connects: 10,
            spread: millis(30),
            probes: vec![millis(40), millis(130), millis(220)],
            full: 100.0,
            whole_after: Some(millis(900)),
        };
        assert_eq!(good().tell().violations, []);
        assert_eq!(good().out_of_order(), 1);
        let broken = [
            Restart {
                turns: turns([0, 1, 30]),
                ..good()
            },
            Restart {
                connects: 11,
                ..good()
            },
            Restart {
                probes: vec![millis(100); 3],
                ..good()
            },
            Restart {
                whole_after: None,
                ..good()
            },
        ];
        for restart in broken {
            assert_eq!(restart.tell().violations.len(), 1);
        }
    }
}
