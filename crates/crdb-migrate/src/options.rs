//! How migrations are run.

use std::time::Duration;

use crate::tables::TableNames;

/// How migrations are run.
///
/// | option | default | what |
/// | --- | --- | --- |
/// | [`lease`](Self::lease) | 30 s | how long a runner that is gone keeps others waiting; from 500 ms to a day |
/// | [`wait`](Self::wait) | 10 min | how long to wait for another runner |
/// | [`step_timeout`](Self::step_timeout) | 1 h | how long one statement may take, where its file does not say |
/// | [`lock_timeout`](Self::lock_timeout) | 10 s | how long a schema change waits for a lock (PostgreSQL) |
/// | [`allow_out_of_order`](Self::allow_out_of_order) | no | run a migration whose number is below one that has run |
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) lease: Duration,
    pub(crate) wait: Duration,
    pub(crate) step_timeout: Duration,
    pub(crate) lock_timeout: Option<Duration>,
    pub(crate) out_of_order: bool,
    pub(crate) tables: TableNames,
    pub(crate) owner: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            wait: Duration::from_secs(600),
            step_timeout: Duration::from_secs(3_600),
            lock_timeout: Some(Duration::from_secs(10)),
            out_of_order: false,
            tables: TableNames::default(),
            owner: None,
        }
    }
}

/// The shortest lease.
const SHORTEST: Duration = Duration::from_millis(500);

/// The longest lease: a runner that is gone is noticed within a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the lease lasts without a heartbeat: so long does a runner that was killed keep others waiting. Heartbeats
    /// come six times as often. At least 500 ms, at most a day.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.clamp(SHORTEST, LONGEST);
        self
    }

    /// How long to wait for a runner that has the lease.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// How long one statement may take where its file has no `-- timeout:`. On CockroachDB the job of a schema change goes
    /// on after it, and the runner waits for the job.
    #[must_use]
    pub fn step_timeout(mut self, timeout: Duration) -> Self {
        self.step_timeout = timeout;
        self
    }

    /// How long a schema change may wait for a lock on PostgreSQL; everything else waits behind it meanwhile. It is tried
    /// again a few times. `None` waits for as long as the statement may take.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Whether a migration may run whose number is below one that has run, as branches that are merged late have.
    #[must_use]
    pub fn allow_out_of_order(mut self, allow: bool) -> Self {
        self.out_of_order = allow;
        self
    }

    /// How the tables of the journal and the lease are called.
    #[must_use]
    pub fn tables(mut self, tables: TableNames) -> Self {
        self.tables = tables;
        self
    }

    /// The name under which others see this runner. By default the program's name and process id.
    #[must_use]
    pub fn owner(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    pub(crate) fn owner_name(&self) -> String {
        self.owner.clone().unwrap_or_else(|| {
            let program = std::env::current_exe()
                .ok()
                .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
            format!(
                "{} ({})",
                program.unwrap_or_else(|| "crdb-migrate".to_owned()),
                std::process::id()
            )
        })
    }
}
