//! The whole stack in one thread on paused time, from one seed (R22).
//!
//! The facade with its pool, executor, connections and logins runs against a model of a server (`server`) over a simulated
//! `network`, on a current-thread runtime whose clock jumps to the next timer when there is nothing to do. Everything that chance
//! decides follows from one seed: how the run is made (`setting`), what callers do (`workload`), what the network does with bytes
//! (`link`), how statements fail (`server`), when nodes break (`nemesis`), and the jitter of the layers themselves. So a run that
//! fails is run again from its seed, event by event (`trace`).
//!
//! What must hold is checked where it can be seen first, and again at the end:
//!
//! | promise | where |
//! | --- | --- |
//! | what was acknowledged is there; what failed as *never* or *retry* is not, and never will be (R1, R2, R21) | `workload`, when a caller gets its answer, and when nothing is under way any more |
//! | no money is lost or made; work under an idempotency key is done once (R1) | `server`, at each commit; `workload` |
//! | a caller is free 100 ms after its limit, a borrower at its limit (R4, R5); no caller hangs | `workload`, on the paused clock |
//! | a cancel hits no other statement (R5) | `workload` |
//! | no more sessions than the pool may hold (R6) | `server`, at each login |
//! | the next borrower's session is like a new one (R7) | `server`, at each first statement |
//! | where nothing can fail, nothing does; where nothing fails any more, the database recovers; no session is leaked | [`run`](run()) |
//!
//! Like the simulations of FoundationDB and TigerBeetle, and like those the product itself is what runs, not a model of it.
//!
//! To run one seed again with all of its events: `cargo xtask chaos R22 --seed N --seconds 1`.

mod link;
mod nemesis;
mod network;
mod run;
mod server;
mod setting;
mod trace;
mod workload;
mod world;

pub use run::{Outcome, run};

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What a run of some hundred seeds must have seen, or it is not about what it says.
    const SEEN: &[&str] = &[
        "acts of the nemesis",
        "black holes",
        "bodies that refused",
        "calls that succeeded",
        "calls that were dropped",
        "cancelled statements",
        "changed result types",
        "commits without a true answer",
        "conflicts",
        "conflicts at COMMIT",
        "cuts",
        "doubtful answers",
        "evicted statements",
        "half-closes",
        "hanging statements",
        "lost answers",
        "refused dials",
        "resets",
        "sessions ended by a drain",
        "sessions given back as they were",
        "statements beyond their time limit",
        "told: never",
        "told: outcome unknown",
        "told: retry",
        "transactions committed before DDL",
        "unanswered dials",
        "unknown and not there",
        "unknown and there",
    ];

    /// How many runs that went wrong are reported.
    const TOLD: usize = 10;

    /// Runs the seeds that the others have left, until enough went wrong.
    fn work(seeds: &Seeds, end: u64) {
        while let Some(seed) = seeds.next(end) {
            let outcome = std::panic::catch_unwind(|| run(seed, false));
            seeds.take(seed, outcome);
        }
    }

    /// Seeds that several threads share: each run is one thread's.
    struct Seeds {
        first: u64,
        next: AtomicU64,
        seen: Mutex<BTreeMap<&'static str, u64>>,
        wrong: Mutex<Vec<(u64, String)>>,
    }

    impl Seeds {
        fn next(&self, end: u64) -> Option<u64> {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let goes_on = number < end && self.wrong.lock().len() < TOLD;
            goes_on.then(|| self.first.wrapping_add(number))
        }

        fn take(&self, seed: u64, outcome: std::thread::Result<anyhow::Result<Outcome>>) {
            let wrong = match outcome {
                Ok(Ok(outcome)) => {
                    for (what, count) in &outcome.seen {
                        *self.seen.lock().entry(what).or_default() += count;
                    }
                    let violations = outcome.violations.iter().map(ToString::to_string);
                    violations.collect::<Vec<_>>().join("; ")
                }
                Ok(Err(error)) => format!("{error:#}"),
                Err(_) => "it panicked".to_owned(),
            };
            if !wrong.is_empty() {
                self.wrong.lock().push((seed, wrong));
            }
        }
    }

    /// With `CRDB_TEST_LONG` set it is 100,000 seeds. The first is `CRDB_TEST_SEED`, or 0.
    #[test]
    fn every_promise_holds_whatever_fails() {
        let first = std::env::var("CRDB_TEST_SEED").map_or(0, |seed| seed.parse().unwrap());
        let long = std::env::var_os("CRDB_TEST_LONG").is_some();
        let count = if long { 100_000 } else { 300 };
        let seeds = Seeds {
            first,
            next: AtomicU64::new(0),
            seen: Mutex::default(),
            wrong: Mutex::default(),
        };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| work(&seeds, count));
            }
        });
        let wrong = seeds.wrong.into_inner();
        for (seed, what) in &wrong {
            println!("row R22: wrong seed {seed}, again with --seed {seed} --seconds 1: {what}");
        }
        if let Some((seed, _)) = wrong.first() {
            let events = run(*seed, true).map(|outcome| outcome.trace);
            println!("{}", events.unwrap_or_default().join("\n"));
            panic!("{wrong:#?}");
        }
        println!("row R22: done {count} seeds");
        let seen = seeds.seen.into_inner();
        for (what, count) in &seen {
            println!("row R22: figure {what} = {count}");
        }
        for what in SEEN {
            assert!(seen.contains_key(what), "{what} was not seen: {seen:#?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_events() {
        for seed in 0..25 {
            let (first, again) = (run(seed, true).unwrap(), run(seed, true).unwrap());
            for (line, line_again) in first.trace.iter().zip(&again.trace) {
                assert_eq!(line, line_again, "seed {seed}");
            }
            assert_eq!((first.hash, first.events), (again.hash, again.events));
            assert!(first.events > 20, "{first:?}");
        }
        assert_ne!(run(1, false).unwrap().hash, run(2, false).unwrap().hash);
    }
}
