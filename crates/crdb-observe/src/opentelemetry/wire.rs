use opentelemetry::trace::SpanKind;
use opentelemetry::{Context, KeyValue};

use crdb_wire::{Outcome, Token};

use super::span::{End, Place, begin};
use super::{OpenTelemetry, kept};

impl<'a> From<&Outcome<'a>> for End<'a> {
    fn from(outcome: &Outcome<'a>) -> Self {
        match outcome {
            Outcome::Done => End::DONE,
            Outcome::Failed(failure) => End {
                error: Some(failure.kind.as_str()),
                status_code: failure.sqlstate,
                dropped: false,
            },
            _ => End::DROPPED,
        }
    }
}

impl OpenTelemetry {
    fn begin_named(&self, name: &'static str, own: impl IntoIterator<Item = KeyValue>) -> Token {
        let mut attributes = self.common();
        attributes.push(KeyValue::new("db.operation.name", name));
        attributes.extend(own);
        begin(&*self.spans, name.to_owned(), SpanKind::Client, attributes)
    }

    /// Records the duration of an operation and ends its span.
    fn end_named(
        &self,
        name: &'static str,
        context: &Context,
        end: &End<'_>,
        took: std::time::Duration,
        own: Vec<KeyValue>,
    ) {
        let place = context
            .get::<Place>()
            .into_iter()
            .flat_map(Place::attributes);
        let mut attributes = self.common();
        attributes.push(KeyValue::new("db.operation.name", name));
        attributes.extend(place);
        attributes.extend(end.attributes());
        self.meters.operation(took, &attributes);
        end.finish(context, own);
    }
}

impl crdb_wire::Observer for OpenTelemetry {
    fn begin_batch(&self, event: &crdb_wire::BatchBegin<'_>) -> Token {
        // The conventions: a batch has two or more operations.
        let size = (event.statements > 1).then(|| {
            let statements = i64::try_from(event.statements).unwrap_or(i64::MAX);
            KeyValue::new("db.operation.batch.size", statements)
        });
        let atomic = KeyValue::new("crdb.batch.atomic", event.atomic);
        self.begin_named("BATCH", size.into_iter().chain([atomic]))
    }

    fn end_batch(&self, token: Token, event: &crdb_wire::BatchEnd<'_>) {
        if let Some(context) = kept(&token) {
            let end = End::from(&event.outcome);
            self.end_named("BATCH", context, &end, event.elapsed, Vec::new());
        }
    }

    fn begin_copy(&self, event: &crdb_wire::CopyBegin<'_>) -> Token {
        let direction = KeyValue::new("crdb.copy.direction", event.direction.as_str());
        self.begin_named("COPY", [direction])
    }

    fn end_copy(&self, token: Token, event: &crdb_wire::CopyEnd<'_>) {
        if let Some(context) = kept(&token) {
            let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let mut own = vec![KeyValue::new("crdb.copy.bytes", count(event.bytes))];
            if event.direction == crdb_wire::CopyDirection::Out {
                own.push(KeyValue::new(
                    "db.response.returned_rows",
                    count(event.rows),
                ));
            }
            let end = End::from(&event.outcome);
            self.end_named("COPY", context, &end, event.elapsed, own);
        }
    }

    /// A notice's message may hold values.
    fn notice(&self, _: &crdb_wire::ServerError) {}

    fn notification(&self, _: &crdb_wire::Notification<'_>) {}

    fn ended(&self, _: &crdb_wire::Ended<'_>) {}
}
