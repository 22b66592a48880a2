//! How long no session is opened after an attempt has failed: each cause has pauses of its own, which grow.

use std::time::{Duration, Instant};

use super::random::Random;
use super::time::later;

/// How much of a pause chance may take away, so that many processes do not try in step.
const JITTER: f64 = 0.5;
/// Refused credentials: each attempt may count towards locking the account.
pub(super) const CREDENTIALS: Backoff =
    Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// The node has too many sessions, or sessions come to nothing there: attempts are in the way of other clients.
const CROWDED: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));

/// Why an attempt to open a session came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PauseCause {
    /// The node, or the way to it, does not work.
    Failing,
    /// The node refuses more sessions.
    Overloaded,
    /// The node refuses our credentials.
    Credentials,
    /// A session was opened, and could not be lent: a hook failed, or the session ended at once.
    Unusable,
}

/// Pauses that double from `next` to `max`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    pub(crate) const fn new(start: Duration, max: Duration) -> Self {
        Self { next: start, max }
    }

    /// The next pause, less what chance takes away.
    pub(crate) fn next(&mut self, random: &mut Random) -> Duration {
        let pause = self.next.min(self.max);
        self.next = pause.saturating_mul(2).min(self.max);
        random.shortened(pause, JITTER)
    }
}

/// A pause that grows with each failure after it, until something works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    start: Backoff,
    backoff: Backoff,
    until: Option<Instant>,
}

impl Pause {
    pub(crate) const fn new(start: Backoff) -> Self {
        Self {
            start,
            backoff: start,
            until: None,
        }
    }

    /// Begins a pause. Attempts that were under way side by side, and fail while it lasts, do not make it longer.
    pub(crate) fn begin(&mut self, now: Instant, random: &mut Random) {
        if self.is_over(now) {
            self.until = Some(later(now, self.backoff.next(random)));
        }
    }

    /// Something worked.
    pub(crate) fn end(&mut self) {
        *self = Self::new(self.start);
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// Until when it lasts, or lasted.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }
}

/// A node's pauses.
#[derive(Debug)]
pub(crate) struct Pauses {
    failing: Pause,
    overloaded: Pause,
    credentials: Pause,
    unusable: Pause,
}

impl Pauses {
    pub(crate) fn new(failing: Backoff) -> Self {
        Self {
            failing: Pause::new(failing),
            overloaded: Pause::new(CROWDED),
            credentials: Pause::new(CREDENTIALS),
            unusable: Pause::new(CROWDED),
        }
    }

    fn all(&self) -> [&Pause; 4] {
        [
            &self.failing,
            &self.overloaded,
            &self.credentials,
            &self.unusable,
        ]
    }

    pub(crate) fn begin(&mut self, cause: PauseCause, now: Instant, random: &mut Random) {
        let pause = match cause {
            PauseCause::Failing => &mut self.failing,
            PauseCause::Overloaded => &mut self.overloaded,
            PauseCause::Credentials => &mut self.credentials,
            PauseCause::Unusable => &mut self.unusable,
        };
        pause.begin(now, random);
    }

    /// A session was opened.
    pub(crate) fn opened(&mut self) {
        self.failing.end();
        self.overloaded.end();
        self.credentials.end();
    }

    /// A session that was new has been lent.
    pub(crate) fn lent(&mut self) {
        self.unusable.end();
    }

    /// Whether a session may be opened.
    pub(crate) fn are_over(&self, now: Instant) -> bool {
        self.all().into_iter().all(|pause| pause.is_over(now))
    }

    /// Whether the latest attempt came to nothing: then one is made at a time.
    pub(crate) fn are_growing(&self) -> bool {
        self.all().into_iter().any(|pause| pause.until().is_some())
    }

    /// When the last one ends, or ended.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.all().into_iter().filter_map(Pause::until).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_a_pause_of_its_own_that_grows() {
        let mut random = Random::seeded(1);
        let failing = Backoff::new(Duration::from_millis(50), Duration::from_millis(250));
        for (cause, first, last) in [
            (PauseCause::Failing, 50, 250),
            (PauseCause::Overloaded, 100, 5_000),
            (PauseCause::Credentials, 1_000, 60_000),
            (PauseCause::Unusable, 100, 5_000),
        ] {
            let mut pauses = Pauses::new(failing);
            let mut now = Instant::now();
            let mut lengths = Vec::new();
            for _ in 0..10 {
                pauses.begin(cause, now, &mut random);
                let until = pauses.until().unwrap();
                // What fails meanwhile is the same failure.
                pauses.begin(cause, now, &mut random);
                assert_eq!(pauses.until(), Some(until));
                lengths.push((until - now).as_millis());
                assert!(!pauses.are_over(now) && pauses.are_over(until));
                now = until;
            }
            let between = |length, full: u128| (full / 2..=full).contains(&length);
            assert!(between(lengths[0], first), "{cause:?}: {lengths:?}");
            assert!(between(lengths[9], last), "{cause:?}: {lengths:?}");
            pauses.opened();
            assert_eq!(pauses.are_growing(), cause == PauseCause::Unusable);
            pauses.lent();
            assert!(!pauses.are_growing());
        }
    }
}
