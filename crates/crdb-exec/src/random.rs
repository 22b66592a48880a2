//! Where chance comes from.

use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use std::sync::{Mutex, PoisonError};

/// The operating system's randomness, or numbers that follow from a seed.
#[derive(Default)]
pub(crate) struct Random(Option<Mutex<SmallRng>>);

impl Random {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Some(Mutex::new(SmallRng::seed_from_u64(seed))))
    }

    /// Draws from the generator.
    pub(crate) fn with<T>(&self, draw: impl FnOnce(&mut dyn Rng) -> T) -> T {
        match &self.0 {
            Some(seeded) => draw(&mut *seeded.lock().unwrap_or_else(PoisonError::into_inner)),
            None => draw(&mut rand::rng()),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.with(|random| random.random())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_the_numbers() {
        let (one, same, other) = (Random::seeded(1), Random::seeded(1), Random::seeded(2));
        let numbers = [&one, &same, &other].map(|random| [random.number(), random.number()]);
        assert_eq!(numbers[0], numbers[1]);
        assert_ne!(numbers[0], numbers[2]);
        assert_ne!(numbers[0][0], numbers[0][1]);
        let system = Random::default();
        assert_ne!(system.number(), system.number());
    }
}
