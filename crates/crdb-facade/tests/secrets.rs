//! A canary for a password: it must not appear in anything that the stack prints, at the most talkative level.
//!
//! A test binary of its own, because it takes the process's subscriber.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::io;
use std::sync::{Arc, Mutex};

use crdb_facade::config::{Config, Node, keys};
use crdb_facade::sql::Repository;
use crdb_facade::{Database, ExecutorExt, Row};
use crdb_testkit::Engine;
use tracing_subscriber::filter::LevelFilter;

const CANARY: &str = "canary-6f1d-in-the-password";
const VALUE: &str = "canary-93ab-in-a-parameter";

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_printed_at_trace_level() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let user = database.name().replace("crdb_testkit", "canary");
    engine
        .execute(&format!("CREATE USER {user} WITH PASSWORD '{CANARY}'"))
        .await
        .unwrap();
    // From here on: what the testkit itself does to make the user is not the subject.
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();

    let with_password = |password: &str| {
        let builder = Config::builder()
            .set(keys::auth::NODES, [Node::new(engine.host(), engine.port())])
            .set(keys::auth::USER, user.as_str())
            .set(keys::auth::PASSWORD, Some(password.into()))
            .set(keys::auth::DATABASE, database.name());
        let builder = match engine.try_ca_cert_path() {
            Some(path) => builder.set(keys::auth::TLS_ROOT_CERTIFICATES, [path.to_owned()]),
            None => builder.set(keys::auth::TLS_MODE, crdb_facade::auth::SslMode::Disable),
        };
        builder.build().unwrap()
    };

    let config = with_password(CANARY);
    let builder = Database::builder(config.clone());
    let shown = format!("{config:?} {} {builder:?}", config.explain());
    let echo = "-- name: echo :one\nSELECT :value::TEXT AS value;\n";
    let repository = Repository::from_embedded(&[("values.sql", echo)]).unwrap();
    let db = builder.repository(repository).open().await.unwrap();
    let query = db.query("values.echo").bind("value", &VALUE);
    assert!(!format!("{query:?}").contains(VALUE));
    query.fetch_one().await.unwrap();
    let row = db.fetch_one("SELECT $1::TEXT", &[&VALUE]).await.unwrap();
    assert_eq!(row.get::<String>(0).unwrap(), VALUE);
    db.transact(async |tx| tx.fetch_one("SELECT $1::TEXT", &[&VALUE]).await)
        .await
        .unwrap();
    let failed = db
        .fetch_one("SELECT $1::TEXT::INT8", &[&"no number"])
        .await
        .unwrap_err();
    let lease = db.pool().acquire().await.unwrap();
    let shown = format!(
        "{shown} {db:?} {:?} {:?} {} {lease:?} {:?} {:?} {failed} {failed:?}",
        db.pool(),
        db.executor(),
        db.metrics().render(),
        db.config(),
        lease.handle(),
    );
    drop(lease);
    // A login that fails handles the password, too.
    let wrong = format!("{CANARY}-wrong");
    let error = Database::open(with_password(&wrong)).await.unwrap_err();
    let shown = format!("{shown} {error} {error:?} {error:#?}");

    let log = log.text();
    // The log is real: it has the executor's statements and the driver's own words.
    for expected in [
        "crdb::exec",
        "crdb::auth",
        "crdb::pool",
        "connecting failed",
        "tokio_postgres",
    ] {
        assert!(log.contains(expected), "{expected} is not in the log");
    }
    // A named call has a span of its own, with OpenTelemetry's names, that its events are in and that knows its result.
    let span = r#"db.call{otel.name="values.echo" otel.kind="client" db.system.name="#;
    assert!(log.contains(span), "no span of the call");
    assert!(
        log.contains("db.response.returned_rows=1"),
        "the span does not know the rows"
    );
    for text in [&shown, &log] {
        let at = text.find(CANARY);
        assert!(
            at.is_none(),
            "{}",
            &text[at.unwrap_or(0).saturating_sub(200)..]
        );
    }
    // Values: never in what this workspace logs. The driver logs them itself, at debug level, under its own target.
    let ours = log.lines().filter(|line| !line.contains("tokio_postgres"));
    for line in ours.chain(shown.lines()) {
        assert!(!line.contains(VALUE), "{line}");
    }
    println!("row R12: done 2 canaries");
}
