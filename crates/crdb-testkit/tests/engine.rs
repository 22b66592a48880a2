//! An engine starts, lets its users in as documented, and can be told apart.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking, helpers of tests included"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crdb_testkit::{
    CockroachVersion, Credentials, Engine, EngineChoice, EngineKind, EngineOptions, ErrorKind,
    Injection, Login, Nodes, QuirksOptions, QuirksProxy,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::{Client, NoTls};

/// Logs in over TLS with full verification under the name `host`.
async fn log_in(
    engine: &Engine,
    host: &str,
    credentials: &Credentials,
    database: &str,
) -> Result<Client, String> {
    let authority = engine.ca_cert_path();
    let mut stream = TcpStream::connect(("127.0.0.1", engine.port()))
        .await
        .map_err(|error| error.to_string())?;
    stream
        .write_all(&[0, 0, 0, 8, 4, 210, 22, 47])
        .await
        .unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let stream = tokio_rustls::TlsConnector::from(Arc::new(tls(authority, credentials)))
        .connect(ServerName::try_from(host.to_owned()).unwrap(), stream)
        .await
        .map_err(|error| error.to_string())?;
    let mut config = tokio_postgres::Config::new();
    config
        .user(credentials.user())
        .dbname(database)
        .ssl_mode(tokio_postgres::config::SslMode::Disable);
    if !credentials.password().is_empty() {
        config.password(credentials.password());
    }
    let (client, connection) = config
        .connect_raw(stream, NoTls)
        .await
        .map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    Ok(client)
}

fn tls(ca_certificate: &Path, credentials: &Credentials) -> rustls::ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca_certificate).unwrap())
        .unwrap();
    let builder = rustls::ClientConfig::builder().with_root_certificates(roots);
    match (credentials.certificate_path(), credentials.key_path()) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(certificate).unwrap()],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            )
            .unwrap(),
        _ => builder.with_no_client_auth(),
    }
}

