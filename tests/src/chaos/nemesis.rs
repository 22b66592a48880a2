//! Breaks things on a schedule that the seed decides.

use super::stack::Stack;
use crdb_exec::Statement;
use crdb_testkit::{Accept, Cut, Direction, EngineKind, Link, Node};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{Rng, RngExt};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// How long a proxy is left alone after each fault, in milliseconds: long enough that most of what begins there ends well.
const PAUSE: std::ops::Range<u64> = 20..180;

/// Something that is done to one proxy or to the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// All connections end like this.
    Cut(Cut),
    /// Each connection ends after so many more bytes in one direction.
    CutAfter(Direction, u64, Cut),
    /// One direction behaves like this for a while.
    Slow(Direction, Link, Duration),
    /// New connections fare like this for a while.
    Refuse(Accept, Duration),
    /// The server ends each tenth session of the stack, from this one on in the order in which they were opened.
    KillBackends(u8),
    /// The server, or one of its nodes, is killed and comes back.
    Restart,
    /// The same in an orderly way: its sessions are told to leave first.
    Drain,
}

impl Fault {
    /// What it is called in a report.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Cut(Cut::Close) => "connections closed",
            Self::Cut(Cut::Reset) => "connections reset",
            Self::Cut(Cut::HalfClose) => "connections half-closed",
            Self::Cut(_) => "connections blackholed",
            Self::CutAfter(..) => "connections cut at a byte",
            Self::Slow(..) => "slow or stalled links",
            Self::Refuse(..) => "refused connections",
            Self::KillBackends(_) => "backends killed",
            Self::Restart => "server restarts",
            Self::Drain => "server drains",
        }
    }

    /// The next fault of a schedule.
    pub fn draw<R: Rng + ?Sized>(rng: &mut R, restarts: bool) -> Self {
        let direction = if rng.random_bool(0.5) {
            Direction::ToServer
        } else {
            Direction::ToClient
        };
        let moment = Duration::from_millis(rng.random_range(5..60));
        let kill_backends = Self::KillBackends(rng.random_range(0..10));
        match rng.random_range(0..1000) {
            0..330 => Self::Cut(Cut::Reset),
            330..480 => Self::Cut(Cut::Close),
            480..540 => Self::Cut(Cut::HalfClose),
            540..560 => Self::Cut(Cut::Blackhole),
            560..800 => {
                let cut = if rng.random_bool(0.5) {
                    Cut::Reset
                } else {
                    Cut::Close
                };
                Self::CutAfter(direction, rng.random_range(0..400), cut)
            }
            800..850 => {
                let delay = Duration::from_millis(rng.random_range(1..20));
                Self::Slow(direction, Link::perfect().delay(delay), moment)
            }
            850..890 => {
                let rate = NonZeroU64::MIN.saturating_add(rng.random_range(1_000..100_000));
                Self::Slow(direction, Link::perfect().throttle(rate), moment)
            }
            890..910 => Self::Slow(direction, Link::blackhole(), moment),
            910..940 => Self::Refuse(Accept::Refuse, moment),
            940..960 => Self::Refuse(Accept::Reset, moment),
            960..998 => kill_backends,
            998 if restarts => Self::Drain,
            _ if restarts => Self::Restart,
            _ => kill_backends,
        }
    }
}

/// Applies one fault after the other to each proxy, and counts how many connections, statements and servers were hit.
pub struct Nemesis {
    stack: Arc<Stack>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Nemesis {
    /// One that breaks this stack.
    #[must_use]
    pub fn new(stack: Arc<Stack>) -> Self {
        Self {
            stack,
            counts: Mutex::default(),
        }
    }

    /// How many schedules it follows side by side: one for each proxy.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.stack.proxies.len()
    }

