//! The audit log.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, seconds};
use crate::audit::AuditLog;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// How many entries wait to be written; `None` once the log is gone.
type Waiting = Box<dyn Fn() -> Option<usize> + Send + Sync>;

pub(super) struct AuditMetrics {
    counted: AuditCounts,
    waiting: Gauge,
    watched: Mutex<Vec<Waiting>>,
}

/// What a log counts by itself.
#[derive(Clone, Debug)]
pub(crate) struct AuditCounts {
    written: Histogram,
    lost: Histogram,
    refused: Histogram,
    checkpoints: Family<Outcome, Counter>,
}

/// How an entry fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appended {
    Written,
    /// Not written, and the call went on: the log is open to that.
    Lost,
    Refused,
}

impl AuditCounts {
    pub(crate) fn appended(&self, how: Appended, took: Duration) {
        let append = match how {
            Appended::Written => &self.written,
            Appended::Lost => &self.lost,
            Appended::Refused => &self.refused,
        };
        append.observe(took.as_secs_f64());
    }

    pub(crate) fn signed(&self, is_done: bool) {
        let outcome = if is_done { "ok" } else { "failed" };
        self.checkpoints.get_or_create(&Outcome { outcome }).inc();
    }
}

impl AuditMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let append = Family::<_, Histogram, _>::new_with_constructor(seconds as fn() -> Histogram);
        // There before they count: to Prometheus, a series that begins with 1 has not increased.
        let of = |outcome| append.get_or_create(&Outcome { outcome }).clone();
        let this = Self {
            counted: AuditCounts {
                written: of("written"),
                lost: of("lost"),
                refused: of("refused"),
                checkpoints: Family::default(),
            },
            waiting: Gauge::default(),
            watched: Mutex::default(),
        };
        for outcome in ["ok", "failed"] {
            drop(this.counted.checkpoints.get_or_create(&Outcome { outcome }));
        }
        registry.register_with_unit(
            "append",
            "Time until an entry is written, by what became of it",
            Unit::Seconds,
            append.clone(),
        );
        registry.register(
            "checkpoints",
            "Checkpoints signed, by outcome",
            this.counted.checkpoints.clone(),
        );
        registry.register(
            "waiting",
            "Entries that wait to be written",
            this.waiting.clone(),
        );
        this
    }

    pub(super) fn refresh(&self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sum = 0_usize;
        watched.retain(|waiting| {
            waiting().is_some_and(|waiting| {
                sum = sum.saturating_add(waiting);
                true
            })
        });
        self.waiting.set(i64::try_from(sum).unwrap_or(i64::MAX));
    }
}

impl Metrics {
    /// Counts what this log writes (`crdb_audit_append_seconds`, `crdb_audit_checkpoints_total`), and shows how many entries wait
    /// (`crdb_audit_waiting`). A log is counted by the first metrics that watch it.
    pub fn watch_audit(&self, log: &AuditLog) {
        if !log.count(self.audit.counted.clone()) {
            return;
        }
        let waiting = log.waiting();
        self.audit
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(waiting));
    }
}
