//! CockroachDB's habits, as the quirks proxy has them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crdb_auth::{
    ChannelBinding, Cleanliness, Endpoint, Engine as Product, ErrorKind, Session,
    TargetSessionAttrs, TlsConfig,
};
use crdb_testkit::{CockroachVersion, Engine, Login, QuirksOptions, QuirksProxy};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::bed::{config, connector, postgresql, run};

const WITHIN: Duration = Duration::from_secs(10);

async fn proxy() -> (&'static Engine, QuirksProxy, Endpoint) {
    speaking(QuirksOptions::default()).await
}

async fn speaking(options: QuirksOptions) -> (&'static Engine, QuirksProxy, Endpoint) {
    let engine = postgresql().await;
    let proxy = QuirksProxy::start(engine, options).await.unwrap();
    let endpoint = Endpoint::new(proxy.host(), proxy.port());
    (engine, proxy, endpoint)
}

async fn connect(engine: &Engine, endpoint: &Endpoint) -> Session {
    connector(config(engine, Login::Scram))
        .connect(endpoint)
        .await
        .unwrap()
}

#[tokio::test]
async fn engine_version_and_node_are_known() {
    // v21.2 has no key in which its node could be.
    for (version, major, has_key) in [
        (CockroachVersion::V21_2, 21, false),
        (CockroachVersion::V22_1, 22, true),
        (CockroachVersion::V26_2, 26, true),
    ] {
        let options = QuirksOptions::default().version(version).node_id(5);
        let (engine, proxy, endpoint) = speaking(options).await;
        let session = connect(engine, &endpoint).await;
        assert_eq!(session.facts().engine(), Product::CockroachDb);
        assert_eq!(session.facts().version().unwrap().major, major);
        let node = has_key.then(|| proxy.node_id());
        assert_eq!(session.facts().node_id(), node, "{version}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_told_when_asked_for() {
    let (engine, _proxy, endpoint) = proxy().await;
    let session = connect(engine, &endpoint).await;
    session.check_database(WITHIN).await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);

    let nowhere = config(engine, Login::Scram).database("no_such_database");
    let session = connector(nowhere).connect(&endpoint).await.unwrap();
    let error = session.check_database(WITHIN).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownDatabase, "{error}");
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_session_is_made_like_new_where_rollback_outside_a_transaction_is_an_error() {
    // v21.2 does not know the syntax of `RESET role`; no session is lost for that.
    for version in [CockroachVersion::V21_2, CockroachVersion::V26_2] {
        let (engine, _proxy, endpoint) = speaking(QuirksOptions::default().version(version)).await;
        let mut session = connect(engine, &endpoint).await;
        for sql in ["SET statement_timeout = '5s'", "BEGIN", "BEGIN; SELECT 1/0"] {
            drop(run(&session, sql).await);
            session.reset(WITHIN).await.unwrap();
            assert_eq!(session.cleanliness(), Cleanliness::Clean, "{sql}");
            session.ping(WITHIN).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_drain_is_noticed_unasked_and_by_new_connections() {
    let (engine, proxy, endpoint) = proxy().await;
    let idle = connect(engine, &endpoint).await;
    proxy.drain();
    let start = Instant::now();
    while !idle.is_closed() {
        assert!(start.elapsed() < WITHIN);
        tokio::task::yield_now().await;
    }
    assert_eq!(idle.cleanliness(), Cleanliness::Broken);
    assert_eq!(idle.end().unwrap().kind(), ErrorKind::Draining);
    assert_eq!(idle.tap().termination().unwrap().severity(), "ERROR");
    let error = connector(config(engine, Login::Scram))
        .connect(&endpoint)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Draining, "{error}");
    assert!(error.is_draining());
    assert!(error.server().is_none(), "its text came without TLS");
}

#[tokio::test]
async fn a_57p01_behind_a_good_reply_is_known_before_the_session_is_lent_again() {
    let (engine, proxy, endpoint) = proxy().await;
    let session = connect(engine, &endpoint).await;
    let (result, ()) = tokio::join!(run(&session, "SELECT pg_sleep(0.3)"), async {
        let running = proxy.wait_for(|counts| counts.statements >= 1).await;
        assert!(running.unwrap().open >= 1);
        proxy.drain();
    });
    result.unwrap();
    let start = Instant::now();
    while session.end_borrow() != Cleanliness::Broken {
        assert!(start.elapsed() < WITHIN);
        tokio::task::yield_now().await;
    }
    assert_eq!(session.tap().termination().unwrap().sqlstate(), "57P01");
}

#[tokio::test]
async fn too_many_connections_have_their_kind() {
    let (engine, proxy, endpoint) = proxy().await;
    proxy.limit_connections(Some(1));
    let _first = connect(engine, &endpoint).await;
    let error = connector(config(engine, Login::Scram))
        .connect(&endpoint)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyConnections);
    assert!(error.is_overloaded(), "{error}");
}

#[tokio::test]
async fn several_nodes_are_tried_in_order() {
    let (engine, proxy, endpoint) = proxy().await;
    let connector = connector(config(engine, Login::Scram));
    let refused = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        Endpoint::new("localhost", listener.local_addr().unwrap().port())
    };
    let draining = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    draining.drain();
    let nodes = [
        refused,
        Endpoint::new(draining.host(), draining.port()),
        endpoint,
    ];
    for target in [
        TargetSessionAttrs::Any,
        TargetSessionAttrs::ReadWrite,
        TargetSessionAttrs::Primary,
        TargetSessionAttrs::PreferStandby,
    ] {
        let session = connector.connect_any(&nodes, target).await.unwrap();
        assert_eq!(session.endpoint().port, proxy.port(), "{target}");
        assert_eq!(session.cleanliness(), Cleanliness::Clean);
    }
    let none = connector
        .connect_any(&nodes, TargetSessionAttrs::Standby)
        .await
        .unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Unsupported, "{none}");
    let refused = connector
        .connect_any(&[], TargetSessionAttrs::Any)
        .await
        .unwrap_err();
    assert!(refused.is_config());
}

