//! A node's circuit breaker: it opens after failures in a row, and closes when a probe succeeds.

use std::time::Instant;

use super::pauses::{Backoff, CREDENTIALS};
use super::random::Random;
use super::time::later;
use crate::status::OutCause;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BreakerState {
    Closed,
    Open { cause: OutCause, until: Instant },
    HalfOpen { cause: OutCause },
}

/// The rules that a breaker follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerRules {
    /// The failures in a row that open it.
    pub(crate) failures: u32,
    pub(crate) probes: u32,
    pub(crate) backoff: Backoff,
}

#[derive(Debug)]
pub(crate) struct Breaker {
    state: BreakerState,
    /// Failures since the last success.
    failures: u32,
    rules: BreakerRules,
    pauses: Backoff,
    /// The same after refused credentials.
    credentials: Backoff,
    probing: u32,
}

impl Breaker {
    pub(crate) fn new(rules: BreakerRules) -> Self {
        Self {
            state: BreakerState::Closed,
            failures: 0,
            rules,
            pauses: rules.backoff,
            credentials: CREDENTIALS,
            probing: 0,
        }
    }

    pub(crate) fn state(&self) -> BreakerState {
        self.state
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.state == BreakerState::Closed
    }

    /// Probes that were let through and have not been answered.
    pub(crate) fn probing(&self) -> u32 {
        self.probing
    }

    /// Something worked. Outside of probes this only forgets the failures counted so far.
    pub(crate) fn record_success(&mut self) {
        if self.is_closed() {
            self.failures = 0;
        }
    }

    /// Something failed outside of a probe. True when this opened the breaker.
    pub(crate) fn record_failure(&mut self, now: Instant, random: &mut Random) -> bool {
        if !self.is_closed() {
            return false;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures < self.rules.failures {
            return false;
        }
        self.open(OutCause::Failing, now, random);
        true
    }

    /// Opens without waiting for more failures. True when it was not already open for this cause.
    pub(crate) fn trip(&mut self, cause: OutCause, now: Instant, random: &mut Random) -> bool {
        match self.state {
            BreakerState::Open { cause: present, .. }
            | BreakerState::HalfOpen { cause: present }
                if present == cause =>
            {
                false
            }
            _ => {
                self.open(cause, now, random);
                true
            }
        }
    }

    /// Moves from open to half-open when the pause is over. True when it did.
    pub(crate) fn half_open(&mut self, now: Instant) -> bool {
        match self.state {
            BreakerState::Open { cause, until } if until <= now => {
                self.state = BreakerState::HalfOpen { cause };
                true
            }
            _ => false,
        }
    }

    /// How many probes may start now: never more than the rules allow to be under way.
    pub(crate) fn probes_allowed(&self) -> u32 {
        match self.state {
            BreakerState::HalfOpen { .. } => self.rules.probes.saturating_sub(self.probing),
            _ => 0,
        }
    }

    pub(crate) fn probe_started(&mut self) {
        self.probing += 1;
    }

    /// A probe worked: the breaker closes. True when it was not closed before.
    pub(crate) fn probe_succeeded(&mut self) -> bool {
        self.probing = self.probing.saturating_sub(1);
        let reopened = !self.is_closed();
        self.state = BreakerState::Closed;
        self.failures = 0;
        self.pauses = self.rules.backoff;
        self.credentials = CREDENTIALS;
        reopened
    }

    /// A probe failed: back to open. A late probe, of a round that has been decided, changes nothing.
    pub(crate) fn probe_failed(&mut self, cause: OutCause, now: Instant, random: &mut Random) {
        self.probing = self.probing.saturating_sub(1);
        if let BreakerState::HalfOpen { .. } = self.state {
            self.open(cause, now, random);
        }
    }

    /// A probe ended without saying anything about the node.
    pub(crate) fn probe_abandoned(&mut self) {
        self.probing = self.probing.saturating_sub(1);
    }

    /// When the breaker wants to be asked again.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        match self.state {
            BreakerState::Open { until, .. } => Some(until),
            _ => None,
        }
    }

    fn open(&mut self, cause: OutCause, now: Instant, random: &mut Random) {
        let pause = match cause {
            OutCause::Authentication => self.credentials.next(random),
            OutCause::Failing | OutCause::Draining => self.pauses.next(random),
        };
        self.state = BreakerState::Open {
            cause,
            until: later(now, pause),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PAUSE: Duration = Duration::from_millis(50);

    fn breaker() -> Breaker {
        Breaker::new(BreakerRules {
            failures: 3,
            probes: 1,
            backoff: Backoff::new(PAUSE, PAUSE),
        })
    }

    /// Whether each of so many failures in a row opened it.
    fn fail(breaker: &mut Breaker, times: usize) -> Vec<bool> {
        let mut random = Random::seeded(1);
        let now = Instant::now();
        (0..times)
            .map(|_| breaker.record_failure(now, &mut random))
            .collect()
    }

    #[test]
    fn it_opens_with_the_last_of_the_failures_in_a_row() {
        let mut breaker = breaker();
        assert_eq!(fail(&mut breaker, 2), [false, false]);
        breaker.record_success();
        assert_eq!(fail(&mut breaker, 4), [false, false, true, false]);
    }

    #[test]
    fn after_a_probe_that_succeeded_it_counts_from_zero() {
        let mut breaker = breaker();
        assert_eq!(fail(&mut breaker, 3), [false, false, true]);
        assert!(breaker.half_open(Instant::now() + 2 * PAUSE));
        breaker.probe_started();
        assert!(breaker.probe_succeeded());
        assert_eq!(fail(&mut breaker, 3), [false, false, true]);
    }
}
