//! What a collector gets of requests: spans in the caller's trace, with the statements' spans below them.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use bank_service::{Service, migrations};
use crdb_facade::config::keys;
use crdb_facade::prelude::*;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tower::ServiceExt as _;

use crate::api::no_tables;
use crate::collector::{Arrived, Collector};
use crate::replica::LIMIT;

const SERVER: i32 = 2;
const ERROR: i32 = 2;

/// The service with a collector.
struct Traced {
    service: Service,
    collector: Collector,
}

impl Traced {
    async fn start(url: &str) -> Self {
        let collector = Collector::start();
        let config = Config::builder()
            .set_text("auth.url", url)
            .set(keys::observe::SERVICE_NAME, Some("bank".to_owned()))
            .set(keys::observe::OTLP_ENDPOINT, Some(collector.endpoint()));
        let db = Database::open(config.build().unwrap()).await.unwrap();
        let service = Service::new(db, migrations().unwrap(), None);
        service.migrate().await.unwrap();
        Self { service, collector }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let router: Router = self.service.router();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    /// All spans, once all have been sent.
    async fn spans(self) -> Vec<Span> {
        self.service.close(LIMIT).await.unwrap();
        let Arrived { traces, .. } = self.collector.take();
        let resources = traces.into_iter().flat_map(|sent| sent.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans of a trace.
fn of<'s>(spans: &'s [Span], trace: &str) -> Vec<&'s Span> {
    let is_of = |span: &&Span| hex(&span.trace_id) == trace;
    spans.iter().filter(is_of).collect()
}

#[track_caller]
fn named<'s>(spans: &[&'s Span], name: &str) -> &'s Span {
    let found = spans.iter().find(|span| span.name == name);
    found.unwrap_or_else(|| panic!("there is no {name} in {spans:#?}"))
}

fn attribute(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|pair| pair.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{key} is {other:?}"),
    }
}

fn failed(span: &Span) -> bool {
    let status = span.status.as_ref();
    status.is_some_and(|status| status.code == ERROR)
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_request_and_its_statements_are_in_the_callers_trace(url: String) {
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let traced = Traced::start(&url).await;
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let headers = [("traceparent", parent.as_str()), ("tracestate", "a=1")];
    assert_eq!(traced.get("/accounts/ACC-9", &headers).await, 404);

    let spans = traced.spans().await;
    let spans = of(&spans, trace);
    let request = named(&spans, "GET /accounts/{number}");
    assert_eq!(hex(&request.parent_span_id), "b7ad6b7169203331");
    assert_eq!(
        (request.kind, request.trace_state.as_str()),
        (SERVER, "a=1")
    );
    assert_eq!(
        attribute(request, "http.route").as_deref(),
        Some("/accounts/{number}")
    );
    let status = attribute(request, "http.response.status_code");
    assert_eq!(status.as_deref(), Some("404"));
    assert!(!failed(request), "what the caller did wrong is no failure");
    let statement = named(&spans, "accounts.get");
    assert_eq!(statement.parent_span_id, request.span_id);
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn what_the_caller_says_of_its_trace_is_kept_to(url: String) {
    let traced = Traced::start(&url).await;
    let unsampled = "11111111111111111111111111111111";
    let parent = format!("00-{unsampled}-b7ad6b7169203331-00");
    traced.get("/accounts", &[("traceparent", &parent)]).await;
    // None of these is a parent.
    let zeros = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
    for wrong in ["nonsense", "", zeros] {
        traced.get("/accounts", &[("traceparent", wrong)]).await;
    }
    traced.get("/accounts", &[]).await;

    let spans = traced.spans().await;
    assert!(of(&spans, unsampled).is_empty());
    let requests = spans.iter().filter(|span| span.name == "GET /accounts");
    let requests: Vec<&Span> = requests.collect();
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(request.parent_span_id, [0; 0]);
        let own = of(&spans, &hex(&request.trace_id));
        let statement = named(&own, "accounts.search");
        assert_eq!(statement.parent_span_id, request.span_id);
    }
}

/// Statements of a transaction are below its attempt, which is below the transaction, which is below the request.
#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_transaction_is_below_its_request(url: String) {
    let trace = "22222222222222222222222222222222";
    let traced = Traced::start(&url).await;
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let order = r#"{"source":"ACC-1","target":"ACC-2","amount":1}"#;
    let request = Request::post("/transfers")
        .header("traceparent", &parent)
        .header("content-type", "application/json")
        .body(Body::from(order))
        .unwrap();
    let router = traced.service.router();
    // Neither account is there.
    let status = router.oneshot(request).await.unwrap().status();
    assert!(status.is_client_error(), "{status}");

    let spans = traced.spans().await;
    let spans = of(&spans, trace);
    let request = named(&spans, "POST /transfers");
    let transaction = named(&spans, "transfer");
    assert_eq!(transaction.parent_span_id, request.span_id);
    let attempt = named(&spans, "attempt");
    assert_eq!(attempt.parent_span_id, transaction.span_id);
    let below = spans.iter().filter(|span| span.name.contains('.'));
    let below: Vec<_> = below.map(|span| &span.parent_span_id).collect();
    assert!(
        !below.is_empty() && below.iter().all(|parent| **parent == attempt.span_id),
        "{spans:#?}"
    );
}
