//! The realm of a scenario, and a server in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crdb_auth::{
    Config, ConfigBuilder, Connector, Endpoint, Error, Kerberos, RootCertificates, TlsConfig,
};
use crdb_testkit::{Engine, EngineChoice, EngineOptions, Kdc, KdcOptions};

/// A KDC that this process's Kerberos library finds. It knows the principals `app`, `other` and `stranger`.
pub(crate) struct Realm {
    pub(crate) kdc: Kdc,
    directory: PathBuf,
}

/// Names the directory, in a process that runs a scenario.
const VARIABLE: &str = "CRDB_AUTH_TEST_REALM";

/// The directory of this process's `krb5.conf`, if it runs a scenario.
pub(crate) fn directory() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

/// The environment of a process that runs a scenario.
pub(crate) fn environment(directory: &Path) -> [(&'static str, String); 4] {
    let of = |name: &str| directory.join(name).display().to_string();
    [
        (VARIABLE, directory.display().to_string()),
        ("KRB5_CONFIG", of("krb5.conf")),
        ("KRB5CCNAME", format!("FILE:{}", of("default.cache"))),
        ("KRB5RCACHENAME", "none:".to_owned()),
    ]
}

impl Realm {
    pub(crate) async fn start(directory: PathBuf) -> Self {
        // A clock that the test moves is that of all programs; one that is wrong from the start is this process's only.
        let moved = std::env::var_os("FAKETIME_TIMESTAMP_FILE").is_some();
        let kdc = Kdc::start(KdcOptions::default().faked_clock(moved)).await;
        for principal in ["app", "other", "stranger"] {
            kdc.add_principal(principal).unwrap();
            kdc.keytab(principal).unwrap();
        }
        let realm = Self { kdc, directory };
        realm.configure(&realm.kdc.config_path());
        realm
    }

    /// Gives the Kerberos library this `krb5.conf`. It is read by each new call into it.
    pub(crate) fn configure(&self, configuration: &Path) {
        std::fs::copy(configuration, self.directory.join("krb5.conf")).unwrap();
    }

    /// The library's default cache.
    pub(crate) fn default_cache(&self) -> PathBuf {
        self.directory.join("default.cache")
    }

    pub(crate) fn keytab(&self, principal: &str) -> PathBuf {
        self.kdc.keytab_path(principal)
    }

    pub(crate) fn by_keytab(&self, principal: &str) -> Kerberos {
        Kerberos::keytab(self.keytab(principal)).principal(principal)
    }

    /// How often the KDC has logged something about all of this.
    pub(crate) fn logged(&self, words: &[&str]) -> usize {
        let log = std::fs::read_to_string(self.kdc.directory().join("kdc.log")).unwrap();
        log.lines()
            .filter(|line| words.iter().all(|word| line.contains(word)))
            .count()
    }

    /// PostgreSQL that asks for GSSAPI. `app` is let in as the principal `app` only, `other` as `other`.
    pub(crate) async fn engine(&self) -> Engine {
        let options = EngineOptions::default()
            .choice(EngineChoice::Postgres)
            .kerberos(&self.kdc);
        let engine = Engine::start(options).await;
        let roles = "CREATE ROLE app LOGIN IN ROLE kerberos_users; \
                     CREATE ROLE other LOGIN IN ROLE kerberos_users";
        engine.execute(roles).await.unwrap();
        engine
    }
}

pub(crate) fn config(engine: &Engine, user: &str, kerberos: Kerberos) -> ConfigBuilder {
    Config::builder()
        .user(user)
        .database("postgres")
        .kerberos(kerberos)
        .tls(TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path())))
}

/// A configuration for what happens before a server is reached.
pub(crate) fn without_server(kerberos: Kerberos) -> ConfigBuilder {
    Config::builder()
        .user("app")
        .kerberos(kerberos)
        .tls(TlsConfig::disabled())
        .connect_timeout(Duration::from_secs(30))
}

pub(crate) fn connector(builder: ConfigBuilder) -> Connector {
    Connector::new(builder.build().unwrap()).unwrap()
}

pub(crate) fn endpoint(engine: &Engine) -> Endpoint {
    Endpoint::new("localhost", engine.port())
}

/// Logs in and asks as whom.
pub(crate) async fn principal(connector: &Connector, engine: &Engine) -> String {
    let session = connector.connect(&endpoint(engine)).await.unwrap();
    let call = session.begin_call();
    let sql = "SELECT principal FROM pg_stat_gssapi WHERE pid = pg_backend_pid() AND NOT encrypted";
    let row = call.client().query_one(sql, &[]).await.unwrap();
    call.finish();
    row.get(0)
}

/// Logs in, which has to fail.
pub(crate) async fn refusal(engine: &Engine, user: &str, kerberos: Kerberos) -> Error {
    connector(config(engine, user, kerberos))
        .connect(&endpoint(engine))
        .await
        .unwrap_err()
}
