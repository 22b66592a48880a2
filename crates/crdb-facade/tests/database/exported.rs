//! What a collector gets of a database whose configuration names it, held against OpenTelemetry's model.

use std::collections::BTreeSet;
use std::time::Duration;

use crdb_facade::config::keys;
use crdb_facade::{Config, Database};
use crdb_testkit::Engine;

use crate::arrived::{attributes, named, spans, wrong_metrics, wrong_spans};
use crate::collector::{Arrived, Collector};
use crate::config;

/// For hangs only.
const LONG: Duration = Duration::from_secs(60);

async fn open(config: crdb_facade::config::ConfigBuilder, collector: &Collector) -> Database {
    let config: Config = config
        .set(keys::observe::OTLP_ENDPOINT, Some(collector.endpoint()))
        .set(keys::observe::SERVICE_NAME, Some("bank".to_owned()))
        .set(keys::observe::SLOW_AFTER, Duration::ZERO)
        .build()
        .unwrap();
    Database::open(config).await.unwrap()
}

/// The names of the log records.
fn events(arrived: &Arrived) -> BTreeSet<String> {
    arrived
        .logs
        .iter()
        .flat_map(|sent| &sent.resource_logs)
        .flat_map(|resource| &resource.scope_logs)
        .flat_map(|scope| &scope.log_records)
        .map(|record| record.event_name.clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_collector_is_to_get_has_arrived_when_close_returns() {
    let database = Engine::shared_postgres().await.create_database().await;
    let collector = Collector::start();
    let db = open(config(&database), &collector).await;
    db.sql("SELECT 1").fetch_one().await.unwrap();
    db.close(LONG).await.unwrap();
    let arrived = collector.take();
    let spans = spans(&arrived);
    assert_eq!(wrong_spans(&spans), [""; 0]);
    assert_eq!(
        attributes(&named(&spans, "SELECT").attributes)["db.system.name"],
        "postgresql"
    );
    // The conventions' metrics come beside those of the registry.
    let by_convention = Arrived {
        metrics: without_registry(&arrived),
        ..Arrived::default()
    };
    let (wrong, seen) = wrong_metrics(&by_convention);
    assert_eq!(wrong, [""; 0]);
    assert!(seen.contains("db.client.operation.duration"), "{seen:?}");
    assert!(format!("{:?}", arrived.metrics).contains("crdb_exec_statement_seconds"));
    assert!(events(&arrived).contains("statement.slow"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_shown_the_headers_of_a_file() {
    const TOKEN: &str = "Bearer canary-4711";
    let database = Engine::shared_postgres().await.create_database().await;
    let collector = Collector::start();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("headers");
    let given = config(&database).set(keys::observe::OTLP_HEADERS_FILE, Some(file.clone()));
    let write = |text: &str, mode| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
    };
    write(&format!("authorization: {TOKEN}\n"), 0o600);
    let db = open(given.clone(), &collector).await;
    db.sql("SELECT 1").fetch_one().await.unwrap();
    db.close(LONG).await.unwrap();
    let arrived = collector.take();
    let sent = arrived.traces.len() + arrived.metrics.len() + arrived.logs.len();
    assert!(!arrived.traces.is_empty() && !arrived.metrics.is_empty() && !arrived.logs.is_empty());
    assert_eq!(arrived.authorizations, vec![TOKEN; sent]);

    for (text, mode, expected) in [
        (
            "authorization: canary-4711",
            0o644,
            "accessible to others (mode 0644)",
        ),
        ("\ncanary-4711", 0o600, "line 2 is not of the form"),
    ] {
        write(text, mode);
        let config = given
            .clone()
            .set(keys::observe::OTLP_ENDPOINT, Some(collector.endpoint()))
            .build()
            .unwrap();
        let error = Database::open(config).await.unwrap_err();
        assert_eq!(error.kind(), crdb_facade::ErrorKind::Configuration);
        let shown = format!("{error} {error:?}");
        assert!(
            shown.contains("observe.otlp.headers_file") && shown.contains(expected),
            "{shown}"
        );
        assert!(!shown.contains("canary-4711"), "{shown}");
    }
}

fn without_registry(
    arrived: &Arrived,
) -> Vec<opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest> {
    let mut metrics = arrived.metrics.clone();
    for resource in metrics
        .iter_mut()
        .flat_map(|sent| &mut sent.resource_metrics)
    {
        resource.scope_metrics.retain(|scope| {
            scope
                .scope
                .as_ref()
                .is_none_or(|scope| scope.name != "crdb.registry")
        });
    }
    metrics
}

#[cfg(all(feature = "data", feature = "migrate"))]
#[tokio::test(flavor = "multi_thread")]
async fn loads_exports_and_migrations_arrive_as_the_model_says() {
    use crdb_facade::data::{Csv, Destination, Export, Load, Source};
    use crdb_facade::migrate::Migrations;

    let database = Engine::shared_postgres().await.create_database().await;
    let collector = Collector::start();
    let db = open(config(&database), &collector).await;
    let migrations = Migrations::from_embedded(&[
        (
            "0001_people.up.sql",
            "CREATE TABLE people (id INT8 PRIMARY KEY, name TEXT NOT NULL)",
        ),
        (
            "0002_wrong.up.sql",
            "ALTER TABLE absent ADD COLUMN secret TEXT DEFAULT 'canary-4711'",
        ),
    ])
    .unwrap();
    db.migrate(migrations).await.unwrap_err();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("people.csv");
    std::fs::write(&file, "id,name\n1,canary-4711\n2,bob\nx,eve\n").unwrap();
    let load = Load::into_table("people")
        .bad_rows(1)
        .observer(db.data_observer());
    load.run(db.executor(), Source::csv(&file)).await.unwrap();
    let absent = Load::into_table("absent").observer(db.data_observer());
    absent
        .run(db.executor(), Source::csv(&file))
        .await
        .unwrap_err();
    let export = Export::table("people", Csv::postgres()).observer(db.data_observer());
    let target = Destination::File(directory.path().join("out.csv"));
    export.run(db.executor(), target).await.unwrap();
    db.close(LONG).await.unwrap();

    let arrived = collector.take();
    let spans = spans(&arrived);
    assert_eq!(wrong_spans(&spans), [""; 0]);
    assert_eq!(
        attributes(&named(&spans, "export people").attributes)["crdb.data.rows"],
        "2"
    );
    let load = named(&spans, "load people");
    let given = attributes(&load.attributes);
    assert_eq!(given["db.collection.name"], "people");
    assert_eq!(
        (
            &*given["crdb.data.rows"],
            &*given["crdb.data.rejected_rows"]
        ),
        ("2", "1")
    );
    assert!(attributes(&named(&spans, "load absent").attributes).contains_key("error.type"));
    // What a load asks of the database happens within it.
    assert!(spans.iter().any(|span| span.parent_span_id == load.span_id));
    // The runner's own transactions have that name, too.
    let migrations: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "migration")
        .map(|span| attributes(&span.attributes))
        .filter_map(|given| {
            let version = given.get("crdb.migration.version")?.clone();
            Some((version, given.contains_key("error.type")))
        })
        .collect();
    assert_eq!(
        migrations,
        [("1".to_owned(), false), ("2".to_owned(), true)]
    );
    assert!(spans.iter().any(|span| span.name == "migration step"));
    let all = format!(
        "{:?} {:?} {:?}",
        arrived.traces, arrived.metrics, arrived.logs
    );
    assert!(!all.contains("canary-4711"));
}
