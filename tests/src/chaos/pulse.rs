//! How late a bare timer is beside what is being measured: what the machine itself adds to every deadline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

const BEAT: Duration = Duration::from_millis(5);

/// Timers late by less than this are usual.
const USUAL: Duration = Duration::from_millis(2);

/// Beats until it is dropped, and remembers when it was late.
#[derive(Debug)]
pub struct Pulse {
    stalls: Arc<Mutex<Vec<Stall>>>,
    task: JoinHandle<()>,
}

#[derive(Clone, Copy, Debug)]
struct Stall {
    until: Instant,
    late: Duration,
}

impl Pulse {
    /// Begins to beat, on the Tokio runtime that calls this.
    #[must_use]
    pub fn start() -> Self {
        let stalls = Arc::<Mutex<Vec<Stall>>>::default();
        let seen = Arc::clone(&stalls);
        let task = tokio::spawn(async move {
            loop {
                let due = Instant::now() + BEAT;
                sleep_until(due).await;
                let until = Instant::now();
                let late = until - due;
                if late > USUAL {
                    seen.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(Stall { until, late });
                }
            }
        });
        Self { stalls, task }
    }

    /// By how much, in all, timers were late that ended between then and now.
    #[must_use]
    pub fn stalled_since(&self, then: Instant) -> Duration {
        let stalls = self.stalls.lock().unwrap_or_else(PoisonError::into_inner);
        stalls
            .iter()
            .rev()
            .take_while(|stall| stall.until >= then)
            .map(|stall| stall.late)
            .sum()
    }

    /// The worst of all.
    #[must_use]
    pub fn worst(&self) -> Duration {
        let stalls = self.stalls.lock().unwrap_or_else(PoisonError::into_inner);
        stalls
            .iter()
            .map(|stall| stall.late)
            .max()
            .unwrap_or_default()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stall_is_seen_and_only_in_its_time() {
        let pulse = Pulse::start();
        tokio::task::yield_now().await;
        let before = Instant::now();
        // No task is polled meanwhile, as when the machine stands still.
        tokio::time::advance(Duration::from_millis(300)).await;
        tokio::task::yield_now().await;
        assert_eq!(pulse.worst(), Duration::from_millis(295));
        assert_eq!(pulse.stalled_since(before), Duration::from_millis(295));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(pulse.stalled_since(Instant::now()), Duration::ZERO);
    }
}
