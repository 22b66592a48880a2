//! Batches, COPY, notices and lanes.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crdb_wire::{Outcome, Token};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, seconds};
use crate::label::{Bounded, Value};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Batch {
    atomic: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Copy {
    direction: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Direction {
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Notice {
    severity: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lanes {
    state: &'static str,
}

/// Gives the state of lanes, or nothing once they are gone.
type Watched = Box<dyn Fn() -> Option<crdb_wire::LaneStatus> + Send + Sync>;

pub(super) struct WireMetrics {
    severities: Bounded,
    batch: Family<Batch, Histogram>,
    copy: Family<Copy, Histogram>,
    copied_rows: Family<Direction, Counter>,
    copied_bytes: Family<Direction, Counter>,
    notices: Family<Notice, Counter>,
    ended: Counter,
    lanes: Family<Lanes, Gauge>,
    depth: Gauge,
    statements: Gauge,
    watched: Mutex<Vec<Watched>>,
}

impl WireMetrics {
    pub(super) fn new(registry: &mut Registry, limit: usize) -> Self {
        let this = Self {
            severities: Bounded::new(limit),
            batch: Family::new_with_constructor(seconds),
            copy: Family::new_with_constructor(seconds),
            copied_rows: Family::default(),
            copied_bytes: Family::default(),
            notices: Family::default(),
            ended: Counter::default(),
            lanes: Family::default(),
            depth: Gauge::default(),
            statements: Gauge::default(),
            watched: Mutex::default(),
        };
        registry.register_with_unit(
            "batch",
            "Time of a batch from the call to its answer, by whether it is atomic and outcome",
            Unit::Seconds,
            this.batch.clone(),
        );
        registry.register_with_unit(
            "copy",
            "Time of a COPY from the call to its end, by direction and outcome",
            Unit::Seconds,
            this.copy.clone(),
        );
        registry.register(
            "copied_rows",
            "Rows moved by COPY, by direction",
            this.copied_rows.clone(),
        );
        registry.register_with_unit(
            "copied",
            "Bytes moved by COPY, by direction",
            Unit::Bytes,
            this.copied_bytes.clone(),
        );
        registry.register(
            "notices",
            "Notices and warnings of the server, by severity",
            this.notices.clone(),
        );
        registry.register(
            "connections_ended",
            "Connections that have ended",
            this.ended.clone(),
        );
        registry.register(
            "lanes",
            "Lanes now, by state: open ones take statements, retiring ones end what is under way",
            this.lanes.clone(),
        );
        registry.register(
            "lane_depth",
            "Statements that may be under way on one lane now",
            this.depth.clone(),
        );
        registry.register(
            "lane_statements",
            "Statements that wait for a lane or are under way on one now",
            this.statements.clone(),
        );
        this
    }

    /// Takes what is true now from the lanes themselves.
    pub(super) fn refresh(&self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut states = Vec::new();
        watched.retain(|status| {
            status().is_some_and(|status| {
                states.push(status);
                true
            })
        });
        if states.is_empty() {
            return;
        }
        let count = |of: fn(&crdb_wire::LaneStatus) -> usize| {
            let sum: usize = states.iter().map(of).sum();
            i64::try_from(sum).unwrap_or(i64::MAX)
        };
        for (state, lanes) in [
            ("open", count(|status| status.open)),
            (
                "retiring",
                count(|status| status.lanes.saturating_sub(status.open)),
            ),
        ] {
            self.lanes.get_or_create(&Lanes { state }).set(lanes);
        }
        let depth = states.iter().map(|status| status.depth).max();
        let depth = depth.and_then(|depth| i64::try_from(depth).ok());
        self.depth.set(depth.unwrap_or_default());
        self.statements.set(count(|status| status.statements));
    }
}

impl fmt::Debug for WireMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireMetrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Shows the state of lanes (`crdb_wire_lanes`, `crdb_wire_lane_depth`, ..) whenever the metrics are rendered. `status` gives
    /// `None` once the lanes are gone; it is not asked again then.
    pub fn watch_lanes(
        &self,
        status: impl Fn() -> Option<crdb_wire::LaneStatus> + Send + Sync + 'static,
    ) {
        self.wire
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(status));
    }
}

fn word(outcome: &Outcome<'_>) -> &'static str {
    match outcome {
        Outcome::Done => "ok",
        Outcome::Failed(_) => "failed",
        _ => "dropped",
    }
}

impl crdb_wire::Observer for Metrics {
    fn begin_batch(&self, _: &crdb_wire::BatchBegin<'_>) -> Token {
        None
    }

    fn end_batch(&self, _: Token, event: &crdb_wire::BatchEnd<'_>) {
        let labels = Batch {
            atomic: if event.atomic { "true" } else { "false" },
            outcome: word(&event.outcome),
        };
        self.wire
            .batch
            .get_or_create(&labels)
            .observe(event.elapsed.as_secs_f64());
    }

    fn begin_copy(&self, _: &crdb_wire::CopyBegin<'_>) -> Token {
        None
    }

    fn end_copy(&self, _: Token, event: &crdb_wire::CopyEnd<'_>) {
        let direction = event.direction.as_str();
        let labels = Copy {
            direction,
            outcome: word(&event.outcome),
        };
        self.wire
            .copy
            .get_or_create(&labels)
            .observe(event.elapsed.as_secs_f64());
        let labels = Direction { direction };
        self.wire
            .copied_rows
            .get_or_create(&labels)
            .inc_by(event.rows);
        self.wire
            .copied_bytes
            .get_or_create(&labels)
            .inc_by(event.bytes);
    }

    fn notice(&self, notice: &crdb_wire::ServerError) {
        let severity = self.wire.severities.value(notice.severity());
        self.wire.notices.get_or_create(&Notice { severity }).inc();
    }

    fn notification(&self, _: &crdb_wire::Notification<'_>) {}

    fn ended(&self, _: &crdb_wire::Ended<'_>) {
        self.wire.ended.inc();
    }
}
