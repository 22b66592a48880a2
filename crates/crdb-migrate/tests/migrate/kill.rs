//! Three runners at once, each a process of its own, one of which is killed (SIGKILL) before a request is sent or after its
//! answer was read: those of migrations, of the journal, of heartbeats, and looks at jobs. Every fourth one is not killed but
//! frozen for longer than its lease, and goes on then with what it was about to send.
//!
//! Two rounds of three take the points of a whole run in turn. The third is aimed at what only the fence protects: a statement outside of
//! transactions that is about to be sent, or under way for longer than a lease.
//!
//! Short: a few points on each engine. Long (`CRDB_TEST_LONG`): 500 kills on each engine, at every point in turn, from
//! the seed `CRDB_TEST_SEED`.

mod process;
mod round;

use std::collections::BTreeSet;

use crdb_exec::Engine;
use tokio::task::JoinSet;

use crate::bed::BOTH;
use process::{Fate, ORDERS, Place};
pub(crate) use process::{after_answer, before_request};
use round::{Round, points, round};

/// The test that is run again in processes of their own, which know by [`ORDERS`] what to do.
const TEST: &str = "kill::each_migration_takes_effect_once_whenever_a_runner_is_killed";

/// Rounds at a time.
const AT_ONCE: usize = 6;

/// How many points at and behind a statement that runs alone are aimed at: about half of them are before it is sent.
const AIMED: u64 = 28;

#[tokio::test]
async fn each_migration_takes_effect_once_whenever_a_runner_is_killed() {
    match std::env::var(ORDERS) {
        Ok(orders) => process::run(&orders).await,
        Err(_) => kill_one_of_three_again_and_again().await,
    }
}

/// What the rounds on one engine have come to.
struct Figures {
    kind: Engine,
    /// How many points one runner alone has.
    points: u64,
    started: u64,
    kills: u64,
    freezes: u64,
    beside: u64,
    aimed: u64,
    again: u64,
    met: BTreeSet<u64>,
}

impl Figures {
    fn count(&mut self, round: &Round) {
        self.again += round.again;
        if !round.met {
            return;
        }
        match round.at {
            Place::Any(point) => drop(self.met.insert(point)),
            Place::Aimed(_) => self.aimed += 1,
        }
        self.beside += u64::from(round.beside);
        match round.fate {
            Fate::Frozen => self.freezes += 1,
            Fate::Killed => self.kills += 1,
        }
    }
}

#[expect(clippy::print_stdout, reason = "the chaos harness reads it")]
async fn kill_one_of_three_again_and_again() {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let seed: u64 = std::env::var("CRDB_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let wanted = if long { 500 } else { 3 };
    let mut engines = Vec::new();
    for kind in BOTH {
        engines.push(Figures {
            kind,
            points: points(kind).await,
            started: 0,
            kills: 0,
            freezes: 0,
            beside: 0,
            aimed: 0,
            again: 0,
            met: BTreeSet::new(),
        });
    }
    let mut running = JoinSet::new();
    loop {
        let behind = engines
            .iter_mut()
            .filter(|one| one.kills < wanted)
            .min_by_key(|one| one.started);
        if running.len() < AT_ONCE
            && let Some(next) = behind
        {
            let fate = match next.started % 4 {
                1 => Fate::Frozen,
                _ => Fate::Killed,
            };
            let at = match next.started % 3 {
                2 => Place::Aimed(1 + (seed + next.started / 3) % AIMED),
                _ => Place::Any(place(seed, next.started - next.started / 3, next.points)),
            };
            running.spawn(round(next.kind, at, fate));
            next.started += 1;
            assert!(next.started < 8 * wanted + 8, "too few runners were killed");
            continue;
        }
        let Some(round) = running.join_next().await else {
            break;
        };
        let round = round.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        for engine in &mut engines {
            if engine.kind == round.kind {
                engine.count(&round);
            }
        }
        let kills = sum(&engines, |one| one.kills);
        if long && round.met && round.fate == Fate::Killed && kills % 50 == 0 {
            println!("row R17: figure kills so far = {kills}");
        }
    }
    let met = sum(&engines, |one| u64::try_from(one.met.len()).unwrap_or(0));
    println!("row R17: figure different points = {met}");
    let beside = sum(&engines, |one| one.beside);
    println!("row R17: figure at heartbeats and looks at jobs = {beside}");
    let freezes = sum(&engines, |one| one.freezes);
    println!("row R17: figure frozen beyond the lease = {freezes}");
    let aimed = sum(&engines, |one| one.aimed);
    println!("row R17: figure at a statement that only the fence protects = {aimed}");
    let again = sum(&engines, |one| one.again);
    println!("row R17: figure runners that lost their lease and began anew = {again}");
    println!("row R17: done {} kills", sum(&engines, |one| one.kills));
}

fn sum(engines: &[Figures], figure: impl Fn(&Figures) -> u64) -> u64 {
    engines.iter().map(figure).sum()
}

/// Every point in turn, spread so that few rounds meet different parts and shifted by the seed.
fn place(seed: u64, number: u64, points: u64) -> u64 {
    let common = |mut a: u64, mut b: u64| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let near = (points * 5 / 8).max(1);
    let stride = (near..)
        .find(|stride| common(*stride, points) == 1)
        .unwrap_or(1);
    1 + (seed % points + number % points * stride) % points
}
