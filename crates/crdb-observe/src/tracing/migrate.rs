use crdb_migrate::{Ended, MigrationEvent, Observer, StepEvent, WaitEvent};
use tracing::{Level, event};

use super::Tracing;

impl Observer for Tracing {
    fn waiting(&self, waiting: &WaitEvent<'_>) {
        event!(
            target: "crdb::migrate",
            Level::INFO,
            {
            owner = waiting.owner,
            duration = waiting.waited.as_secs_f64(),
            },
            "another runner migrates"
        );
    }

    fn migration_ended(&self, migration: &MigrationEvent<'_>, ended: Ended) {
        if let Some(kind) = ended.failure {
            event!(
                target: "crdb::migrate",
                Level::WARN,
                {
                version = migration.version,
                name = migration.name,
                duration = ended.elapsed.as_secs_f64(),
                "error.type" = kind.as_str(),
                },
                "migration failed"
            );
        } else {
            event!(
                target: "crdb::migrate",
                Level::INFO,
                {
                version = migration.version,
                name = migration.name,
                duration = ended.elapsed.as_secs_f64(),
                },
                "migrated"
            );
        }
    }

    fn step_ended(&self, step: &StepEvent<'_>, ended: Ended) {
        event!(
            target: "crdb::migrate",
            Level::DEBUG,
            {
            version = step.version,
            step = step.step,
            duration = ended.elapsed.as_secs_f64(),
            "error.type" = ended.failure.map(crdb_migrate::ErrorKind::as_str),
            },
            "migration step"
        );
    }
}