#[tokio::test]
async fn channel_binding_cannot_be_required() {
    let (engine, _proxy, endpoint) = proxy().await;
    let builder = config(engine, Login::Scram).channel_binding(ChannelBinding::Require);
    let error = connector(builder).connect(&endpoint).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Downgrade, "{error}");
    assert!(
        error
            .to_string()
            .contains("CockroachDB has no channel binding"),
        "{error}"
    );
}

/// Passes everything on to the proxy. A cancel request's connection is closed at once, as CockroachDB does, and the request
/// passed on when there is a permit for it.
async fn late_cancels(proxy: &QuirksProxy) -> (Endpoint, Arc<Semaphore>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let upstream = (proxy.host().to_owned(), proxy.port());
    let permits = Arc::new(Semaphore::new(0));
    let granted = Arc::clone(&permits);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (upstream, granted) = (upstream.clone(), Arc::clone(&granted));
            tokio::spawn(async move {
                let mut first = [0; 8];
                client.read_exact(&mut first).await?;
                let mut server = TcpStream::connect(upstream).await?;
                server.write_all(&first).await?;
                if first == [0, 0, 0, 16, 4, 210, 22, 46] {
                    let mut key = [0; 8];
                    client.read_exact(&mut key).await?;
                    drop(client);
                    granted.acquire().await.unwrap().forget();
                    server.write_all(&key).await?;
                    server.read_to_end(&mut Vec::new()).await?;
                } else {
                    copy_bidirectional(&mut client, &mut server).await?;
                }
                Ok::<_, std::io::Error>(())
            });
        }
    });
    (Endpoint::new("127.0.0.1", port), permits)
}

/// Without TLS, so that a relay can tell cancel requests.
async fn connect_in_clear(engine: &Engine, endpoint: &Endpoint) -> Session {
    connector(config(engine, Login::Scram).tls(TlsConfig::disabled()))
        .connect(endpoint)
        .await
        .unwrap()
}

/// Waits until the server runs this statement: a cancel that arrives before hits nothing.
async fn until_it_runs(engine: &Engine, statement: &str) {
    let question = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '{statement}'"
    );
    while engine.execute(&question).await.unwrap().as_deref() != Some("1") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_session_is_not_lent_while_a_cancel_may_still_hit_it() {
    let (engine, proxy, _) = proxy().await;
    proxy.require_cancel_requests().await;
    let (endpoint, permits) = late_cancels(&proxy).await;
    let mut session = connect_in_clear(engine, &endpoint).await;
    run(&session, "SELECT 1").await.unwrap();
    // The server has taken the request, as far as a client can see.
    session.cancel_handle().cancel().await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Broken);
    let error = session.reset(WITHIN).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");

    // And rightly so: it hits what comes later.
    let sleep = "SELECT pg_sleep(61)";
    let (hit, ()) = tokio::join!(run(&session, sleep), async {
        until_it_runs(engine, sleep).await;
        permits.add_permits(1);
    });
    assert_eq!(hit.unwrap_err().code().unwrap().code(), "57014");
    session.reset(WITHIN).await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_cancel_that_has_hit_its_statement_is_spent() {
    let (engine, proxy, _) = proxy().await;
    proxy.require_cancel_requests().await;
    let (endpoint, permits) = late_cancels(&proxy).await;
    let mut session = connect_in_clear(engine, &endpoint).await;
    let sleep = "SELECT pg_sleep(62)";
    let (result, ()) = tokio::join!(run(&session, sleep), async {
        until_it_runs(engine, sleep).await;
        session.cancel_handle().cancel().await.unwrap();
        permits.add_permits(1);
    });
    assert_eq!(result.unwrap_err().code().unwrap().code(), "57014");
    session.reset(WITHIN).await.unwrap();
    assert_eq!(session.cleanliness(), Cleanliness::Clean);

    // A statement that ran into its time limit has spent no cancel.
    run(&session, "SET statement_timeout = '100ms'")
        .await
        .unwrap();
    run(&session, "SELECT pg_sleep(60)").await.unwrap_err();
    session.cancel_handle().cancel().await.unwrap();
    session.tap().settled().await;
    assert_eq!(session.cleanliness(), Cleanliness::Broken);
}
