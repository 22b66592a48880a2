//! Batches, COPY and notices.

use crdb_wire::{Outcome, Token};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::label::{Bounded, Value};
use super::{Metrics, seconds};

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

#[derive(Debug)]
pub(super) struct WireMetrics {
    severities: Bounded,
    batch: Family<Batch, Histogram>,
    copy: Family<Copy, Histogram>,
    copied_rows: Family<Direction, Counter>,
    copied_bytes: Family<Direction, Counter>,
    notices: Family<Notice, Counter>,
    ended: Counter,
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
        this
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
