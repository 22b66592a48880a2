//! A canary for a password: it must not appear in anything that the stack prints, at the most talkative level.
//!
//! A test binary of its own, because it takes the process's subscriber.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(all(feature = "audit", feature = "otlp", feature = "profile"))]
#[path = "../../crdb-observe/tests/exported/collector.rs"]
mod collector;

use std::io;
use std::sync::{Arc, Mutex};

use crdb_facade::config::{Config, Node, keys};
use crdb_facade::sql::Repository;
use crdb_facade::{Database, Row};
use crdb_testkit::{Authority, Database as TestDatabase, Engine};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

const CANARY: &str = "canary-6f1d-in-the-password";
/// The halves of passwords that have a character between them which is special somewhere.
const HALVES: [&str; 2] = ["canary-4c19-head", "canary-91c4-tail"];
const SPECIAL: [char; 11] = ['-', '/', '@', ':', '?', '#', '%', ' ', '\'', '"', '\\'];
const VALUE: &str = "canary-93ab-in-a-parameter";
/// What the collector is shown.
const HEADER: &str = "canary-27e5-for-the-collector";
/// The key of the audit log's chain.
const AUDIT_KEY: &str = "canary-b803-key-of-the-audit-log";

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
    let mut special_users = Vec::new();
    for (index, special) in SPECIAL.into_iter().enumerate() {
        let (user, password) = (format!("{user}_{index}"), HALVES.join(&special.to_string()));
        let quoted = password.replace('\'', "''");
        engine
            .execute(&format!("CREATE USER {user} WITH PASSWORD '{quoted}'"))
            .await
            .unwrap();
        special_users.push((user, password));
    }
    // From here on: what the testkit itself does to make the user is not the subject.
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();

    let with_password = |password: &str| {
        let builder = config_builder(engine, &database, &user, password);
        builder.build().unwrap()
    };

    let config = with_password(CANARY);
    let builder = Database::builder(config.clone());
    let shown = format!("{config:?} {} {builder:?}", config.explain());
    let echo = "-- name: echo :one\nSELECT :value::TEXT AS value;\n";
    let repository = Repository::from_embedded(&[("values.sql", echo)]).unwrap();
    let builder = builder.repository(repository);
    #[cfg(feature = "log")]
    let builder = {
        let lines = crdb_facade::observe::LogLines::json(log.clone());
        builder.observer(&Arc::new(lines.slow_after(std::time::Duration::ZERO)))
    };
    let db = builder.open().await.unwrap();
    let query = db.query("values.echo").bind("value", VALUE);
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
        lease.wire(),
    );
    drop(lease);
    // A login that fails handles the password, too.
    let wrong = format!("{CANARY}-wrong");
    let error = Database::open(with_password(&wrong)).await.unwrap_err();
    let shown = format!("{shown} {error} {error:?} {error:#?}");

    let mut shown = shown;
    for (user, password) in &special_users {
        shown.push_str(&unescaped(engine, &database, user, password).await);
    }
    let (said, key) = malformed(engine, &database, &user).await;
    shown.push_str(&said);
    #[cfg(all(feature = "audit", feature = "otlp", feature = "profile"))]
    shown.push_str(&observed(config_builder(engine, &database, &user, CANARY)).await);

    let log = log.text();
    assert!(
        log.lines()
            .any(|line| line.contains("crdb::facade") && line.contains("opened engine=PostgreSQL")),
        "what was opened is said at INFO: {log}"
    );
    // The log is real: it has the words of every layer.
    for expected in [
        "crdb::exec",
        "crdb::auth",
        "crdb::pool",
        "connecting failed",
    ] {
        assert!(log.contains(expected), "{expected} is not in the log");
    }
    #[cfg(feature = "log")]
    for line in [
        r#""event":"statement.slow""#,
        r#""query":"values.echo""#,
        r#""event":"transaction.slow""#,
    ] {
        assert!(log.contains(line), "no line with {line}");
    }
    let build = format!("configuration=\"{}\"", config.fingerprint());
    assert!(shown.contains("crdb_build_info{") && shown.contains(&build));
    // A call has a span of its own, with OpenTelemetry's names, that knows its result.
    let span = r#"statement{otel.name="values.echo" otel.kind="client" db.system.name="#;
    assert!(log.contains(span), "no span of the call");
    assert!(
        log.contains("db.response.returned_rows=1"),
        "the span does not know the rows"
    );
    for text in [&shown, &log] {
        let passwords = [CANARY, HALVES[0], HALVES[1], HEADER, AUDIT_KEY].map(str::to_owned);
        for secret in passwords.iter().chain(&key) {
            let at = text.find(secret.as_str());
            assert!(
                at.is_none(),
                "{}",
                &text[text.floor_char_boundary(at.unwrap_or(0).saturating_sub(200))..]
            );
        }
    }
    // Values: never in what this workspace logs. The driver logs them itself, at debug level, under its own target.
    let ours = log.lines().filter(|line| !line.contains("tokio_postgres"));
    for line in ours.chain(shown.lines()) {
        assert!(!line.contains(VALUE), "{line}");
    }
    println!("row R12: done {} canaries", 2 + special_users.len());
}

