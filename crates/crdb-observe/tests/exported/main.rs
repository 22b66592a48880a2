//! What arrives at a collector: traces, metrics and logs of all layers, held against OpenTelemetry's own model.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod collector;
#[path = "../door/mod.rs"]
mod door;
mod model;
mod pooled;
#[path = "../../../crdb-exec/benches/call/stub.rs"]
mod stub;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use collector::{Arrived, Collector};
use crdb_auth::{ConnectionString, Connector, Endpoint, RootCertificates, TlsConfig};
use crdb_exec::{ExecutorExt as _, PooledExecutor, Statement, TransactionOptions};
use crdb_observe::otlp::Otlp;
use crdb_observe::{LogLines, Metrics, OpenTelemetry, SCHEMA_URL};
use crdb_pool::Pool;
use crdb_testkit::{Engine, Login};
use crdb_wire::{Batch, Config, CopyFormat, Session};
use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;

/// In every value and literal of these tests. Only one parameter is allowed to show it.
const CANARY: &str = "canary-4711";
const ALLOWED: &str = "allowed-4711";

fn attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes
        .iter()
        .map(|pair| (pair.key.clone(), text(pair.value.as_ref())))
        .collect()
}

fn text(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::DoubleValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(truth)) => truth.to_string(),
        other => panic!("a value of no known type: {other:?}"),
    }
}

fn names(attributes: &BTreeMap<String, String>) -> BTreeSet<String> {
    attributes.keys().cloned().collect()
}

/// All spans that have arrived; those of the layers come with the schema.
fn spans(arrived: &Arrived) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource in arrived.traces.iter().flat_map(|sent| &sent.resource_spans) {
        let about = attributes(&resource.resource.as_ref().unwrap().attributes);
        assert_eq!(about["service.name"], "bank");
        assert_eq!(about["service.version"], "7");
        for scope in &resource.scope_spans {
            if scope.scope.as_ref().unwrap().name == "crdb" {
                assert_eq!(scope.schema_url, SCHEMA_URL);
                spans.extend(scope.spans.iter().cloned());
            }
        }
    }
    spans
}

/// What is wrong with the spans by the model.
fn wrong_spans(spans: &[Span]) -> Vec<String> {
    const CLIENT: i32 = 3;
    const ERROR: i32 = 2;
    let mut wrong = Vec::new();
    for span in spans {
        let given = attributes(&span.attributes);
        let failed = span
            .status
            .as_ref()
            .is_some_and(|status| status.code == ERROR);
        let mut found = if span.kind == CLIENT {
            model::check(&model::SPAN, &model::OWN, &names(&given))
        } else {
            // No call of the database by itself: nothing is required.
            let model = model::SPAN.map(|(name, _)| (name, model::Level::Recommended));
            model::check(&model, &model::OWN, &names(&given))
        };
        if failed != given.contains_key("error.type") {
            found.push("error.type goes with the status".to_owned());
        }
        if given
            .get("db.operation.batch.size")
            .is_some_and(|size| size == "1")
        {
            found.push("a batch of one".to_owned());
        }
        for event in &span.events {
            let model = model::SPAN.map(|(name, _)| (name, model::Level::Recommended));
            let given = names(&attributes(&event.attributes));
            found.extend(model::check(&model, &model::OWN, &given));
        }
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("{}: {what}", span.name)),
        );
    }
    wrong
}

/// What is wrong with the metrics by the model, and the names that were seen.
fn wrong_metrics(arrived: &Arrived) -> (Vec<String>, BTreeSet<String>) {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    let scopes = arrived
        .metrics
        .iter()
        .flat_map(|sent| &sent.resource_metrics)
        .flat_map(|resource| &resource.scope_metrics);
    for metric in scopes.flat_map(|scope| {
        assert_eq!(scope.schema_url, SCHEMA_URL);
        &scope.metrics
    }) {
        seen.insert(metric.name.clone());
        let Some(known) = model::METRICS
            .iter()
            .find(|known| known.name == metric.name)
        else {
            wrong.push(format!("{} is not in the model", metric.name));
            continue;
        };
        let (instrument, points): (_, Vec<_>) = match metric.data.as_ref().unwrap() {
            Data::Histogram(data) => (
                "histogram",
                data.data_points
                    .iter()
                    .map(|point| &point.attributes)
                    .collect(),
            ),
            Data::Sum(data) => (
                if data.is_monotonic {
                    "counter"
                } else {
                    "updowncounter"
                },
                data.data_points
                    .iter()
                    .map(|point| &point.attributes)
                    .collect(),
            ),
            _ => ("another", Vec::new()),
        };
        if (instrument, metric.unit.as_str()) != (known.instrument, known.unit) {
            wrong.push(format!("{}: {instrument} in {}", metric.name, metric.unit));
        }
        for point in points {
            let found = model::check(known.attributes, &[], &names(&attributes(point)));
            wrong.extend(
                found
                    .into_iter()
                    .map(|what| format!("{}: {what}", metric.name)),
            );
        }
    }
    (wrong, seen)
}

