//! Asks the server about slow statements: their plans, and whom they waited for.

mod contention;
mod explain;
mod plans;
mod values;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use crdb_exec::{PooledExecutor, SessionSource};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

pub(super) use contention::Contentions;
pub use contention::{Contender, Contention};
pub(super) use plans::{Explained, Plans};

use super::Profile;
use super::table::Key;
use contention::Look;
use values::Captured;

/// How many statements may wait to be explained. More are explained when they are slow again.
const QUEUE: usize = 16;

/// What an [`Inspector`] asks, and how often.
///
/// ```
/// use std::time::Duration;
/// use crdb_observe::profile::InspectOptions;
///
/// let options = InspectOptions::new().plans(true).window(Duration::from_secs(3600)).analyze_every(0);
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct InspectOptions {
    plans: bool,
    contention: bool,
    window: Duration,
    analyze_every: u32,
    interval: Duration,
}

impl InspectOptions {
    /// Nothing is asked until it is turned on.
    pub const fn new() -> Self {
        Self {
            plans: false,
            contention: false,
            window: crate::defaults::INSPECT_WINDOW,
            analyze_every: crate::defaults::INSPECT_ANALYZE_EVERY,
            interval: crate::defaults::INSPECT_INTERVAL,
        }
    }

    /// Explains slow statements.
    pub const fn plans(mut self, explain: bool) -> Self {
        self.plans = explain;
        self
    }

    /// Asks which statements wait for which others.
    pub const fn contention(mut self, ask: bool) -> Self {
        self.contention = ask;
        self
    }

    /// A statement is explained at most once within this time, and CockroachDB is asked about contention as often. Default: 10 minutes.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// One explanation in this many runs the statement (`EXPLAIN ANALYZE`), if it only reads: 1 is each, 0 none. Default: 10.
    pub const fn analyze_every(mut self, explanations: u32) -> Self {
        self.analyze_every = explanations;
        self
    }

    /// How often PostgreSQL is asked who waits now, while calls are under way. Default: 1 s.
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }
}

/// Longer than any process runs: what is longer has no end that the clock could hold.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

fn after(interval: Duration) -> Instant {
    Instant::now() + interval.min(FAR)
}

impl Default for InspectOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// A statement to explain, with the values of a call, or without to learn their types.
struct Request {
    key: Key,
    parameters: usize,
    values: Option<Vec<Captured>>,
}

/// How calls tell the inspector of what is slow.
pub(super) struct Inspected {
    options: InspectOptions,
    requests: mpsc::Sender<Request>,
    /// Calls under way.
    running: AtomicU64,
    /// Races that were lost since the beginning.
    collisions: AtomicU64,
}

impl Inspected {
    /// A call begins. Its values are taken for an explanation that waits for them.
    pub(super) fn began(&self, key: &Key, parameters: crdb_exec::Parameters<'_>) {
        self.running.fetch_add(1, Ordering::Relaxed);
        let Some(types) = key.plans().armed() else {
            return;
        };
        if !key.plans().take() {
            return;
        }
        match values::capture(&types, parameters) {
            Some(values) => self.ask(Request {
                key: key.clone(),
                parameters: parameters.len(),
                values: Some(values),
            }),
            None => {
                let failure =
                    "a call's values are too large, or not of the types that the server expects";
                key.plans().add(Err(failure.to_owned()));
            }
        }
    }

    pub(super) fn ended(&self) {
        self.running.fetch_sub(1, Ordering::Relaxed);
    }

    /// A call of this statement was slow.
    pub(super) fn was_slow(&self, key: &Key, parameters: usize) {
        if self.options.plans
            && key.text().is_some_and(explain::is_explained)
            && key.plans().ask(self.options.window)
        {
            self.ask(Request {
                key: key.clone(),
                parameters,
                values: None,
            });
        }
    }

    pub(super) fn lost_race(&self) {
        self.collisions.fetch_add(1, Ordering::Relaxed);
    }

    fn ask(&self, request: Request) {
        if let Err(refused) = self.requests.try_send(request) {
            let (mpsc::error::TrySendError::Full(request)
            | mpsc::error::TrySendError::Closed(request)) = refused;
            request.key.plans().give_up();
        }
    }
}

/// Explains the slow statements of a [`Profile`], and asks whom they waited for, on a session of its own.
///
/// # What is asked
/// - **Plans**: a statement that was slow is explained, once within the [window](InspectOptions::window). One with parameters is explained
///   with the values of its next call. These are in memory until the server has answered, and nowhere else: a [`Plan`](super::Plan) has
///   no value in it. One explanation in [`analyze_every`](InspectOptions::analyze_every) runs a statement that only reads (`EXPLAIN
///   ANALYZE`), in a transaction in which the server refuses writes. A plan of another shape than the last is noticed: it is
///   counted, logged as a warning, and both are kept.
/// - **Contention** on PostgreSQL: `pg_blocking_pids` of the sessions that wait for a lock, every [interval](InspectOptions::interval)
///   while calls are under way. On CockroachDB: `crdb_internal.transaction_contention_events`, joined with the statistics of statements
///   and transactions, once within the window if races were lost. It needs VIEWACTIVITY or VIEWACTIVITYREDACTED. It is among the tables
///   that v26.1 and later let be read with `allow_unsafe_internals` off. Asking it costs the cluster a request to every node, so the
///   window should be minutes.
///
/// What the server refuses is in the report as a failure.
pub struct Inspector {
    profile: Weak<Profile>,
    options: InspectOptions,
    requests: mpsc::Receiver<Request>,
}

impl Inspector {
    /// An inspector of this profile; `None` where it has one already.
    #[must_use]
    pub fn new(profile: &Arc<Profile>, options: InspectOptions) -> Option<Self> {
        let (sender, requests) = mpsc::channel(QUEUE);
        let inspected = Inspected {
            options,
            requests: sender,
            running: AtomicU64::new(0),
            collisions: AtomicU64::new(0),
        };
        profile.inspected.set(inspected).ok()?;
        Some(Self {
            profile: Arc::downgrade(profile),
            options,
            requests,
        })
    }

    /// Asks until the profile is gone. `database` should have a session of its own and time limits, and no observer that is the profile.
    ///
    /// # Cancel safety
    /// Dropping the future ends it; statements under way are abandoned.
    pub async fn run<S: SessionSource>(mut self, database: PooledExecutor<S>) {
        let mut look = Look::default();
        let mut next = after(self.options.interval);
        loop {
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => explain::explain(&request, self.options, &database).await,
                    None => return,
                },
                () = sleep_until(next), if self.options.contention => {
                    let Some(profile) = self.profile.upgrade() else { return };
                    if let Some(inspected) = profile.inspected.get() {
                        look.at(&profile, inspected, &database).await;
                    }
                    next = after(self.options.interval);
                }
            }
        }
    }
}

impl std::fmt::Debug for Inspector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inspector")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_look_may_be_never() {
        let now = Instant::now();
        assert!(after(Duration::MAX) > now + Duration::from_secs(365 * 24 * 60 * 60));
    }
}
