//! Loads and exports.

use crdb_data::observer::{End, PartialObserver};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, minutes};
use crate::label::{Bounded, Value};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Run {
    kind: &'static str,
    relation: Value,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Moved {
    kind: &'static str,
    relation: Value,
}

#[derive(Debug)]
pub(super) struct DataMetrics {
    relations: Bounded,
    run: Family<Run, Histogram>,
    rows: Family<Moved, Counter>,
    rejected: Family<Moved, Counter>,
}

impl DataMetrics {
    pub(super) fn new(registry: &mut Registry, limit: usize) -> Self {
        let this = Self {
            relations: Bounded::new(limit),
            run: Family::new_with_constructor(minutes),
            rows: Family::default(),
            rejected: Family::default(),
        };
        registry.register_with_unit(
            "run",
            "Time of a load or an export, by kind, relation and outcome",
            Unit::Seconds,
            this.run.clone(),
        );
        registry.register(
            "rows",
            "Rows that loads and exports have moved, by kind and relation",
            this.rows.clone(),
        );
        registry.register(
            "rejected_rows",
            "Rows that loads found bad, by kind and relation",
            this.rejected.clone(),
        );
        this
    }
}

impl PartialObserver for Metrics {
    fn ended(&self, event: &End<'_>) {
        let kind = event.kind.as_str();
        let relation = self.data.relations.value(event.relation);
        let run = Run {
            kind,
            relation: relation.clone(),
            outcome: event.outcome.as_str(),
        };
        let took = event.elapsed.as_secs_f64();
        self.data.run.get_or_create(&run).observe(took);
        let moved = Moved { kind, relation };
        self.data.rows.get_or_create(&moved).inc_by(event.rows);
        if event.rejected > 0 {
            let rejected = self.data.rejected.get_or_create(&moved);
            rejected.inc_by(event.rejected);
        }
    }
}
