//! Shorthand for engines and configurations.

use crdb_auth::{
    Config, ConfigBuilder, ConnectionString, Connector, Endpoint, RootCertificates, Session,
    TlsConfig,
};
use crdb_testkit::{Engine, EngineChoice, EngineKind, EngineOptions, Login};
use tokio::sync::OnceCell;

pub(crate) fn endpoint(engine: &Engine) -> Endpoint {
    Endpoint::new(engine.host(), engine.port())
}

pub(crate) fn verified(engine: &Engine) -> TlsConfig {
    TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path()))
}

/// A user of this kind, over TLS with verify-full. Where the server is not the test kit's, its URL says how to log in, which
/// stands for the usual kind.
pub(crate) fn config(engine: &Engine, login: Login) -> ConfigBuilder {
    if login == Login::Scram && engine.try_login(login).is_none() {
        let url: ConnectionString = engine.url(engine.database()).parse().unwrap();
        return url.config().application_name("crdb-auth tests");
    }
    let credentials = engine.login(login);
    Config::builder()
        .user(credentials.user())
        .password(credentials.password())
        .database(engine.database())
        .application_name("crdb-auth tests")
        .tls(verified(engine))
}

pub(crate) fn connector(builder: ConfigBuilder) -> Connector {
    Connector::new(builder.build().unwrap()).unwrap()
}

pub(crate) async fn session(engine: &Engine) -> Session {
    connector(config(engine, Login::Scram))
        .connect(&endpoint(engine))
        .await
        .unwrap()
}

/// One tracked statement.
pub(crate) async fn run(session: &Session, sql: &str) -> Result<(), tokio_postgres::Error> {
    let call = session.begin_call();
    let result = call.client().batch_execute(sql).await;
    call.finish();
    result
}

/// A PostgreSQL that the test kit started, for what only PostgreSQL does, whatever engine the
/// other tests run on.
pub(crate) async fn postgresql() -> &'static Engine {
    static OWN: OnceCell<Engine> = OnceCell::const_new();
    let shared = Engine::shared().await;
    if shared.kind() == EngineKind::PostgreSql && shared.try_login(Login::Scram).is_some() {
        return shared;
    }
    OWN.get_or_init(|| Engine::start(EngineOptions::default().choice(EngineChoice::Postgres)))
        .await
}