#[tokio::test]
async fn every_user_gets_in_over_tls_and_may_create_tables() {
    let engine = Engine::start(EngineOptions::default().choice(EngineChoice::Postgres)).await;
    let database = engine.create_database().await;
    for login in Login::ALL {
        let client = log_in(&engine, "localhost", engine.login(login), database.name())
            .await
            .unwrap();
        let who = client
            .query_one("SELECT current_user::text", &[])
            .await
            .unwrap();
        assert_eq!(who.get::<_, &str>(0), login.user());
        client
            .batch_execute(&format!(
                "CREATE TABLE of_{} (id INT8 PRIMARY KEY)",
                login.user()
            ))
            .await
            .unwrap();
    }
    let administrator = log_in(&engine, "::1", engine.administrator(), database.name())
        .await
        .unwrap();
    administrator
        .batch_execute("CREATE ROLE left_behind")
        .await
        .unwrap();
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_are_refused() {
    let engine = Engine::shared().await;
    let refusal = log_in(
        engine,
        "example.com",
        engine.administrator(),
        engine.database(),
    )
    .await
    .unwrap_err();
    assert!(refusal.contains("not valid for name"), "{refusal}");
    if engine.kind() == EngineKind::PostgreSql {
        let mistaken = engine
            .url(engine.database())
            .replace(engine.password(), "wrong");
        let options = EngineOptions::default().choice(EngineChoice::Url(mistaken));
        let error = Engine::try_start(options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Database);
        assert!(
            error.to_string().contains("password authentication failed"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_choice_is_one_line_with_the_reason() {
    let engine = Engine::start(EngineOptions::default().choice(EngineChoice::Postgres)).await;
    assert_eq!(engine.kind(), EngineKind::PostgreSql);
    assert!(
        engine.choice().starts_with("PostgreSQL "),
        "{}",
        engine.choice()
    );
    assert!(
        engine.choice().ends_with(", as asked for"),
        "{}",
        engine.choice()
    );
    assert_eq!(engine.choice().lines().count(), 1);
}

#[tokio::test]
async fn an_engine_can_be_reached_by_its_own_url() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let options = EngineOptions::default().choice(EngineChoice::Url(database.url().to_owned()));
    let again = Engine::start(options).await;
    assert_eq!(again.kind(), engine.kind());
    assert_eq!(
        again
            .execute("SELECT current_database()")
            .await
            .unwrap()
            .as_deref(),
        Some(database.name())
    );
    assert!(again.nodes()[0].kill().unwrap_err().is_unavailable());
    engine.drop_database(&database).await.unwrap();
    let gone = Engine::try_start(
        EngineOptions::default().choice(EngineChoice::Url(database.url().to_owned())),
    )
    .await;
    assert_eq!(gone.unwrap_err().kind(), ErrorKind::Database);
}

#[tokio::test]
async fn settings_reach_the_server_and_wrong_ones_are_reported() {
    let options = || EngineOptions::default().choice(EngineChoice::Postgres);
    let engine = Engine::start(options().setting("work_mem", "5MB")).await;
    assert_eq!(
        engine.execute("SHOW work_mem").await.unwrap().as_deref(),
        Some("5MB")
    );
    let error = Engine::try_start(options().setting("no_such_setting", "1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Start);
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn a_rule_of_the_test_comes_before_the_usual_ones() {
    let options = EngineOptions::default()
        .choice(EngineChoice::Postgres)
        .access_rule("host all trust_user all reject");
    let engine = Engine::start(options).await;
    let refused = log_in(
        &engine,
        "localhost",
        engine.login(Login::Trust),
        engine.database(),
    )
    .await;
    assert!(refused.is_err());
    log_in(
        &engine,
        "localhost",
        engine.login(Login::Scram),
        engine.database(),
    )
    .await
    .unwrap();
    log_in(
        &engine,
        "localhost",
        engine.administrator(),
        engine.database(),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn a_drop_leaves_no_process_and_no_directory() {
    let engine = Engine::start(EngineOptions::default().choice(EngineChoice::Postgres)).await;
    let directory = engine.ca_cert_path().parent().unwrap().to_owned();
    let port = engine.port();
    assert!(directory.exists());
    drop(engine);
    assert!(!directory.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_node_can_be_killed_and_comes_back_on_its_port() {
    let engine = Engine::start(EngineOptions::default().choice(EngineChoice::Postgres)).await;
    let port = engine.port();
    engine.nodes()[0].kill().unwrap();
    engine.nodes()[0].restart().unwrap();
    assert_eq!(engine.port(), port);
    assert_eq!(
        engine.execute("SELECT 1").await.unwrap().as_deref(),
        Some("1")
    );
}

#[tokio::test]
async fn a_start_is_quick() {
    let begin = Instant::now();
    drop(Engine::start(EngineOptions::default().choice(EngineChoice::Postgres)).await);
    // Half a second on two idle cores; the bound leaves room for a busy machine.
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn what_cannot_be_had_says_so() {
    let error = Engine::try_start(
        EngineOptions::default()
            .choice(EngineChoice::Postgres)
            .nodes(Nodes::Three),
    )
    .await;
    let error = error.unwrap_err();
    assert!(error.is_unavailable());
    let panic =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| error.end_test())).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("did not run: "), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs CockroachDB: three nodes"]
async fn three_nodes_form_a_cluster() {
    let engine = Engine::start(EngineOptions::default().nodes(Nodes::Three)).await;
    assert_eq!(engine.kind(), EngineKind::CockroachDb);
    for login in Login::ALL {
        if let Some(credentials) = engine.try_login(login) {
            log_in(&engine, "localhost", credentials, engine.database())
                .await
                .unwrap();
        }
    }
    engine
        .execute("CREATE TABLE kept AS SELECT 7 AS n")
        .await
        .unwrap();

    // Two of three are enough, and the third comes back as itself.
    let node = engine.nodes().last().unwrap();
    assert!(node.can_restart());
    node.kill().unwrap();
    let kept = "SELECT n FROM kept";
    assert_eq!(engine.execute(kept).await.unwrap().as_deref(), Some("7"));
    tokio::task::block_in_place(|| node.restart()).unwrap();
    node.shut_down().unwrap();
    tokio::task::block_in_place(|| node.restart()).unwrap();
    assert_eq!(engine.execute(kept).await.unwrap().as_deref(), Some("7"));
}

#[tokio::test]
async fn what_a_server_lacks_is_asked_from_it() {
    let engine = Engine::shared().await;
    engine.require("constants", "SELECT 1").await;
    let lacking = engine
        .try_require("what no server has", "SELECT no_such_function()")
        .await
        .unwrap_err();
    assert!(lacking.is_unavailable());
    let message = lacking.to_string();
    assert!(
        message.contains(" lacks what no server has") && message.contains("no_such_function"),
        "{message}"
    );
}

#[tokio::test]
async fn cancel_requests_are_asked_for_by_sending_one() {
    let engine = Engine::shared_postgres().await;
    engine.try_require_cancel_requests().await.unwrap();
    for (version, lacks) in [
        (CockroachVersion::V21_2, true),
        (CockroachVersion::V26_2, false),
    ] {
        let options = QuirksOptions::default().version(version);
        let proxy = QuirksProxy::start(engine, options).await.unwrap();
        let own = format!("{}:{}", engine.host(), engine.port());
        let there = format!("{}:{}", proxy.host(), proxy.port());
        let url = engine.url(engine.database()).replacen(&own, &there, 1);
        let options = EngineOptions::default().choice(EngineChoice::Url(url));
        let imitated = Engine::try_start(options).await.unwrap();
        let (server, itself) = tokio::join!(
            imitated.try_require_cancel_requests(),
            proxy.try_require_cancel_requests()
        );
        for asked in [server, itself] {
            match asked {
                Ok(()) => assert!(!lacks, "{version}"),
                Err(error) => {
                    assert!(lacks && error.is_unavailable(), "{version}: {error}");
                    assert!(
                        error.to_string().contains("lacks cancel requests"),
                        "{error}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_a_proxy_lacks_is_asked_from_another_like_it() {
    let engine = Engine::shared_postgres().await;
    let set_local = "BEGIN; SET LOCAL statement_timeout = 1000; COMMIT";
    for (version, lacks) in [
        (CockroachVersion::V21_2, true),
        (CockroachVersion::V22_1, false),
    ] {
        let options = QuirksOptions::default().version(version);
        let proxy = QuirksProxy::start(engine, options).await.unwrap();
        proxy.inject(Injection::RetryStatement);
        match proxy.try_require("SET LOCAL", set_local).await {
            Ok(()) => assert!(!lacks, "{version}"),
            Err(error) => {
                assert!(lacks && error.is_unavailable(), "{version}: {error}");
                let expected = "the quirks proxy as v21.2 lacks SET LOCAL";
                assert!(error.to_string().starts_with(expected), "{error}");
            }
        }
        assert_eq!(proxy.counts().accepted, 0);
        assert_eq!(proxy.pending_injections(), 1);
    }
}
