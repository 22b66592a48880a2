//! What happens in the realm, whose directory each scenario is given.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crdb_auth::{
    Config, ConfigBuilder, Connector, Doctor, Endpoint, Error, ErrorKind, Kerberos,
    RootCertificates, TlsConfig,
};
use crdb_testkit::{Engine, EngineChoice, EngineOptions};

use crate::realm;

/// PostgreSQL that asks for GSSAPI. `app` is let in as the principal `app` only.
async fn engine(directory: &Path) -> Engine {
    let engine = Engine::start(
        EngineOptions::default()
            .choice(EngineChoice::Postgres)
            .access_rule("host all all all gss include_realm=0 krb_realm=CRDB.TEST")
            .setting(
                "krb_server_keyfile",
                directory.join("server.keytab").display().to_string(),
            ),
    )
    .await;
    engine
        .execute("CREATE ROLE app LOGIN; CREATE ROLE other LOGIN")
        .await
        .unwrap();
    engine
}

fn config(engine: &Engine, user: &str, kerberos: Kerberos) -> ConfigBuilder {
    Config::builder()
        .user(user)
        .database("postgres")
        .kerberos(kerberos)
        .tls(TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path())))
}

fn connector(builder: ConfigBuilder) -> Connector {
    Connector::new(builder.build().unwrap()).unwrap()
}

fn endpoint(engine: &Engine) -> Endpoint {
    Endpoint::new("localhost", engine.port())
}

async fn principal(connector: &Connector, engine: &Engine) -> String {
    let session = connector.connect(&endpoint(engine)).await.unwrap();
    let call = session.begin_call();
    let sql = "SELECT principal FROM pg_stat_gssapi WHERE pid = pg_backend_pid() AND NOT encrypted";
    let row = call.client().query_one(sql, &[]).await.unwrap();
    call.finish();
    row.get(0)
}

async fn error(engine: &Engine, user: &str, kerberos: Kerberos) -> Error {
    connector(config(engine, user, kerberos))
        .connect(&endpoint(engine))
        .await
        .unwrap_err()
}

pub(crate) async fn a_keytab_logs_in_and_principals_do_not_disturb_each_other(directory: PathBuf) {
    let engine = engine(&directory).await;
    let of = |user: &str| {
        let kerberos = Kerberos::keytab(directory.join(format!("{user}.keytab"))).principal(user);
        connector(config(&engine, user, kerberos))
    };
    let (app, other) = (of("app"), of("other"));
    app.prepare().await.unwrap();
    let diagnosis = Doctor::new(app.clone()).examine(&endpoint(&engine)).await;
    assert!(diagnosis.is_healthy(), "{diagnosis}");
    let text = diagnosis.to_string();
    assert!(
        text.contains("postgres/localhost") && text.contains("app@CRDB.TEST, for another"),
        "{text}"
    );
    for _ in 0..5 {
        let (a, b) = tokio::join!(principal(&app, &engine), principal(&other, &engine));
        assert_eq!(
            (a.as_str(), b.as_str()),
            ("app@CRDB.TEST", "other@CRDB.TEST")
        );
    }
    // Without a principal, the first of the keytab.
    let first = Kerberos::keytab(directory.join("other.keytab"));
    assert_eq!(
        principal(&connector(config(&engine, "other", first)), &engine).await,
        "other@CRDB.TEST"
    );
    assert!(
        !directory.join("default.cache").exists(),
        "the default cache is left alone"
    );
}

pub(crate) async fn a_cache_logs_in_and_an_expired_or_missing_one_says_so(directory: PathBuf) {
    let engine = engine(&directory).await;
    let cache = directory.join("app.cache");
    realm::kinit(&directory, "app", &cache, "10m");
    let by_cache = Kerberos::cache(format!("FILE:{}", cache.display()));
    assert_eq!(
        principal(&connector(config(&engine, "app", by_cache)), &engine).await,
        "app@CRDB.TEST"
    );

    let missing = error(&engine, "app", Kerberos::default_cache()).await;
    assert_eq!(missing.kind(), ErrorKind::KerberosNoTicket, "{missing}");
    assert!(missing.to_string().contains("kinit"), "{missing}");
    realm::kinit(&directory, "app", &directory.join("default.cache"), "10m");
    let by_default = connector(config(&engine, "app", Kerberos::default_cache()));
    assert_eq!(principal(&by_default, &engine).await, "app@CRDB.TEST");
    let wrong = error(
        &engine,
        "other",
        Kerberos::default_cache().principal("other"),
    )
    .await;
    assert_eq!(wrong.kind(), ErrorKind::KerberosNoTicket, "{wrong}");

    let short = directory.join("short.cache");
    realm::kinit(&directory, "app", &short, "1s");
    let start = Instant::now();
    let expired = loop {
        let kerberos = Kerberos::cache(format!("FILE:{}", short.display()));
        match connector(config(&engine, "app", kerberos))
            .connect(&endpoint(&engine))
            .await
        {
            Ok(_) => assert!(start.elapsed() < Duration::from_secs(20)),
            Err(error) => break error,
        }
    };
    assert_eq!(expired.kind(), ErrorKind::KerberosExpired, "{expired}");
}

