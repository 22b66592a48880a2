//! Several test programs at a time.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use anyhow::{Result, anyhow};

/// What `run` makes of each item, this many at a time, in the order of the items.
///
/// # Errors
/// That of the first item for which `run` fails; those that run then are waited for, and no more are started.
pub(super) fn side_by_side<I: Sync, O: Send>(
    jobs: NonZeroUsize,
    items: &[I],
    run: impl Fn(&I) -> Result<O> + Sync,
) -> Result<Vec<O>> {
    let next = Mutex::new(items.iter().enumerate());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let failed = AtomicBool::new(false);
    let work = || {
        let mut results = Vec::new();
        while let Some((place, item)) = take() {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            let result = run(item);
            failed.fetch_or(result.is_err(), Ordering::Relaxed);
            results.push((place, result));
        }
        results
    };
    let mut results: Vec<_> = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..jobs.get()).map(|_| threads.spawn(work)).collect();
        let ended = workers.into_iter().map(ScopedJoinHandle::join);
        let panicked = |_| anyhow!("a thread that runs tests panicked");
        ended.collect::<Result<Vec<_>, _>>().map_err(panicked)
    })?
    .into_iter()
    .flatten()
    .collect();
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

    #[test]
    fn results_come_in_the_order_of_the_items_and_two_run_at_a_time() {
        // Ends only where two meet.
        let meeting = Barrier::new(2);
        let running = AtomicUsize::new(0);
        let items: Vec<usize> = (0..20).collect();
        let results = side_by_side(TWO, &items, |item| {
            assert!(running.fetch_add(1, Ordering::SeqCst) < 2);
            meeting.wait();
            running.fetch_sub(1, Ordering::SeqCst);
            meeting.wait();
            Ok(item * 2)
        });
        let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
        assert_eq!(results.unwrap(), doubled);
    }

    #[test]
    fn nothing_is_started_after_a_failure() {
        let started = AtomicUsize::new(0);
        let results: Result<Vec<()>> = side_by_side(NonZeroUsize::MIN, &[1, 2, 3], |item| {
            started.fetch_add(1, Ordering::SeqCst);
            Err(anyhow!("item {item}"))
        });
        assert_eq!(results.unwrap_err().to_string(), "item 1");
        assert_eq!(started.load(Ordering::SeqCst), 1);
    }
}
