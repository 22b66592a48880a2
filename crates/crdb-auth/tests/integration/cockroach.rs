//! CockroachDB's habits, as the quirks proxy has them.

use std::time::{Duration, Instant};

use crdb_auth::{
    ChannelBinding, Cleanliness, Endpoint, Engine as Product, ErrorKind, Session,
    TargetSessionAttrs,
};
use crdb_testkit::{Engine, Login, QuirksOptions, QuirksProxy};

use crate::support::{config, connector, postgresql, run};

const WITHIN: Duration = Duration::from_secs(10);

async fn proxy() -> (&'static Engine, QuirksProxy, Endpoint) {
    let engine = postgresql().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
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
    let (engine, proxy, endpoint) = proxy().await;
    let session = connect(engine, &endpoint).await;
    assert_eq!(session.facts().engine(), Product::CockroachDb);
    assert!(session.facts().version().unwrap().major >= 22);
    assert_eq!(session.facts().node_id(), Some(proxy.node_id()));
}

#[tokio::test]
async fn a_session_is_made_like_new_where_rollback_outside_a_transaction_is_an_error() {
    let (engine, _proxy, endpoint) = proxy().await;
    let mut session = connect(engine, &endpoint).await;
    for sql in ["SET statement_timeout = '5s'", "BEGIN", "BEGIN; SELECT 1/0"] {
        drop(run(&session, sql).await);
        session.reset(WITHIN).await.unwrap();
        assert_eq!(session.cleanliness(), Cleanliness::Clean, "{sql}");
        session.ping(WITHIN).await.unwrap();
    }
}

#[tokio::test]
async fn a_drain_is_noticed_unasked_and_new_connections_are_closed_without_a_word() {
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
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    assert!(error.is_draining());
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
    let nobody = connector
        .connect_any(&[], TargetSessionAttrs::Any)
        .await
        .unwrap_err();
    assert!(nobody.is_config());
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
