//! Shorthand for engines and sessions.

use std::time::Duration;

use crdb_auth::{
    AuthenticatedStream, ConnectionString, Connector, Endpoint, RootCertificates, TlsConfig,
};
use crdb_testkit::{
    Engine, EngineChoice, EngineKind, EngineOptions, Login, QuirksOptions, QuirksProxy,
};
use crdb_wire::{Config, Session};
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// A bound for hangs only.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Logs in to this database of the engine, at this port.
pub(crate) async fn stream_at(engine: &Engine, database: &str, port: u16) -> AuthenticatedStream {
    let config = match engine.try_login(Login::Scram) {
        Some(credentials) => crdb_auth::Config::builder()
            .user(credentials.user())
            .password(credentials.password()),
        // The server is run by others: its URL says how to log in.
        None => engine
            .url(engine.database())
            .parse::<ConnectionString>()
            .unwrap()
            .config(),
    };
    let config = config
        .database(database)
        .application_name("crdb-wire tests")
        .tls(TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path())));
    Connector::new(config.build().unwrap())
        .unwrap()
        .open(&Endpoint::new(engine.host(), port))
        .await
        .unwrap()
}

pub(crate) async fn session(engine: &Engine) -> Session {
    session_with(engine, Config::default()).await
}

pub(crate) async fn session_with(engine: &Engine, config: Config) -> Session {
    Session::start_with(
        stream_at(engine, engine.database(), engine.port()).await,
        config,
    )
}

/// A PostgreSQL that the test kit started, for what only PostgreSQL does.
pub(crate) async fn postgresql() -> &'static Engine {
    static OWN: OnceCell<Engine> = OnceCell::const_new();
    let shared = Engine::shared().await;
    if shared.kind() == EngineKind::PostgreSql && shared.try_login(Login::Scram).is_some() {
        return shared;
    }
    OWN.get_or_init(|| Engine::start(EngineOptions::default().choice(EngineChoice::Postgres)))
        .await
}

/// One value of one row.
pub(crate) async fn one<T: for<'a> postgres_types::FromSql<'a>>(session: &Session, sql: &str) -> T {
    let rows = session.fetch_all(sql, &[]).await.unwrap();
    assert_eq!(rows.len(), 1, "{sql}");
    rows[0].get(0).unwrap()
}

/// A session on a PostgreSQL that answers as CockroachDB does.
pub(crate) async fn quirky() -> (QuirksProxy, Session) {
    let engine = postgresql().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let stream = stream_at(engine, engine.database(), proxy.port()).await;
    (proxy, Session::start(stream))
}
