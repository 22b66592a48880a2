use std::time::SystemTime;

use crdb_migrate::{Ended, MigrationEvent, Observer, StepEvent};
use opentelemetry::trace::{SpanBuilder, SpanKind};
use opentelemetry::{Context, KeyValue};

use super::OpenTelemetry;
use super::span::End;

impl OpenTelemetry {
    /// A span of something that has ended: its beginning follows from how long it took.
    fn ended(&self, name: String, ended: Ended, own: Vec<KeyValue>) {
        let mut attributes = self.common();
        attributes.extend(own);
        let now = SystemTime::now();
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Internal)
            .with_start_time(now.checked_sub(ended.elapsed).unwrap_or(now))
            .with_attributes(attributes);
        let context = self.spans.start(builder, &Context::current());
        let end = End {
            error: ended.failure.map(crdb_migrate::ErrorKind::as_str),
            ..End::DONE
        };
        end.finish(&context, Vec::new());
    }
}

impl Observer for OpenTelemetry {
    fn migration_ended(&self, event: &MigrationEvent<'_>, ended: Ended) {
        let version = KeyValue::new("crdb.migration.version", event.version);
        let name = KeyValue::new("crdb.migration.name", event.name.to_owned());
        self.ended("migration".to_owned(), ended, vec![version, name]);
    }

    fn step_ended(&self, event: &StepEvent<'_>, ended: Ended) {
        let step = i64::try_from(event.step).unwrap_or(i64::MAX);
        let own = vec![
            KeyValue::new("crdb.migration.version", event.version),
            KeyValue::new("crdb.migration.step", step),
        ];
        self.ended("migration step".to_owned(), ended, own);
    }
}
