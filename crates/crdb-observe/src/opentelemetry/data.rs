use crdb_data::observer::{Begin, End, Observer, Outcome, Token};
use opentelemetry::KeyValue;
use opentelemetry::trace::SpanKind;

use super::span::{self, begin};
use super::{OpenTelemetry, kept};

impl From<&Outcome> for span::End<'static> {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::DONE,
            Outcome::Failed(kind) => Self {
                error: Some(kind.as_str()),
                ..Self::DONE
            },
            _ => Self::DROPPED,
        }
    }
}

impl Observer for OpenTelemetry {
    fn begin(&self, event: &Begin<'_>) -> Token {
        let mut attributes = self.common();
        attributes.push(KeyValue::new(
            "db.collection.name",
            event.relation.to_owned(),
        ));
        // The statements within are the client's calls of the database.
        let name = format!("{} {}", event.kind.as_str(), event.relation);
        begin(&*self.spans, name, SpanKind::Internal, attributes)
    }

    fn end(&self, token: Token, event: &End<'_>) {
        let Some(context) = kept(&token) else { return };
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let own = vec![
            KeyValue::new("crdb.data.rows", count(event.rows)),
            KeyValue::new("crdb.data.rejected_rows", count(event.rejected)),
        ];
        span::End::from(&event.outcome).finish(context, own);
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        let _entered = kept(token).map(|context| context.clone().attach());
        step();
    }
}