    /// Breaks things until it is told to stop, and takes everything back. Gives what was done.
    pub async fn run(self, rngs: Vec<StdRng>, stop: &AtomicBool) -> BTreeMap<&'static str, u64> {
        let parts = rngs
            .into_iter()
            .enumerate()
            .map(|(which, rng)| self.part(which, rng, stop));
        join_all(parts).await;
        self.stack.heal().await;
        for habit in &self.stack.habits {
            let counts = habit.counts();
            self.count("serialization failures (40001)", counts.retries);
            self.count("ambiguous results (40003)", counts.ambiguous);
            self.count("connections cut around a commit", counts.cuts);
        }
        self.counts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn part(&self, which: usize, mut rng: StdRng, stop: &AtomicBool) {
        let restarts = can_restart(&self.stack);
        while !stop.load(Ordering::Relaxed) {
            let pause = Duration::from_millis(rng.random_range(PAUSE));
            let fault = Fault::draw(&mut rng, restarts);
            sleep(pause).await;
            self.stack
                .trace
                .note(format_args!("fault on proxy {which}: {fault:?}"));
            self.apply(fault, which).await;
        }
    }

    async fn apply(&self, fault: Fault, which: usize) {
        let proxy = &self.stack.proxies[which];
        let before = proxy.counts().cut;
        let hit;
        match fault {
            Fault::Cut(cut) => {
                // Counted by the proxy when it is done, which may be a moment later.
                hit = proxy.counts().open;
                proxy.cut_now(cut);
            }
            Fault::CutAfter(direction, bytes, cut) => {
                proxy.cut_after(direction, bytes, cut);
                sleep(Duration::from_millis(10)).await;
                proxy.heal().await;
                hit = proxy.counts().cut - before;
            }
            Fault::Slow(direction, link, moment) => {
                hit = 1;
                proxy.set_link(direction, link);
                sleep(moment).await;
                proxy.heal().await;
            }
            Fault::Refuse(accept, moment) => {
                hit = 1;
                proxy.set_accept(accept).await;
                sleep(moment).await;
                proxy.heal().await;
            }
            Fault::KillBackends(from) => hit = kill_backends(&self.stack, from).await,
            Fault::Restart => hit = restart(&self.stack, Node::kill).await,
            Fault::Drain => hit = restart(&self.stack, Node::shut_down).await,
        }
        self.count(fault.name(), hit);
    }

    fn count(&self, name: &'static str, hit: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(name).or_default() += hit;
    }
}

fn can_restart(stack: &Stack) -> bool {
    let last = stack.engine().nodes().last();
    last.is_some_and(Node::can_restart)
}

async fn kill_backends(stack: &Stack, from: u8) -> u64 {
    let (id, opened, sessions) = match stack.engine().kind() {
        EngineKind::CockroachDb => ("session_id", "session_start", "[SHOW CLUSTER SESSIONS]"),
        _ => ("pid", "backend_start", "pg_stat_activity"),
    };
    // Only the stack's own: the server may have other clients.
    let chosen = format!(
        "SELECT {id} FROM \
         (SELECT {id}, row_number() OVER (ORDER BY {opened}, {id}) AS place FROM {sessions} \
          WHERE application_name = '{}') AS own \
         WHERE place % 10 = {from}",
        stack.name
    );
    let kill = |text| {
        Statement::new(text)
            .named("chaos.kill_backends")
            .timeout(Duration::from_secs(1))
    };
    match stack.engine().kind() {
        EngineKind::CockroachDb => {
            let text = format!("CANCEL SESSIONS IF EXISTS ({chosen})");
            // The tag counts them.
            stack.truth.execute(kill(&text), &[]).await.unwrap_or(0)
        }
        _ => {
            let text = format!("SELECT pg_terminate_backend(pid) FROM ({chosen}) AS chosen");
            let killed = stack.truth.fetch_all(kill(&text), &[]).await;
            killed.map_or(0, |rows| rows.len() as u64)
        }
    }
}

/// Always of the same node, so that a majority is left.
async fn restart(stack: &Arc<Stack>, end: fn(&Node) -> Result<(), crdb_testkit::Error>) -> u64 {
    let engine = Arc::clone(stack.engine());
    let restarted = tokio::task::spawn_blocking(move || {
        let node = engine.nodes().last()?;
        end(node).ok()?;
        node.restart().ok()
    });
    u64::from(matches!(restarted.await, Ok(Some(()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_seed_decides_the_schedule_and_every_fault_comes_up() {
        let draw = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..5000)
                .map(|_| Fault::draw(&mut rng, true))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let mut names: Vec<_> = draw(1).iter().map(Fault::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 10, "{names:?}");
    }
}
