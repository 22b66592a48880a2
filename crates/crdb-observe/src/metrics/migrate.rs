//! Migrations.

use crdb_migrate::{Ended, JobEvent, MigrationEvent, Observer, StepEvent, WaitEvent};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, minutes};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug)]
pub(super) struct MigrateMetrics {
    migration: Family<Outcome, Histogram>,
    step: Family<Outcome, Histogram>,
    waits: Counter,
    version: Gauge,
}

impl MigrateMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let this = Self {
            migration: Family::new_with_constructor(minutes),
            step: Family::new_with_constructor(minutes),
            waits: Counter::default(),
            version: Gauge::default(),
        };
        // There before they count: to Prometheus, a series that begins with 1 has not increased.
        for outcome in ["ok", "failed"] {
            drop(this.migration.get_or_create(&Outcome { outcome }));
            drop(this.step.get_or_create(&Outcome { outcome }));
        }
        registry.register_with_unit(
            "migration",
            "Time of a migration, by outcome",
            Unit::Seconds,
            this.migration.clone(),
        );
        registry.register_with_unit(
            "step",
            "Time of a statement of a migration, by outcome",
            Unit::Seconds,
            this.step.clone(),
        );
        registry.register(
            "waits",
            "Looks at a lease that another runner has",
            this.waits.clone(),
        );
        registry.register(
            "last_version",
            "The migration that this process worked on last; 0 before the first",
            this.version.clone(),
        );
        this
    }
}

fn word(ended: Ended) -> Outcome {
    Outcome {
        outcome: if ended.failure.is_none() {
            "ok"
        } else {
            "failed"
        },
    }
}

impl Observer for Metrics {
    fn waiting(&self, _: &WaitEvent<'_>) {
        self.migrate.waits.inc();
    }

    fn migration_begins(&self, event: &MigrationEvent<'_>) {
        self.migrate.version.set(event.version);
    }

    fn migration_ended(&self, _: &MigrationEvent<'_>, ended: Ended) {
        let migration = self.migrate.migration.get_or_create(&word(ended));
        migration.observe(ended.elapsed.as_secs_f64());
    }

    fn step_begins(&self, _: &StepEvent<'_>) {}

    fn step_ended(&self, _: &StepEvent<'_>, ended: Ended) {
        let step = self.migrate.step.get_or_create(&word(ended));
        step.observe(ended.elapsed.as_secs_f64());
    }

    fn job(&self, _: &JobEvent<'_>) {}
}
