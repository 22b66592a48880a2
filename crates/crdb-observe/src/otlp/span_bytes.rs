//! A finished span as the bytes of OTLP.
//!
//! What `opentelemetry-proto` gives for the same span, without a structure in between: that one has an allocation for each attribute's
//! name and value, and costs more than the span itself.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{Event, Link, SpanContext, SpanId, SpanKind, Status};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::protobuf::{bytes, double, fixed32, fixed64, nested, number, text};

/// The bits of a span's flags that say whether its parent is remote.
const KNOWN_WHETHER_REMOTE: u32 = 0x100;
const REMOTE: u32 = 0x200;

/// Appends `Span`, the message of `opentelemetry/proto/trace/v1/trace.proto`.
pub(super) fn span(out: &mut Vec<u8>, span: &SpanData) {
    let context = &span.span_context;
    bytes(out, 1, &context.trace_id().to_bytes());
    bytes(out, 2, &context.span_id().to_bytes());
    text(out, 3, &context.trace_state().header());
    if span.parent_span_id != SpanId::INVALID {
        bytes(out, 4, &span.parent_span_id.to_bytes());
    }
    text(out, 5, &span.name);
    number(out, 6, kind(&span.span_kind));
    fixed64(out, 7, nanoseconds(span.start_time));
    fixed64(out, 8, nanoseconds(span.end_time));
    attributes(out, 9, &span.attributes);
    number(out, 10, span.dropped_attributes_count.into());
    for one in &*span.events {
        nested(out, 11, |out| event(out, one));
    }
    number(out, 12, span.events.dropped_count.into());
    for one in &*span.links {
        nested(out, 13, |out| link(out, one));
    }
    number(out, 14, span.links.dropped_count.into());
    nested(out, 15, |out| status(out, &span.status));
    fixed32(out, 16, flags(context, span.parent_span_is_remote));
}

/// Appends each attribute as a `KeyValue` of this field.
pub(super) fn attributes<'a>(
    out: &mut Vec<u8>,
    field: u32,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    for attribute in attributes {
        pair(out, field, attribute.key.as_str(), &attribute.value);
    }
}

/// Appends a `KeyValue` of this field.
pub(super) fn pair(out: &mut Vec<u8>, field: u32, key: &str, of: &Value) {
    nested(out, field, |out| {
        text(out, 1, key);
        nested(out, 2, |out| value(out, of));
    });
}