fn otlp(collector: &Collector) -> Otlp {
    Otlp::builder("bank")
        .endpoint(collector.endpoint())
        .attribute("service.version", "7")
        .header("authorization", "Bearer of-the-collector")
        .build()
        .unwrap()
}

fn adapter(otlp: &Otlp) -> Arc<OpenTelemetry> {
    let builder = OpenTelemetry::builder()
        .namespace("bank")
        .allow_parameter("accounts.get", 1);
    Arc::new(otlp.adapter(builder))
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found
        .next()
        .unwrap_or_else(|| panic!("no span {name} in {spans:#?}"));
    assert!(found.next().is_none(), "several spans {name}");
    span
}

#[tokio::test]
async fn statements_and_transactions_arrive_as_the_conventions_say() {
    let collector = Collector::start();
    let otlp = otlp(&collector);
    let adapter = adapter(&otlp);
    // Refuses each second statement with 40001.
    let db = PooledExecutor::builder(stub::Stub::refusing(1))
        .observer(adapter.clone())
        .build();
    // The caller's own span stays as it is.
    let tracer = otlp.tracers().tracer("caller");
    let caller = opentelemetry::Context::current_with_span(tracer.start("caller"));
    let caller_id = caller.span().span_context().span_id();
    let calls = async {
        let get =
            Statement::new("SELECT v FROM accounts WHERE a = $1 AND b = $2").named("accounts.get");
        db.fetch_one(get, &[&CANARY, &ALLOWED]).await.unwrap();
        let text = format!("SELECT v FROM owners WHERE name = '{CANARY}'");
        db.fetch_one(text.as_str(), &[]).await.unwrap();
        let never = Statement::new("DELETE FROM gone").retry(crdb_exec::RetrySafety::Never);
        db.execute(never, &[]).await.unwrap_err();
        db.execute("SELECT 1", &[]).await.unwrap();
        let options = TransactionOptions::new().name("transfer");
        let work = db.transact::<_, crdb_exec::Error, _>(&options, async |tx| {
            tx.execute("UPDATE accounts SET v = 1", &[]).await
        });
        work.await.unwrap();
    };
    {
        assert_eq!(crdb_observe::traceparent(), None);
        let attached = caller.clone().attach();
        let parent = crdb_observe::traceparent().unwrap();
        assert!(parent.starts_with("00-") && parent.ends_with(&format!("-{caller_id}-01")));
        drop(attached);
        use opentelemetry::context::FutureExt as _;
        calls.with_context(caller.clone()).await;
    }
    caller.span().end();
    tokio::task::spawn_blocking(move || otlp.shutdown(Duration::from_secs(60)))
        .await
        .unwrap()
        .unwrap();

    let arrived = collector.take();
    assert!(
        arrived
            .authorizations
            .iter()
            .all(|value| value == "Bearer of-the-collector")
            && !arrived.authorizations.is_empty()
    );
    let spans = spans(&arrived);
    assert_eq!(wrong_spans(&spans), [""; 0]);
    let get = named(&spans, "accounts.get");
    assert_eq!(get.parent_span_id, caller_id.to_bytes());
    let given = attributes(&get.attributes);
    assert_eq!(given["db.query.summary"], "accounts.get");
    assert_eq!(given["db.namespace"], "bank");
    assert_eq!(given["db.query.parameter.1"], format!("{ALLOWED:?}"));
    assert_eq!(given["db.response.returned_rows"], "1");
    assert_eq!(given["crdb.attempts"], "2");
    assert_eq!(given["crdb.query.fingerprint"].len(), 16);
    assert_eq!(get.events[0].name, "retry");
    // A statement without a name is named by what it does.
    let unnamed = attributes(&named(&spans, "SELECT owners").attributes);
    assert_eq!(unnamed["db.query.summary"], "SELECT owners");
    let failed = named(&spans, "DELETE gone");
    let given = attributes(&failed.attributes);
    assert_eq!(given["error.type"], "40001");
    assert_eq!(given["db.response.status_code"], "40001");
    // The transaction holds its attempts, and the attempts their statements.
    let transfer = named(&spans, "transfer");
    let updates: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "UPDATE accounts")
        .collect();
    assert!(!updates.is_empty());
    for update in updates {
        let attempt = spans
            .iter()
            .find(|span| span.span_id == update.parent_span_id)
            .unwrap();
        assert_eq!(attempt.name, "attempt");
        assert_eq!(attempt.parent_span_id, transfer.span_id);
    }
    let (wrong, seen) = wrong_metrics(&arrived);
    assert_eq!(wrong, [""; 0]);
    assert!(seen.contains("db.client.operation.duration"), "{seen:?}");
    assert!(
        seen.contains("db.client.response.returned_rows"),
        "{seen:?}"
    );

    // The caller's span has nothing of ours on it, and no value is anywhere.
    let callers: Vec<_> = arrived
        .traces
        .iter()
        .flat_map(|sent| &sent.resource_spans)
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .filter(|span| span.name == "caller")
        .collect();
    assert_eq!(callers.len(), 1);
    assert!(callers[0].attributes.is_empty() && callers[0].events.is_empty());
    let all = format!("{:?} {:?}", arrived.traces, arrived.metrics);
    assert!(!all.contains(CANARY));
    assert!(all.contains(ALLOWED));
}