pub(crate) async fn what_the_kdc_refuses_has_its_kind(directory: PathBuf) {
    let engine = engine(&directory).await;
    let keytab = || Kerberos::keytab(directory.join("app.keytab")).principal("app");

    let unknown = error(&engine, "app", keytab().service("nonsense")).await;
    assert_eq!(
        unknown.kind(),
        ErrorKind::KerberosUnknownService,
        "{unknown}"
    );
    assert!(
        unknown.to_string().contains("nonsense/localhost"),
        "{unknown}"
    );

    // The name asked for is that of the endpoint; it can be overridden.
    let by_address = Endpoint::new("127.0.0.1", engine.port());
    let found = connector(config(&engine, "app", keytab()))
        .connect(&by_address)
        .await;
    assert_eq!(found.unwrap_err().kind(), ErrorKind::KerberosUnknownService);
    let overridden = config(
        &engine,
        "app",
        keytab().host("localhost").realm("CRDB.TEST"),
    );
    connector(overridden).connect(&by_address).await.unwrap();

    let nobody = Kerberos::keytab(directory.join("app.keytab")).principal("nobody");
    let nobody = error(&engine, "app", nobody).await;
    assert!(
        matches!(
            nobody.kind(),
            ErrorKind::KerberosKeytab | ErrorKind::KerberosRefused
        ),
        "{nobody}"
    );

    // The key was changed since.
    let old = directory.join("old.keytab");
    std::fs::copy(directory.join("app.keytab"), &old).unwrap();
    realm::keytab(&directory, "app", "app");
    let stale = error(&engine, "app", Kerberos::keytab(&old).principal("app")).await;
    assert_eq!(stale.kind(), ErrorKind::KerberosRefused, "{stale}");

    realm::administer(&directory, "modprinc -allow_tix app\n");
    let locked = error(&engine, "app", keytab()).await;
    assert_eq!(locked.kind(), ErrorKind::KerberosRefused, "{locked}");
}

pub(crate) async fn what_the_server_refuses_has_its_kind(directory: PathBuf) {
    let engine = engine(&directory).await;
    let stranger = Kerberos::keytab(directory.join("stranger.keytab"));
    let unmapped = error(&engine, "app", stranger).await;
    assert_eq!(unmapped.kind(), ErrorKind::KerberosNotMapped, "{unmapped}");
    assert!(unmapped.is_kerberos() && unmapped.is_authentication());
    assert!(
        unmapped.to_string().contains("Kerberos itself succeeded"),
        "{unmapped}"
    );

    // The service's key was changed, and the server was not told.
    realm::administer(&directory, "change_password -randkey postgres/localhost\n");
    let app = Kerberos::keytab(directory.join("app.keytab"));
    let refused = error(&engine, "app", app).await;
    assert_eq!(refused.kind(), ErrorKind::Kerberos, "{refused}");
    assert!(refused.to_string().contains("keytab"), "{refused}");
}

pub(crate) async fn keytabs_that_cannot_be_used_have_their_kind(directory: PathBuf) {
    use std::os::unix::fs::PermissionsExt;

    let prepared = |kerberos: Kerberos| async {
        let builder = Config::builder()
            .user("app")
            .kerberos(kerberos)
            .tls(TlsConfig::disabled());
        connector(builder).prepare().await.unwrap_err()
    };
    let missing = prepared(Kerberos::keytab(directory.join("missing.keytab"))).await;
    assert_eq!(missing.kind(), ErrorKind::KerberosKeytab, "{missing}");

    let empty = directory.join("empty.keytab");
    std::fs::write(&empty, b"no keytab").unwrap();
    std::fs::set_permissions(&empty, PermissionsExt::from_mode(0o600)).unwrap();
    let unusable = prepared(Kerberos::keytab(&empty).principal("app")).await;
    assert_eq!(unusable.kind(), ErrorKind::KerberosKeytab, "{unusable}");

    let wide = directory.join("app.keytab");
    std::fs::set_permissions(&wide, PermissionsExt::from_mode(0o640)).unwrap();
    let wide = prepared(Kerberos::keytab(&wide)).await;
    assert_eq!(wide.kind(), ErrorKind::KerberosKeytab);
    assert!(wide.to_string().contains("chmod 0600"), "{wide}");
}

