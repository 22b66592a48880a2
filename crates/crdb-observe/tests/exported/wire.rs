//! Connects, batches and COPY of a real server.

use crdb_auth::{ConnectionString, Connector, Endpoint, RootCertificates, TlsConfig};
use crdb_testkit::{Engine, EngineKind, Login};
use crdb_wire::{Batch, Config, CopyFormat, Session};

use crate::arrived::{attributes, named, spans, wrong_metrics, wrong_spans};
use crate::collector::Collector;
use crate::{CANARY, adapter, otlp, shut_down};

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
    if engine.kind() == EngineKind::CockroachDb {
        let allow = "SET experimental_enable_temp_tables = 'on'";
        session.simple(allow).await.unwrap();
    }
    session
        .simple("CREATE TEMPORARY TABLE copied (id INT8)")
        .await
        .unwrap();
    let copy = session.copy_in("COPY copied FROM STDIN", CopyFormat::Text);
    let mut copy = copy.await.unwrap();
    copy.send(&(4711_i64,)).await.unwrap();
    copy.finish().await.unwrap();
    shut_down(otlp).await;

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