#[tokio::test]
async fn a_statement_knows_the_server_that_the_pool_lent() {
    let collector = Collector::start();
    let otlp = otlp(&collector);
    let adapter = adapter(&otlp);
    let pool = Pool::builder(door::Door::default())
        .nodes([crdb_pool::NodeAddress::new("a.example", 26258)])
        .observer(adapter.clone())
        .build()
        .unwrap();
    let stubs = stub::Stub::refusing(0);
    let db = PooledExecutor::builder(pooled::Pooled { pool, stubs })
        .observer(adapter)
        .build();
    db.fetch_one("SELECT v FROM alone", &[]).await.unwrap();
    let options = TransactionOptions::new();
    let work = db.transact::<_, crdb_exec::Error, _>(&options, async |tx| {
        tx.fetch_one("SELECT v FROM inside", &[]).await
    });
    work.await.unwrap();
    tokio::task::spawn_blocking(move || otlp.shutdown(Duration::from_secs(60)))
        .await
        .unwrap()
        .unwrap();
    let spans = spans(&collector.take());
    assert_eq!(wrong_spans(&spans), [""; 0]);
    for name in ["SELECT alone", "SELECT inside"] {
        let given = attributes(&named(&spans, name).attributes);
        assert_eq!(given["server.address"], "a.example", "{name}");
        assert_eq!(given["server.port"], "26258", "{name}");
    }
    // The session was waited for inside the statement, and inside the transaction's attempt.
    let alone = named(&spans, "SELECT alone");
    let attempt = named(&spans, "attempt");
    let parents: BTreeSet<_> = spans
        .iter()
        .filter(|span| span.name == "acquire")
        .map(|span| span.parent_span_id.clone())
        .collect();
    let expected = [&alone.span_id, &attempt.span_id];
    assert_eq!(parents, expected.into_iter().cloned().collect());
}

