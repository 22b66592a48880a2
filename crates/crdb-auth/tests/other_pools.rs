//! Sessions in the pools of bb8 and deadpool: the next borrower finds nothing of the last one.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use crdb_auth::{
    ConnectionString, Connector, Endpoint, Session, SessionManager, TransactionStatus,
};
use crdb_testkit::{Engine, FaultProxy};

/// A manager whose sessions go through a proxy, which counts them.
fn manager(engine: &Engine) -> (SessionManager, FaultProxy) {
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let url: ConnectionString = engine.url(engine.database()).parse().unwrap();
    let config = url.config().database(engine.database()).build().unwrap();
    let endpoint = Endpoint::new(proxy.host(), proxy.port());
    let connector = Connector::new(config).unwrap();
    (SessionManager::new(connector, endpoint), proxy)
}

/// What the borrowers of a pool of one session do, one after the other.
#[derive(Clone, Copy, Debug)]
enum Borrower {
    Watched,
    Sets,
    Begins,
    Abandons,
    EndsItsSession,
}

impl Borrower {
    const ALL: [Self; 5] = [
        Self::Watched,
        Self::Sets,
        Self::Begins,
        Self::Abandons,
        Self::EndsItsSession,
    ];

    async fn work(self, session: &Session) {
        let found = {
            let call = session.begin_call();
            let text = "SELECT current_setting('application_name')";
            let row = call.client().query_one(text, &[]).await;
            call.finish();
            row.unwrap()
        };
        assert_ne!(found.get::<_, &str>(0), "borrowed", "before {self:?}");
        let status = session.tap().transaction_status();
        assert_eq!(status, TransactionStatus::Idle, "before {self:?}");
        let raw = |text: &'static str| session.client().batch_execute(text);
        match self {
            Self::Watched => {}
            Self::Sets => raw("SET application_name = 'borrowed'").await.unwrap(),
            Self::Begins => raw("BEGIN").await.unwrap(),
            Self::Abandons => {
                let call = session.begin_call();
                let sleep = call.client().batch_execute("SELECT pg_sleep(0.1)");
                drop(tokio::time::timeout(Duration::from_millis(5), sleep).await);
            }
            Self::EndsItsSession => {
                drop(raw("SELECT pg_terminate_backend(pg_backend_pid())").await);
            }
        }
    }
}

/// Two rounds, each of which ends with the end of its session. bb8 opens another one at once.
const SESSIONS: u64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn bb8_lends_clean_sessions() {
    let engine = Engine::shared_postgres().await;
    let (manager, proxy) = manager(engine);
    let pool = bb8::Pool::builder()
        .max_size(1)
        .build(manager)
        .await
        .unwrap();
    for borrower in Borrower::ALL.into_iter().cycle().take(10) {
        let session = pool.get().await.unwrap();
        borrower.work(&session).await;
    }
    assert!((SESSIONS..=SESSIONS + 1).contains(&proxy.counts().accepted));
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpool_lends_clean_sessions() {
    let engine = Engine::shared_postgres().await;
    let (manager, proxy) = manager(engine);
    let pool = deadpool::managed::Pool::<SessionManager>::builder(manager)
        .max_size(1)
        .build()
        .unwrap();
    for borrower in Borrower::ALL.into_iter().cycle().take(10) {
        let session = pool.get().await.unwrap();
        borrower.work(&session).await;
    }
    assert!((SESSIONS..=SESSIONS + 1).contains(&proxy.counts().accepted));
}
