//! What a row is given.

use super::evidence::Evidence;
use super::progress::Progress;
use super::stack::StackOptions;
use crdb_testkit::Engine;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What decides the schedule of faults and operations of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A random generator for one part of a run: the same seed and part give the same numbers.
    #[must_use]
    pub fn random(self, part: &str, number: u64) -> StdRng {
        // FNV-1a, which does not change between versions as the standard library's hasher may.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let bytes = part.bytes().chain(number.to_le_bytes());
        for byte in bytes.chain(self.0.to_le_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        StdRng::seed_from_u64(hash)
    }
}

/// The engine, the seed and the time of a run.
pub struct Context {
    engine: Arc<Engine>,
    seed: Seed,
    limit: Option<Duration>,
    started: Instant,
    evidence: Evidence,
    progress: Progress,
    lanes: u32,
}

impl Context {
    /// A context whose time begins now.
    #[must_use]
    pub fn new(
        engine: Arc<Engine>,
        seed: u64,
        limit: Option<Duration>,
        evidence: Evidence,
    ) -> Self {
        Self {
            engine,
            seed: Seed(seed),
            limit,
            started: Instant::now(),
            evidence,
            progress: Progress::default(),
            lanes: 0,
        }
    }

    /// The same, with autocommit statements on this many lanes.
    #[must_use]
    pub fn with_lanes(mut self, lanes: u32) -> Self {
        self.lanes = lanes;
        self
    }

    /// How a stack is opened, where a row has no wish of its own.
    #[must_use]
    pub fn stack_options(&self) -> StackOptions {
        StackOptions {
            lanes: self.lanes,
            ..StackOptions::default()
        }
    }

    /// The limit of the row's time, if there is one.
    #[must_use]
    pub fn limit(&self) -> Option<Duration> {
        self.limit
    }

    /// The seed, for what cannot take a generator.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed.0
    }

    /// Prints a line for the person who watches.
    pub fn say(&self, line: &str) {
        self.progress.say(line);
    }

    /// The server.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Where what is needed to understand a violation is kept.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// As [`Seed::random`].
    #[must_use]
    pub fn random(&self, part: &str, number: u64) -> StdRng {
        self.seed.random(part, number)
    }

    /// Whether there is time left and `done` is less than the row's `size`; shows both on the terminal.
    #[must_use]
    pub fn goes_on(&self, done: u64, size: u64) -> bool {
        self.progress.at(done, size);
        done < size && self.left() > Duration::ZERO
    }

    /// The time left.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.limit.map_or(Duration::MAX, |limit| {
            limit.saturating_sub(self.started.elapsed())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt as _;

    #[test]
    fn seed_and_part_decide_the_numbers() {
        let draw = |seed: u64, part, number| Seed(seed).random(part, number).random::<u64>();
        assert_eq!(draw(7, "nemesis", 1), draw(7, "nemesis", 1));
        for other in [
            draw(8, "nemesis", 1),
            draw(7, "mess", 1),
            draw(7, "nemesis", 2),
        ] {
            assert_ne!(draw(7, "nemesis", 1), other);
        }
    }
}
