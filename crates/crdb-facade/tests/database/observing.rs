//! What the section `observe` of the configuration shows of a database, without code.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crdb_facade::config::keys;
use crdb_facade::{Config, Database, ErrorKind};
use crdb_testkit::Engine;
use crdb_testkit::{Accept, Cut, FaultProxy};

use crate::config;

/// For hangs only.
const LONG: Duration = Duration::from_secs(60);

/// The status and the body of an answer.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    })
    .await
    .unwrap()
}

/// Asks until readiness is as expected, which takes as long as the last answers count.
async fn until_ready(address: SocketAddr, expected: bool) -> String {
    let asking = async {
        loop {
            let (status, body) = get(address, "/ready").await;
            if (status == 200) == expected {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LONG, asking).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_follows_the_pool_and_metrics_are_served() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let url = database.url().replace(
        &format!("{}:{}", engine.host(), engine.port()),
        &format!("{}:{}", proxy.host(), proxy.port()),
    );
    let config = Config::builder()
        .set_text("auth.url", &url)
        .set(keys::pool::MAX_SIZE, 2_u32)
        .set(keys::pool::FAILURES_TO_OPEN, 1_u32)
        .set_text("observe.endpoint.listen", "0")
        .build()
        .unwrap();
    let db = Database::open(config).await.unwrap();
    let address = db.endpoint_address().unwrap();
    assert!(address.ip().is_loopback());
    until_ready(address, true).await;

    db.sql("SELECT 1").fetch_one().await.unwrap();
    let (status, text) = get(address, "/metrics").await;
    assert_eq!(status, 200);
    for metric in [
        "crdb_exec_statement_seconds_count{query=\"unnamed\",outcome=\"ok\"} 1",
        "crdb_pool_max_sessions 2",
        "crdb_build_info{",
    ] {
        assert!(text.contains(metric), "no {metric} in\n{text}");
    }

    // A full pool works.
    let first = db.pool().acquire().await.unwrap();
    let second = db.pool().acquire().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(get(address, "/ready").await.0, 200);
    drop((first, second));

    // Without a node there is nothing to serve.
    proxy.set_accept(Accept::Refuse).await;
    proxy.cut_now(Cut::Reset);
    let body = until_ready(address, false).await;
    assert!(
        body.contains(r#""name":"database","ready":false"#),
        "{body}"
    );
    assert_eq!(get(address, "/health").await.0, 200);
    proxy.heal().await;
    until_ready(address, true).await;

    // Unready first, while the rest goes on.
    db.readiness().drain();
    let (status, body) = get(address, "/ready").await;
    assert_eq!(status, 503);
    assert!(body.contains("about to stop"), "{body}");
    db.sql("SELECT 1").fetch_one().await.unwrap();
    db.close(LONG).await.unwrap();
    assert_eq!(get(address, "/ready").await.0, 503);
}

#[cfg(feature = "profile")]
#[tokio::test(flavor = "multi_thread")]
async fn the_profile_is_served_as_json_and_as_text() {
    use crdb_facade::observe::profile::ProfileReport;

    let database = Engine::shared_postgres().await.create_database().await;
    let config = config(&database)
        .set_text("observe.endpoint.listen", "0")
        .set(keys::observe::PROFILE, true)
        .build()
        .unwrap();
    let db = Database::open(config).await.unwrap();
    let address = db.endpoint_address().unwrap();
    for _ in 0..3 {
        db.sql("SELECT 1").fetch_one().await.unwrap();
    }
    let (status, json) = get(address, "/profile").await;
    assert_eq!(status, 200);
    let report = ProfileReport::from_json(&json).unwrap();
    assert_eq!(report.version, 1);
    assert_eq!(report.statements.first().unwrap().calls, 3);
    let (status, text) = get(address, "/profile?format=text").await;
    assert_eq!(status, 200);
    assert!(text.contains("SELECT") && !text.starts_with('{'), "{text}");
}

#[cfg(all(feature = "data", feature = "migrate"))]
#[tokio::test]
async fn migrations_and_loads_are_counted() {
    use crdb_facade::data::{Load, Source};
    use crdb_facade::migrate::Migrations;

    let database = Engine::shared_postgres().await.create_database().await;
    let db = Database::open(config(&database).build().unwrap())
        .await
        .unwrap();
    let migrations = Migrations::from_embedded(&[(
        "0001_people.up.sql",
        "CREATE TABLE people (id INT8 PRIMARY KEY, name TEXT NOT NULL)",
    )])
    .unwrap();
    db.migrate(migrations).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("people.csv");
    std::fs::write(&file, "id,name\n1,ann\n2,bob\nx,eve\n").unwrap();
    let load = Load::into_table("people")
        .bad_rows(1)
        .observer(db.data_observer());
    load.run(db.executor(), Source::csv(&file)).await.unwrap();
    let absent = Load::into_table("absent").observer(db.data_observer());
    absent
        .run(db.executor(), Source::csv(&file))
        .await
        .unwrap_err();

    let text = db.metrics().render();
    for line in [
        "crdb_migrate_migration_seconds_count{outcome=\"ok\"} 1",
        "crdb_migrate_migration_seconds_count{outcome=\"failed\"} 0",
        "crdb_migrate_last_version 1",
        "crdb_data_run_seconds_count{kind=\"load\",relation=\"people\",outcome=\"ok\"} 1",
        "crdb_data_run_seconds_count{kind=\"load\",relation=\"absent\",outcome=\"failed\"} 1",
        "crdb_data_rows_total{kind=\"load\",relation=\"people\"} 2",
        "crdb_data_rejected_rows_total{kind=\"load\",relation=\"people\"} 1",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}

/// 500 values and `other`, whatever a service names its queries.
#[tokio::test]
async fn labels_have_a_bounded_number_of_values() {
    use crdb_facade::exec::{ExecutorExt as _, Statement};

    let database = Engine::shared_postgres().await.create_database().await;
    let config = config(&database);
    #[cfg(feature = "profile")]
    let config = config.set(keys::observe::PROFILE, true);
    let db = Database::open(config.build().unwrap()).await.unwrap();
    for number in 0..550 {
        let name = format!("query.{number}");
        let statement = Statement::new("SELECT 1").named(&name);
        db.executor().fetch_one(statement, &[]).await.unwrap();
    }
    let text = db.metrics().render();
    let of = |query: &str| {
        let series = format!("crdb_exec_statement_seconds_count{{query=\"{query}");
        text.lines()
            .filter(|line| line.starts_with(&series))
            .count()
    };
    assert_eq!((of(""), of("query."), of("other")), (501, 500, 1));
    assert!(
        text.contains("crdb_exec_rows_total{query=\"other\"} 50"),
        "{text}"
    );
    #[cfg(feature = "profile")]
    {
        let report = db.profile().unwrap().report();
        assert_eq!(report.statements.len(), 501);
        let other = report
            .statements
            .iter()
            .find(|one| one.name.as_deref() == Some("other"));
        assert_eq!(other.unwrap().calls, 50);
    }
}

#[tokio::test]
async fn a_port_in_use_is_a_mistake_of_the_configuration() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let config = Config::builder()
        .set_text("auth.user", "a")
        .set(keys::observe::ENDPOINT_LISTEN, Some(address))
        .build()
        .unwrap();
    let error = Database::open(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    let message = error.to_string();
    assert!(
        message.starts_with("observe.endpoint.listen: "),
        "{message}"
    );
    assert!(message.contains("choose another port"), "{message}");
}