#[tokio::test]
async fn the_pool_arrives_as_the_conventions_say() {
    let collector = Collector::start();
    let otlp = otlp(&collector);
    let adapter = adapter(&otlp);
    let pool = Pool::builder(door::Door::default())
        .nodes([crdb_pool::NodeAddress::new("a.example", 26257)])
        .max_size(1)
        .observer(adapter.clone())
        .build()
        .unwrap();
    let watched = pool.clone();
    adapter.watch_pool(move || Some(watched.status()));
    let lease = pool.acquire().await.unwrap();
    let impatient = tokio::time::timeout(Duration::from_millis(20), pool.acquire());
    assert!(impatient.await.is_err());
    let options = crdb_pool::AcquireOptions {
        deadline: Some(std::time::Instant::now() + Duration::from_millis(20)),
        ..crdb_pool::AcquireOptions::default()
    };
    pool.acquire_with(options).await.unwrap_err();
    drop(lease);
    tokio::task::spawn_blocking(move || otlp.shutdown(Duration::from_secs(60)))
        .await
        .unwrap()
        .unwrap();

    let arrived = collector.take();
    let spans = spans(&arrived);
    assert_eq!(wrong_spans(&spans), [""; 0]);
    let ends: Vec<_> = spans
        .iter()
        .map(|span| {
            let given = attributes(&span.attributes);
            let end = ["server.address", "crdb.outcome", "error.type"];
            end.iter()
                .find_map(|name| given.get(*name).cloned())
                .unwrap()
        })
        .collect();
    assert_eq!(ends, ["a.example", "dropped", "timeout"]);
    let (wrong, seen) = wrong_metrics(&arrived);
    assert_eq!(wrong, [""; 0]);
    for name in [
        "db.client.connection.count",
        "db.client.connection.max",
        "db.client.connection.pending_requests",
        "db.client.connection.create_time",
        "db.client.connection.wait_time",
        "db.client.connection.use_time",
        "db.client.connection.timeouts",
    ] {
        assert!(seen.contains(name), "no {name} in {seen:?}");
    }
}

#[tokio::test]
async fn connects_batches_and_copies_of_a_real_server_arrive() {
    let engine = Engine::shared().await;
    let collector = Collector::start();
    let otlp = otlp(&collector);
    let adapter = adapter(&otlp);
    let builder = match engine.try_login(Login::Scram) {
        Some(login) => crdb_auth::Config::builder()
            .user(login.user())
            .password(login.password()),
        None => engine
            .url(engine.database())
            .parse::<ConnectionString>()
            .unwrap()
            .config(),
    };
    let builder = builder
        .database(engine.database())
        .tls(TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path())))
        .observer(adapter.clone());
    let connector = Connector::new(builder.build().unwrap()).unwrap();
    let endpoint = Endpoint::new(engine.host(), engine.port());
    let stream = connector.open(&endpoint).await.unwrap();
    let absent = Endpoint::new(engine.host(), 1);
    connector.open(&absent).await.unwrap_err();
    let mut session = Session::start_with(stream, Config::default().observer(adapter));
    let mut batch = Batch::new();
    batch
        .push("SELECT 1", &[])
        .push("SELECT $1::TEXT", &[&CANARY]);
    assert!(session.batch(&batch).await.unwrap().is_success());
    session
        .simple("CREATE TEMPORARY TABLE copied (id INT8)")
        .await
        .unwrap();
    let copy = session.copy_in("COPY copied FROM STDIN", CopyFormat::Text);
    let mut copy = copy.await.unwrap();
    copy.send(&(4711_i64,)).await.unwrap();
    copy.finish().await.unwrap();
    tokio::task::spawn_blocking(move || otlp.shutdown(Duration::from_secs(60)))
        .await
        .unwrap()
        .unwrap();

    let arrived = collector.take();
    let spans = spans(&arrived);
    assert_eq!(wrong_spans(&spans), [""; 0]);
    let connects: Vec<_> = spans.iter().filter(|span| span.name == "connect").collect();
    assert_eq!(connects.len(), 2);
    let failed = attributes(&connects[1].attributes);
    assert_eq!(failed["server.port"], "1");
    assert!(failed.contains_key("error.type"), "{failed:?}");
    let batch = attributes(&named(&spans, "BATCH").attributes);
    assert_eq!(batch["db.operation.batch.size"], "2");
    let copy = attributes(&named(&spans, "COPY").attributes);
    assert_eq!(copy["crdb.copy.direction"], "in");
    assert_eq!(named(&spans, "COPY").kind, 3, "CLIENT");
    let (wrong, _) = wrong_metrics(&arrived);
    assert_eq!(wrong, [""; 0]);
    assert!(!format!("{:?}", arrived.traces).contains(CANARY));
}

