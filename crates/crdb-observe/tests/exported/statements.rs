//! Statements and transactions: spans, metrics, and the server that the pool lent.

use crdb_exec::{ExecutorExt as _, PooledExecutor, Statement, TransactionOptions};
use crdb_pool::Pool;
use opentelemetry::trace::{TraceContextExt as _, Tracer as _, TracerProvider as _};

use crate::arrived::{attributes, named, spans, wrong_metrics, wrong_spans};
use crate::collector::Collector;
use crate::{ALLOWED, CANARY, adapter, door, otlp, pooled, shut_down, stub};

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
    shut_down(otlp).await;

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
    shut_down(otlp).await;
    let spans = spans(&collector.take());
    assert_eq!(wrong_spans(&spans), [""; 0]);
    for name in ["SELECT alone", "SELECT inside"] {
        let given = attributes(&named(&spans, name).attributes);
        assert_eq!(given["server.address"], "a.example", "{name}");
        assert_eq!(given["server.port"], "26258", "{name}");
    }
    // The session was opened for the statement, and was there for the transaction.
    let alone = named(&spans, "SELECT alone");
    let parents: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "acquire")
        .map(|span| &span.parent_span_id)
        .collect();
    assert_eq!(parents, [&alone.span_id]);
}

#[tokio::test]
async fn a_part_of_the_traces_is_sent_and_those_that_a_caller_sampled() {
    use opentelemetry::context::FutureExt as _;
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

    let collector = Collector::start();
    let otlp = crdb_observe::otlp::Otlp::builder("bank")
        .endpoint(collector.endpoint())
        .sample_ratio(0.0)
        .build()
        .unwrap();
    let adapter = adapter(&otlp);
    let db = PooledExecutor::builder(stub::Stub::refusing(0))
        .observer(adapter)
        .build();
    db.execute("SELECT v FROM begins", &[]).await.unwrap();
    for (name, flags) in [
        ("left", TraceFlags::default()),
        ("sampled", TraceFlags::SAMPLED),
    ] {
        let caller = SpanContext::new(
            TraceId::from_bytes([7; 16]),
            SpanId::from_bytes([7; 8]),
            flags,
            true,
            TraceState::default(),
        );
        let caller = opentelemetry::Context::new().with_remote_span_context(caller);
        let text = format!("SELECT v FROM {name}");
        let call = db.execute(text.as_str(), &[]);
        call.with_context(caller).await.unwrap();
    }
    shut_down(otlp).await;
    let arrived = collector.take();
    let spans = spans(&arrived);
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["SELECT sampled"]);
    assert!(format!("{:?}", arrived.metrics).contains("SELECT begins"));
}