pub(crate) async fn a_replaced_keytab_is_read_again(directory: PathBuf) {
    let engine = engine(&directory).await;
    let path = directory.join("current.keytab");
    std::fs::copy(directory.join("app.keytab"), &path).unwrap();
    let connector = connector(config(&engine, "app", Kerberos::keytab(&path)));
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Another principal's key, under the same path: the login that follows is as that one.
    let next = directory.join("next.keytab");
    std::fs::copy(directory.join("stranger.keytab"), &next).unwrap();
    std::fs::rename(&next, &path).unwrap();
    let error = connector.connect(&endpoint(&engine)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosNotMapped, "{error}");
}

/// With `CRDB_TEST_LONG` set it is half an hour with tickets that live a minute.
pub(crate) async fn tickets_are_renewed_under_load(directory: PathBuf) {
    let engine = Arc::new(engine(&directory).await);
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let (life, run) = if long { (60, 1800) } else { (6, 20) };
    let (life, run) = (Duration::from_secs(life), Duration::from_secs(run));
    realm::administer(
        &directory,
        &format!("modprinc -maxlife {}s app\n", life.as_secs()),
    );
    let connector = connector(config(
        &engine,
        "app",
        Kerberos::keytab(directory.join("app.keytab")),
    ));
    let until = Instant::now() + run;
    let logins = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (connector, engine, logins) =
                (connector.clone(), Arc::clone(&engine), Arc::clone(&logins));
            tokio::spawn(async move {
                let mut pace = tokio::time::interval(Duration::from_millis(25));
                while Instant::now() < until {
                    pace.tick().await;
                    connector.connect(&endpoint(&engine)).await.unwrap();
                    logins.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let log = std::fs::read_to_string(directory.join("kdc.log")).unwrap();
    let issued = log
        .lines()
        .filter(|line| line.contains("AS_REQ") && line.contains("ISSUE") && line.contains("app@"))
        .count();
    assert!(
        issued >= 3,
        "{issued} tickets in {} logins",
        logins.load(Ordering::Relaxed)
    );
    // Not one per login, and not one per task when a ticket ends.
    assert!(issued < 12 || long, "{issued} tickets");
    println!(
        "row R11: figure logins = {}",
        logins.load(Ordering::Relaxed)
    );
    println!("row R11: figure tickets = {issued}");
    println!("row R11: done {} minutes", run.as_secs() / 60);
}

pub(crate) async fn without_tls_kerberos_must_be_asked_for(directory: PathBuf) {
    let engine = engine(&directory).await;
    let plain = |kerberos| config(&engine, "app", kerberos).tls(TlsConfig::disabled());
    let keytab = || Kerberos::keytab(directory.join("app.keytab"));
    let refused = connector(plain(keytab()))
        .connect(&endpoint(&engine))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Downgrade, "{refused}");
    connector(plain(keytab().permit_without_tls(true)))
        .connect(&endpoint(&engine))
        .await
        .unwrap();
}

pub(crate) async fn a_kdc_that_is_down_is_told_apart(directory: PathBuf) {
    let kerberos = Kerberos::keytab(directory.join("app.keytab"));
    let builder = Config::builder()
        .user("app")
        .kerberos(kerberos)
        .tls(TlsConfig::disabled());
    let error = connector(builder).prepare().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosKdcUnreachable, "{error}");
    assert!(error.to_string().contains("CRDB.TEST"), "{error}");
}

pub(crate) async fn a_clock_that_is_wrong_is_told_apart(directory: PathBuf) {
    let kerberos = Kerberos::keytab(directory.join("app.keytab"));
    let builder = Config::builder()
        .user("app")
        .kerberos(kerberos)
        .tls(TlsConfig::disabled());
    let error = connector(builder).prepare().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosClockSkew, "{error}");
}
