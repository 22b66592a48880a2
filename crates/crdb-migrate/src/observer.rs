//! What can be seen of migrations.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::ErrorKind;
use crate::file::Direction;
use crate::statement::StepKind;

/// A migration begins or has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MigrationEvent<'a> {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: &'a str,
    /// Whether it is applied or taken back.
    pub direction: Direction,
    /// How many statements are left to run.
    pub steps: usize,
}

/// A statement of a migration begins or has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StepEvent<'a> {
    /// The migration's number.
    pub version: i64,
    /// The migration's name.
    pub name: &'a str,
    /// Which statement of it, from 1.
    pub step: usize,
    /// What kind of work it does.
    pub kind: StepKind,
    /// Its text.
    pub text: &'a str,
    /// Whether an earlier runner began it: the runner looks whether it took effect before it runs it.
    pub resumed: bool,
}

/// The job of a schema change goes on.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct JobEvent<'a> {
    /// The job's id.
    pub id: i64,
    /// What the server calls its state: `running`, `succeeded`, ..
    pub status: &'a str,
    /// How much is done, from 0 to 1, as far as the server says.
    pub fraction: Option<f64>,
}

/// The runner waits for another one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WaitEvent<'a> {
    /// The runner that has the lease.
    pub owner: &'a str,
    /// For how long it has been waited so far.
    pub waited: Duration,
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// How long it took.
    pub elapsed: Duration,
    /// How it failed, if it did.
    pub failure: Option<ErrorKind>,
}

/// Learns what a runner does. Called on the task that runs the migrations: be quick, and do not block.
///
/// Each beginning is followed by its end, unless the runner's future is dropped.
pub trait Observer: Send + Sync {
    /// The runner waits for another one's lease. Called once for each look.
    fn waiting(&self, event: &WaitEvent<'_>) {
        let _ = event;
    }

    /// A migration begins.
    fn migration_begins(&self, event: &MigrationEvent<'_>) {
        let _ = event;
    }

    /// A migration has ended.
    fn migration_ended(&self, event: &MigrationEvent<'_>, ended: Ended) {
        let _ = (event, ended);
    }

    /// A statement begins.
    fn step_begins(&self, event: &StepEvent<'_>) {
        let _ = event;
    }

    /// A statement has ended.
    fn step_ended(&self, event: &StepEvent<'_>, ended: Ended) {
        let _ = (event, ended);
    }

    /// The job of a schema change was seen.
    fn job(&self, event: &JobEvent<'_>) {
        let _ = event;
    }
}

/// Sees nothing.
impl Observer for () {}

/// Several observers as one. They are called in their order.
pub struct FanOut(Vec<Arc<dyn Observer>>);

impl FanOut {
    /// Tells each of them.
    pub fn new(observers: impl IntoIterator<Item = Arc<dyn Observer>>) -> Self {
        Self(observers.into_iter().collect())
    }

    fn each(&self, tell: impl Fn(&dyn Observer)) {
        self.0.iter().for_each(|observer| tell(&**observer));
    }
}

impl fmt::Debug for FanOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FanOut").field(&self.0.len()).finish()
    }
}

impl Observer for FanOut {
    fn waiting(&self, event: &WaitEvent<'_>) {
        self.each(|observer| observer.waiting(event));
    }

    fn migration_begins(&self, event: &MigrationEvent<'_>) {
        self.each(|observer| observer.migration_begins(event));
    }

    fn migration_ended(&self, event: &MigrationEvent<'_>, ended: Ended) {
        self.each(|observer| observer.migration_ended(event, ended));
    }

    fn step_begins(&self, event: &StepEvent<'_>) {
        self.each(|observer| observer.step_begins(event));
    }

    fn step_ended(&self, event: &StepEvent<'_>, ended: Ended) {
        self.each(|observer| observer.step_ended(event, ended));
    }

    fn job(&self, event: &JobEvent<'_>) {
        self.each(|observer| observer.job(event));
    }
}