#[tokio::test]
async fn one_registry_gives_prometheus_text_and_otlp() {
    let collector = Collector::start();
    let mut otlp = otlp(&collector);
    let metrics = Arc::new(Metrics::new());
    metrics.set_build("7", "fingerprint \"quoted\"");
    otlp.export(metrics.clone()).unwrap();
    let db = PooledExecutor::builder(stub::Stub::refusing(1))
        .observer(metrics.clone())
        .build();
    for _ in 0..3 {
        let get = Statement::new("SELECT v FROM accounts").named("accounts.get");
        db.fetch_one(get, &[]).await.unwrap();
    }
    let text = metrics.render();
    tokio::task::spawn_blocking(move || otlp.shutdown(Duration::from_secs(60)))
        .await
        .unwrap()
        .unwrap();
    let arrived = collector.take();
    let sent: Vec<_> = arrived
        .metrics
        .iter()
        .flat_map(|sent| &sent.resource_metrics)
        .flat_map(|resource| {
            let about = attributes(&resource.resource.as_ref().unwrap().attributes);
            assert_eq!(
                (&*about["service.name"], &*about["service.version"]),
                ("bank", "7")
            );
            &resource.scope_metrics
        })
        .filter(|scope| scope.scope.as_ref().unwrap().name == "crdb.registry")
        .flat_map(|scope| &scope.metrics)
        .collect();
    // Every family of the text that has a sample, and no other.
    let families: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|family| text.lines().any(|line| line.starts_with(*family)))
        .collect();
    let names: BTreeSet<_> = sent.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, families);
    let data = |name: &str| {
        let metric = sent.iter().find(|metric| metric.name == name);
        metric.unwrap().data.as_ref().unwrap()
    };
    let Data::Histogram(statements) = data("crdb_exec_statement_seconds") else {
        panic!("no histogram");
    };
    let [point] = statements.data_points.as_slice() else {
        panic!("{statements:?}");
    };
    assert_eq!(attributes(&point.attributes)["query"], "accounts.get");
    assert_eq!(point.count, 3);
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), 3);
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    assert!(text.contains(&format!(
        "crdb_exec_statement_seconds_sum{{query=\"accounts.get\",outcome=\"ok\"}} {}\n",
        point.sum.unwrap()
    )));
    let Data::Sum(retries) = data("crdb_exec_retries") else {
        panic!("no sum");
    };
    assert!(retries.is_monotonic);
    let Data::Gauge(build) = data("crdb_build_info") else {
        panic!("no gauge");
    };
    let build = attributes(&build.data_points[0].attributes);
    assert_eq!(build["configuration"], "fingerprint \"quoted\"");
}

#[tokio::test]
async fn log_lines_arrive_as_records() {
    let collector = Collector::start();
    let otlp = otlp(&collector);
    let lines = LogLines::records(otlp.loggers()).slow_after(Duration::ZERO);
    let db = PooledExecutor::builder(stub::Stub::refusing(1))
        .observer(Arc::new(lines))
        .build();
    let get = Statement::new("SELECT v FROM accounts").named("accounts.get");
    db.fetch_one(get, &[]).await.unwrap();
    tokio::task::spawn_blocking(move || otlp.shutdown(Duration::from_secs(60)))
        .await
        .unwrap()
        .unwrap();
    let arrived = collector.take();
    let records: Vec<_> = arrived
        .logs
        .iter()
        .flat_map(|sent| &sent.resource_logs)
        .flat_map(|resource| &resource.scope_logs)
        .flat_map(|scope| &scope.log_records)
        .map(|record| {
            let given = attributes(&record.attributes);
            (
                record.event_name.clone(),
                record.severity_text.clone(),
                given["query"].clone(),
            )
        })
        .collect();
    let get = "accounts.get".to_owned();
    assert_eq!(
        records,
        [
            ("retry".to_owned(), "INFO".to_owned(), get.clone()),
            ("statement.slow".to_owned(), "WARN".to_owned(), get),
        ]
    );
}

#[test]
fn a_collector_that_is_not_there_is_an_error_of_shutdown_alone() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let otlp = Otlp::builder("bank")
        .endpoint(format!("http://127.0.0.1:{port}"))
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let adapter = adapter(&otlp);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = PooledExecutor::builder(stub::Stub::refusing(0))
            .observer(adapter)
            .build();
        db.fetch_one("SELECT 1", &[]).await.unwrap();
    });
    let failed = otlp.shutdown(Duration::from_secs(60)).unwrap_err();
    assert!(
        failed.to_string().starts_with("sending telemetry"),
        "{failed}"
    );
}
