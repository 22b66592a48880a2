//! Explores schedules of the gate: it is compiled here against a lock whose interleavings `shuttle` chooses.

/// The explored lock, with the interface of the real one.
mod lock {
    pub(super) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(super) fn new(value: T) -> Self {
            Self(shuttle::sync::Mutex::new(value))
        }

        pub(super) fn lock(&self) -> shuttle::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap()
        }
    }
}

#[expect(dead_code, reason = "only the hand-over is explored")]
#[path = "gate.rs"]
mod gate;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use shuttle::future::{block_on, spawn, yield_now};
use shuttle::rand::{RngCore as _, thread_rng};

use super::admission::{self, Admission};
use gate::{Gate, NoPlace};

/// How many schedules are tried by each way of choosing them: the variable `CRDB_WIRE_SCHEDULES`, half a million where `CRDB_TEST_LONG`
/// is set, or a number that takes a moment.
fn schedules() -> usize {
    std::env::var("CRDB_WIRE_SCHEDULES")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(match std::env::var_os("CRDB_TEST_LONG") {
            Some(_) => 500_000,
            None => 2_000,
        })
}

/// What one lane has at a time.
#[derive(Default)]
struct Lane {
    taken: AtomicUsize,
}

const DEPTH: usize = 2;

/// A caller that takes a place, stays for a while and goes; or that gives up while it waits.
async fn caller(gate: Arc<Gate<Lane, ()>>, gives_up: bool, served: Arc<AtomicUsize>) {
    let mut enter = pin!(gate.enter());
    let mut polls = 0;
    let place = poll_fn(|cx| {
        polls += 1;
        match enter.as_mut().poll(cx) {
            Poll::Pending if gives_up && polls > 1 => Poll::Ready(None),
            Poll::Pending if gives_up => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            poll => poll.map(Some),
        }
    })
    .await;
    match place {
        Some(Ok(place)) => {
            let before = place.lane().taken.fetch_add(1, Ordering::SeqCst);
            assert!(before < DEPTH, "a lane has more than its depth");
            yield_now().await;
            place.lane().taken.fetch_sub(1, Ordering::SeqCst);
            served.fetch_add(1, Ordering::SeqCst);
        }
        Some(Err(NoPlace::Full)) => panic!("no caller is refused here"),
        Some(Err(NoPlace::SentAway(()))) | None => {}
    }
}

#[test]
fn each_caller_is_served_or_gives_up_and_no_place_is_lost() {
    let run = || {
        block_on(async {
            let gate = Gate::new(Admission::new(DEPTH, usize::MAX));
            let served = Arc::new(AtomicUsize::new(0));
            let first = gate.add(Arc::new(Lane::default()));
            let callers: Vec<_> = (0..6)
                .map(|number| {
                    spawn(caller(
                        Arc::clone(&gate),
                        number % 3 == 2,
                        Arc::clone(&served),
                    ))
                })
                .collect();
            let keeper = {
                let gate = Arc::clone(&gate);
                spawn(async move {
                    // The first lane dies at some time; another one comes at some time. One of them is closed for a while.
                    if thread_rng().next_u32().is_multiple_of(2) {
                        gate.set_open(first, false);
                        yield_now().await;
                    }
                    let second = gate.add(Arc::new(Lane::default()));
                    drop(gate.remove(first));
                    yield_now().await;
                    gate.set_open(second, false);
                    yield_now().await;
                    gate.set_open(second, true);
                })
            };
            keeper.await.unwrap();
            for caller in callers {
                // A caller that is not woken hangs here, which the explorer reports as a deadlock.
                caller.await.unwrap();
            }
            assert!(served.load(Ordering::SeqCst) >= 4);
            assert_eq!(gate.look(Admission::demand), 0, "a place was lost");
        });
    };
    shuttle::check_random(run, schedules());
    shuttle::check_pct(run, schedules(), 3);
    println!(
        "row R16: done {} lane deaths, cancels and schedules",
        2 * schedules()
    );
}

#[test]
fn those_that_are_sent_away_are_told() {
    shuttle::check_random(
        || {
            block_on(async {
                let gate = Gate::new(Admission::new(DEPTH, usize::MAX));
                let served = Arc::new(AtomicUsize::new(0));
                let callers: Vec<_> = (0..3)
                    .map(|number| {
                        spawn(caller(Arc::clone(&gate), number == 2, Arc::clone(&served)))
                    })
                    .collect();
                // A caller that comes later than this waits for the lane.
                gate.send_away(&());
                yield_now().await;
                gate.add(Arc::new(Lane::default()));
                for caller in callers {
                    caller.await.unwrap();
                }
                assert_eq!(gate.look(Admission::demand), 0);
            });
        },
        schedules(),
    );
}
