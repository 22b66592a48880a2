//! A simulated cluster and its callers, run through the decisions alone: time, chance and failures all come from one seed,
//! so whatever goes wrong can be run again.

mod invariants;
mod sessions;
mod world;

use self::world::World;

/// Runs one seed to its end and returns a digest of everything that happened.
fn run(seed: u64) -> u64 {
    let mut world = World::new(seed);
    world.run();
    world.digest()
}

fn run_many(seeds: impl IntoIterator<Item = u64>) {
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| run(seed));
        if let Err(panic) = outcome {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            panic!("seed {seed}: {}", text.unwrap_or("panicked"));
        }
    }
}

/// `CRDB_POOL_SEED=17 cargo test -p crdb-pool simulation` runs one seed only; with `CRDB_TEST_LONG` set it is 100,000, the
/// first of which is `CRDB_TEST_SEED`.
#[test]
fn promises_hold_whatever_happens() {
    let number = |name| std::env::var(name).map(|text| text.parse::<u64>().expect("a number"));
    if let Ok(seed) = number("CRDB_POOL_SEED") {
        return run_many([seed]);
    }
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let count = if long { 100_000 } else { 500 };
    let first = number("CRDB_TEST_SEED").unwrap_or(0);
    run_many((0..count).map(|seed| first.wrapping_add(seed)));
    println!("row R15: done {count} seeds");
}

#[test]
fn the_same_seed_does_the_same() {
    for seed in 0..50 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
    assert_ne!(run(1), run(2));
}