/// A configuration that logs in with this password.
fn config_builder(
    engine: &Engine,
    database: &TestDatabase,
    user: &str,
    password: &str,
) -> crdb_facade::config::ConfigBuilder {
    let builder = Config::builder()
        .set(keys::auth::NODES, [Node::new(engine.host(), engine.port())])
        .set(keys::auth::USER, user)
        .set(keys::auth::PASSWORD, Some(password.into()))
        .set(keys::auth::DATABASE, database.name());
    match engine.try_ca_cert_path() {
        Some(path) => builder.set(keys::auth::TLS_ROOT_CERTIFICATES, [path.to_owned()]),
        None => builder.set(keys::auth::TLS_MODE, crdb_facade::auth::SslMode::Disable),
    }
}

/// Has everything recorded: spans, metrics and log records for a collector that asks for a header, a profile with plans that were asked for with
/// the values of calls, and an audit log. Gives all that came of it.
#[cfg(all(feature = "audit", feature = "otlp", feature = "profile"))]
async fn observed(builder: crdb_facade::config::ConfigBuilder) -> String {
    use std::time::Duration;

    use crdb_facade::observe::audit::{AuditConfig, AuditLog, MacKey, Outcome, Record, Signer};

    /// For hangs only.
    const LONG: Duration = Duration::from_secs(60);

    let directory = tempfile::tempdir().unwrap();
    let headers = directory.path().join("headers");
    std::fs::write(&headers, format!("authorization: Bearer {HEADER}\n")).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&headers, private).unwrap();
    let collector = collector::Collector::start();
    let config = builder
        .set(keys::observe::OTLP_ENDPOINT, Some(collector.endpoint()))
        .set(keys::observe::OTLP_HEADERS_FILE, Some(headers))
        .set(keys::observe::PROFILE, true)
        .set(keys::observe::SLOW_AFTER, Duration::ZERO)
        .set(keys::observe::INSPECT_PLANS, true)
        .set(keys::observe::INSPECT_WINDOW, Duration::from_millis(1))
        .set(keys::observe::INSPECT_ANALYZE_EVERY, 1_u32)
        .build()
        .unwrap();
    let mut shown = format!("{config:?} {}", config.explain());
    let db = Database::open(config).await.unwrap();

    let key = MacKey::new(AUDIT_KEY.as_bytes()).unwrap();
    let signer = Signer::from_seed("canary.example/audit", &[7; 32]).unwrap();
    let audit = AuditConfig::new(directory.path().join("audit"), key, signer);
    shown.push_str(&format!("{audit:?}"));
    let audit = AuditLog::open(audit).unwrap();
    db.metrics().watch_audit(&audit);
    let explained = async {
        loop {
            let found = db
                .sql("SELECT datname FROM pg_database WHERE datname = :name")
                .bind("name", VALUE)
                .fetch_all();
            let rows = found.await.unwrap().len() as u64;
            let record = Record::new("teller", Outcome::Done)
                .query("databases")
                .rows(rows);
            audit.append(record).await.unwrap();
            let report = db.profile().unwrap().report();
            if report.statements.iter().any(|one| !one.plans.is_empty()) {
                return report;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let report = tokio::time::timeout(LONG, explained)
        .await
        .expect("no statement was explained");
    shown.push_str(&format!("{report} {} {report:?}", report.to_json()));
    shown.push_str(&format!("{} {audit:?}", db.metrics().render()));
    audit.close().await.unwrap();
    for file in std::fs::read_dir(directory.path().join("audit")).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        shown.push_str(&String::from_utf8_lossy(&content));
    }
    db.close(LONG).await.unwrap();
    let arrived = collector.take();
    // It was shown the header, and got every signal.
    assert!(
        arrived
            .authorizations
            .iter()
            .all(|shown| shown.contains(HEADER))
    );
    assert!(!arrived.traces.is_empty() && !arrived.metrics.is_empty() && !arrived.logs.is_empty());
    shown.push_str(&format!("{:?}", arrived.traces));
    shown.push_str(&format!("{:?}", arrived.metrics));
    shown.push_str(&format!("{:?}", arrived.logs));
    shown
}

/// Opens the database by every form of connection string that a password gets into without being escaped, and as a
/// value, which must work. Gives all that is said.
async fn unescaped(engine: &Engine, database: &TestDatabase, user: &str, password: &str) -> String {
    let (host, port, name) = (engine.host(), engine.port(), database.name());
    let root = engine
        .try_ca_cert_path()
        .map_or("sslmode=disable".to_owned(), |path| {
            format!("sslrootcert={}", path.display())
        });
    let mut shown = String::new();
    for url in [
        format!("postgresql://{user}:{password}@{host}:{port}/{name}?{root}"),
        format!("cockroachdb://{user}:{password}@{host}:{port}/{name}?{root}"),
        format!("postgresql://{user}@{host}:{port}/{name}?password={password}&{root}"),
        format!("postgresql://{user}:{password}@{host}:{port}/{name}?sslmode={password}"),
        format!(" postgresql://{user}:{password}@{host}:{port}/{name}?{root}"),
        format!("{user}:{password}@{host}:{port}/{name}"),
        format!("host={host} port={port} user={user} dbname={name} password={password} {root}"),
        format!("host={host} port={port} user={user} dbname={name} password='{password}' {root}"),
    ] {
        let config = Config::builder().set(keys::auth::URL, Some(url.as_str().into()));
        match config.build() {
            Err(error) => shown.push_str(&format!("{error} {error:?} {error:#?}")),
            Ok(config) => {
                shown.push_str(&format!("{config:?} {}", config.explain()));
                match Database::open(config).await {
                    Err(error) => shown.push_str(&format!("{error} {error:?} {error:#?}")),
                    Ok(db) => shown.push_str(&format!("{db:?} {}", db.metrics().render())),
                }
            }
        }
    }
    let escaped: String = password
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let url = format!("postgresql://{user}:{escaped}@{host}:{port}/{name}?{root}");
    let config = Config::builder().set(keys::auth::URL, Some(url.as_str().into()));
    Database::open(config.build().unwrap()).await.unwrap();
    shown
}

/// Opens the database with client keys, tokens and keytabs that are cut, joined or malformed. Gives all that is said, and
/// the pieces of the key that must not be in it, as text and as another library's `Debug` prints bytes.
async fn malformed(engine: &Engine, database: &TestDatabase, user: &str) -> (String, Vec<String>) {
    let identity = Authority::new("an authority")
        .unwrap()
        .client(user)
        .unwrap();
    let (certificate, key) = (identity.certificate_pem(), identity.key_pem());
    let body: String = key.lines().filter(|line| !line.contains("-----")).collect();
    let half = &key[..key.len() / 2];
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        path
    };
    let base = || {
        let builder = Config::builder()
            .set(keys::auth::NODES, [Node::new(engine.host(), engine.port())])
            .set(keys::auth::USER, user)
            .set(keys::auth::DATABASE, database.name());
        match engine.try_ca_cert_path() {
            Some(path) => builder.set(keys::auth::TLS_ROOT_CERTIFICATES, [path.to_owned()]),
            None => builder.set(keys::auth::TLS_MODE, crdb_facade::auth::SslMode::Disable),
        }
    };
    let mut shown = String::new();
    let mut attempts = Vec::new();
    for (certificate, bad) in [
        (certificate.to_owned(), key.replace('\n', "")),
        (certificate.to_owned(), key.replace('\n', "\\n")),
        (certificate.to_owned(), half.to_owned()),
        (certificate.to_owned(), format!("{half}{key}")),
        (
            certificate.to_owned(),
            key.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        ),
        (key.to_owned(), certificate.to_owned()),
        (key.replace('\n', ""), key.replace('\n', "")),
    ] {
        let name = attempts.len();
        attempts.push(
            base()
                .set(
                    keys::auth::TLS_CLIENT_CERTIFICATE,
                    Some(write(&format!("{name}.crt"), &certificate)),
                )
                .set(
                    keys::auth::TLS_CLIENT_KEY,
                    Some(write(&format!("{name}.key"), &bad)),
                ),
        );
        // A key in the place of the roots.
        let roots = write(&format!("{name}.roots"), &bad);
        attempts.push(base().set(keys::auth::TLS_ROOT_CERTIFICATES, [roots]));
    }
    for token in [
        format!("e30.{CANARY}"),
        format!("e30.{CANARY}.{CANARY}e30.{CANARY}.{CANARY}"),
    ] {
        attempts.push(base().set(keys::auth::JWT, Some(token.as_str().into())));
    }
    #[cfg(feature = "kerberos")]
    for content in [CANARY.to_owned(), format!("\u{5}\u{2}{CANARY}{CANARY}")] {
        let keytab = write(&format!("{}.keytab", attempts.len()), &content);
        attempts.push(base().set(keys::auth::KERBEROS_KEYTAB, Some(keytab)).set(
            keys::auth::KERBEROS_PRINCIPAL,
            Some("app@EXAMPLE.TEST".to_owned()),
        ));
    }
    for attempt in attempts {
        match attempt.build() {
            Err(error) => shown.push_str(&format!("{error} {error:?} {error:#?}")),
            Ok(config) => {
                shown.push_str(&format!("{config:?} {}", config.explain()));
                let error = Database::open(config).await.unwrap_err();
                shown.push_str(&format!("{error} {error:?} {error:#?}"));
            }
        }
    }
    let as_text = body.as_bytes().chunks_exact(12);
    let as_text = as_text.map(|chunk| String::from_utf8(chunk.to_vec()).unwrap());
    let as_numbers = body.as_bytes().chunks_exact(8);
    let as_numbers =
        as_numbers.map(|chunk| format!("{chunk:?}").trim_matches(['[', ']']).to_owned());
    (shown, as_text.chain(as_numbers).collect())
}
