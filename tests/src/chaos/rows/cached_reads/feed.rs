//! A changefeed that is cut, fails, stalls, and tells late what it has kept back.

use crdb_facade::cache::{ChangeNotice, ChangeSource, Changes};
use futures_util::StreamExt as _;
use rand::RngExt;
use rand::rngs::StdRng;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// What the stream does at the moment. It ends, or fails, once for each number that is new.
#[derive(Clone, Copy, Debug, Default)]
struct Mode {
    ends: u64,
    fails: bool,
    held: bool,
}

/// A feed in front of another one.
#[derive(Clone)]
pub(super) struct Disturbed<C> {
    source: C,
    mode: Arc<watch::Sender<Mode>>,
}

/// How often it was disturbed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) cuts: u64,
    pub(super) stalls: u64,
}

impl<C: ChangeSource> Disturbed<C> {
    pub(super) fn new(source: C) -> Self {
        Self {
            source,
            mode: Arc::new(watch::Sender::new(Mode::default())),
        }
    }

    /// Disturbs it until it is told to stop.
    pub(super) async fn disturb(&self, goes_on: impl Fn() -> bool, mut rng: StdRng) -> Counts {
        let mut counts = Counts::default();
        while goes_on() {
            sleep(Duration::from_millis(rng.random_range(100..1_200))).await;
            if rng.random_bool(0.5) {
                counts.cuts += 1;
                let fails = rng.random_bool(0.5);
                self.mode
                    .send_modify(|mode| (mode.ends, mode.fails) = (mode.ends + 1, fails));
                continue;
            }
            counts.stalls += 1;
            self.mode.send_modify(|mode| mode.held = true);
            // From a moment to longer than any answer may be old.
            sleep(Duration::from_millis(rng.random_range(50..1_500))).await;
            self.mode.send_modify(|mode| mode.held = false);
        }
        counts
    }
}

impl<C: ChangeSource> ChangeSource for Disturbed<C> {
    fn changes(&self, tables: &[String]) -> Changes {
        let mode = self.mode.subscribe();
        let began = mode.borrow().ends;
        let state = Some((self.source.changes(tables), mode));
        Box::pin(futures_util::stream::unfold(
            state,
            move |state| async move {
                let (mut changes, mode) = state?;
                let (mut ending, mut holding) = (mode.clone(), mode.clone());
                let told = tokio::select! {
                    biased;
                    _ = ending.wait_for(|mode| mode.ends > began) => None,
                    told = async {
                        let told = changes.next().await;
                        // What comes meanwhile waits behind it.
                        drop(holding.wait_for(|mode| !mode.held).await);
                        told
                    } => told,
                };
                match told {
                    Some(told) => Some((told, Some((changes, mode)))),
                    None if mode.borrow().fails => {
                        let error: Result<ChangeNotice, _> = Err("the changefeed was cut".into());
                        Some((error, None))
                    }
                    None => None,
                }
            },
        ))
    }
}
