use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps retries from making an outage worse: each call earns a tenth of a retry, up to a reserve.
///
/// So over any time with `n` calls there are at most `n / 10` retries and the reserve. It is spent on failures of connections and
/// nodes only: a serialization failure is answered by a node that works, and backoff is what helps there.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    /// In tenths of a retry.
    tenths: AtomicU64,
    /// What the tenths grow to: the reserve, and one retry even without a reserve.
    most: u64,
}

const RETRY: u64 = 10;

impl RetryBudget {
    pub(crate) const fn new(reserve: u32) -> Self {
        let reserve = reserve as u64 * RETRY;
        Self {
            tenths: AtomicU64::new(reserve),
            most: if reserve < RETRY { RETRY } else { reserve },
        }
    }

    /// A call begins.
    pub(crate) fn earn(&self) {
        let earn = |tenths: u64| (tenths < self.most).then_some(tenths + 1);
        // A full budget earns nothing.
        let _ = self
            .tenths
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// How many retries it keeps in reserve, at least 1.
    pub(crate) fn reserve(&self) -> u32 {
        u32::try_from(self.most / RETRY).unwrap_or(u32::MAX)
    }

    /// How many retries are left.
    pub(crate) fn left(&self) -> u32 {
        u32::try_from(self.tenths.load(Ordering::Relaxed) / RETRY).unwrap_or(u32::MAX)
    }

    /// Takes one retry, if there is one.
    pub(crate) fn spend(&self) -> bool {
        self.tenths
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tenths| {
                tenths.checked_sub(RETRY)
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_amplified_by_a_tenth_and_the_reserve() {
        let budget = RetryBudget::new(10);
        let mut attempts = 0;
        for _ in 0..10_000 {
            budget.earn();
            attempts += 1;
            while budget.spend() {
                attempts += 1;
            }
        }
        assert!(attempts <= 11_010, "{attempts}");
        assert!(
            attempts >= 10_990,
            "a budget that gives nothing is no use: {attempts}"
        );
    }

    #[test]
    fn without_a_reserve_ten_calls_earn_a_retry() {
        let budget = RetryBudget::new(0);
        assert!(!budget.spend());
        (0..10).for_each(|_| budget.earn());
        assert!(budget.spend() && !budget.spend());
    }

    #[test]
    fn the_reserve_does_not_grow_without_bound() {
        let budget = RetryBudget::new(10);
        (0..1_000_000).for_each(|_| budget.earn());
        let mut retries = 0;
        while budget.spend() {
            retries += 1;
        }
        assert_eq!(retries, 10);
    }
}