fn kind(kind: &SpanKind) -> u64 {
    match kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

fn event(out: &mut Vec<u8>, event: &Event) {
    fixed64(out, 1, nanoseconds(event.timestamp));
    text(out, 2, &event.name);
    attributes(out, 3, &event.attributes);
    number(out, 4, event.dropped_attributes_count.into());
}

fn link(out: &mut Vec<u8>, link: &Link) {
    let context = &link.span_context;
    bytes(out, 1, &context.trace_id().to_bytes());
    bytes(out, 2, &context.span_id().to_bytes());
    text(out, 3, &context.trace_state().header());
    attributes(out, 4, &link.attributes);
    number(out, 5, link.dropped_attributes_count.into());
    fixed32(out, 6, flags(context, context.is_remote()));
}

fn status(out: &mut Vec<u8>, status: &Status) {
    match status {
        Status::Unset => {}
        Status::Ok => number(out, 3, 1),
        Status::Error { description } => {
            text(out, 2, description);
            number(out, 3, 2);
        }
    }
}

fn flags(context: &SpanContext, is_remote: bool) -> u32 {
    let remoteness = if is_remote { REMOTE } else { 0 };
    u32::from(context.trace_flags().to_u8()) | KNOWN_WHETHER_REMOTE | remoteness
}

/// `AnyValue`: one of its fields, also where that is zero or empty.
fn value(out: &mut Vec<u8>, of: &Value) {
    match of {
        Value::Bool(it) => boolean(out, *it),
        Value::I64(it) => integer(out, *it),
        Value::F64(it) => double(out, 4, *it),
        Value::String(it) => string(out, it.as_str()),
        Value::Array(array) => nested(out, 5, |out| match array {
            Array::Bool(items) => each(out, items, |out, item| boolean(out, *item)),
            Array::I64(items) => each(out, items, |out, item| integer(out, *item)),
            Array::F64(items) => each(out, items, |out, item| double(out, 4, *item)),
            Array::String(items) => each(out, items, |out, item| string(out, item.as_str())),
            // An array of a kind that is newer than this code has no items.
            _ => {}
        }),
        newer => string(out, &newer.as_str()),
    }
}

fn each<T>(out: &mut Vec<u8>, items: &[T], one: impl Fn(&mut Vec<u8>, &T)) {
    for item in items {
        nested(out, 1, |out| one(out, item));
    }
}

fn string(out: &mut Vec<u8>, it: &str) {
    nested(out, 1, |out| out.extend_from_slice(it.as_bytes()));
}

fn boolean(out: &mut Vec<u8>, it: bool) {
    super::protobuf::number_always(out, 2, it.into());
}

fn integer(out: &mut Vec<u8>, it: i64) {
    super::protobuf::number_always(out, 3, it.cast_unsigned());
}

/// Since 1970; 0 before it. Until the year 2554.
fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::borrow::Cow;
    use std::time::Duration;

    use opentelemetry::trace::{TraceFlags, TraceId, TraceState};
    use opentelemetry::{InstrumentationScope, Key, StringValue};
    use opentelemetry_proto::tonic::trace::v1::Span;
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use prost::Message as _;

    use super::*;

    fn texts() -> impl Strategy<Value = String> {
        // Lengths of one, two and three groups of seven bits.
        prop_oneof![
            8 => "\\PC{0,12}",
            2 => "[a-zé]{100,300}",
            1 => (16_000_usize..17_000).prop_map(|length| "x".repeat(length)),
        ]
    }

    fn values() -> impl Strategy<Value = Value> {
        let string = || texts().prop_map(StringValue::from);
        prop_oneof![
            string().prop_map(Value::String),
            any::<i64>().prop_map(Value::I64),
            any::<bool>().prop_map(Value::Bool),
            any::<f64>().prop_map(Value::F64),
            Just(Value::I64(0)),
            Just(Value::F64(0.0)),
            vec(any::<bool>(), 0..4).prop_map(|items| Value::Array(Array::Bool(items))),
            vec(any::<i64>(), 0..4).prop_map(|items| Value::Array(Array::I64(items))),
            vec(any::<f64>(), 0..4).prop_map(|items| Value::Array(Array::F64(items))),
            vec(string(), 0..4).prop_map(|items| Value::Array(Array::String(items))),
        ]
    }

    fn pairs() -> impl Strategy<Value = Vec<KeyValue>> {
        let pair =
            (texts(), values()).prop_map(|(key, value)| KeyValue::new(Key::from(key), value));
        vec(pair, 0..6)
    }

    fn times() -> impl Strategy<Value = SystemTime> {
        let since = (0_u64..10_000_000_000, 0_u32..1_000_000_000);
        prop_oneof![
            4 => since.prop_map(|(seconds, rest)| UNIX_EPOCH + Duration::new(seconds, rest)),
            1 => Just(UNIX_EPOCH),
            1 => Just(UNIX_EPOCH - Duration::from_secs(1)),
        ]
    }

    fn contexts() -> impl Strategy<Value = SpanContext> {
        let state = prop_oneof![
            Just(TraceState::NONE),
            "[a-z]{1,8}"
                .prop_map(|key| TraceState::from_key_value([(key, "1".to_owned())]).unwrap()),
        ];
        let ids = (any::<u128>(), any::<u64>(), any::<u8>(), any::<bool>());
        (ids, state).prop_map(|((trace, span, flags, is_remote), state)| {
            let (trace, span) = (TraceId::from(trace), SpanId::from(span));
            SpanContext::new(trace, span, TraceFlags::new(flags), is_remote, state)
        })
    }

    fn spans() -> impl Strategy<Value = SpanData> {
        let event = (texts(), times(), pairs(), 0_u32..3)
            .prop_map(|(name, at, attributes, dropped)| Event::new(name, at, attributes, dropped));
        let link = (contexts(), pairs(), 0_u32..3)
            .prop_map(|(context, attributes, dropped)| Link::new(context, attributes, dropped));
        let kinds = prop_oneof![
            Just(SpanKind::Client),
            Just(SpanKind::Server),
            Just(SpanKind::Producer),
            Just(SpanKind::Consumer),
            Just(SpanKind::Internal),
        ];
        let statuses = prop_oneof![
            Just(Status::Unset),
            Just(Status::Ok),
            texts().prop_map(Status::error),
        ];
        let inside = (vec(event, 0..3), vec(link, 0..3), pairs());
        let parent = (prop_oneof![Just(0), any::<u64>()], any::<bool>());
        (
            contexts(),
            parent,
            kinds,
            statuses,
            texts(),
            (times(), times()),
            inside,
            0_u32..300,
        )
            .prop_map(
                |(span_context, parent, span_kind, status, name, times, inside, dropped)| {
                    let mut events = SpanEvents::default();
                    let mut links = SpanLinks::default();
                    (events.events, links.links) = (inside.0, inside.1);
                    (events.dropped_count, links.dropped_count) = (dropped, dropped / 2);
                    SpanData {
                        span_context,
                        parent_span_id: SpanId::from(parent.0),
                        parent_span_is_remote: parent.1,
                        span_kind,
                        name: Cow::Owned(name),
                        start_time: times.0,
                        end_time: times.1,
                        attributes: inside.2,
                        dropped_attributes_count: dropped,
                        events,
                        links,
                        status,
                        instrumentation_scope: InstrumentationScope::default(),
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn a_span_has_the_bytes_that_the_generated_code_gives(of in spans()) {
            let mut bytes = Vec::new();
            span(&mut bytes, &of);
            prop_assert_eq!(bytes, Span::from(of).encode_to_vec());
        }
    }
}
