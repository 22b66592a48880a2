//! A realm lets its principals in, turns the others away, and leaves nothing behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking, helpers of tests included"
)]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crdb_testkit::{Engine, EngineChoice, EngineOptions, ErrorKind, Kdc, KdcOptions, Login};

/// `psql` in the realm's environment, with the ticket cache `cache`, over TLS.
fn psql(kdc: &Kdc, engine: &Engine, user: &str, cache: &Path) -> Output {
    let url = format!(
        "host=localhost port={} user={user} dbname=postgres sslmode=verify-full sslrootcert={} gssencmode=disable",
        engine.port(),
        engine.ca_cert_path().display()
    );
    Command::new("psql")
        .args([
            "-XAtw",
            &url,
            "-c",
            "SELECT principal FROM pg_stat_gssapi WHERE pid = pg_backend_pid()",
        ])
        .envs(kdc.environment())
        .env("KRB5CCNAME", format!("FILE:{}", cache.display()))
        .output()
        .unwrap()
}

async fn realm() -> (Kdc, Engine) {
    let kdc = Kdc::start(KdcOptions::default()).await;
    let options = EngineOptions::default()
        .choice(EngineChoice::Postgres)
        .kerberos(&kdc);
    let engine = Engine::start(options).await;
    (kdc, engine)
}

#[tokio::test]
async fn a_ticket_lets_in_its_principal_only() {
    let (mut kdc, engine) = realm().await;
    let user = engine.login(Login::Kerberos).user();
    let cache = kdc.ticket_cache(user, Duration::from_secs(600)).unwrap();
    let output = psql(&kdc, &engine, user, &cache);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "kerberos_user@CRDB.TEST\n",
        "{output:?}"
    );

    kdc.add_principal("other").unwrap();
    let other = kdc.ticket_cache("other", Duration::from_secs(600)).unwrap();
    assert!(!psql(&kdc, &engine, user, &other).status.success());
    engine
        .execute("CREATE ROLE other LOGIN IN ROLE kerberos_users")
        .await
        .unwrap();
    assert!(psql(&kdc, &engine, "other", &other).status.success());

    // What is in the cache suffices while the KDC is away; nothing new can be had.
    kdc.stop();
    assert!(psql(&kdc, &engine, "other", &other).status.success());
    let error = kdc
        .ticket_cache("other", Duration::from_secs(60))
        .unwrap_err();
    assert!(
        error.to_string().contains("Cannot contact any KDC"),
        "{error}"
    );
    kdc.resume().unwrap();
    kdc.ticket_cache("other", Duration::from_secs(60)).unwrap();
}

/// The seconds between a ticket's begin and its end, as `klist` shows them: date and time, twice.
fn lifetime(kdc: &Kdc, cache: &Path) -> i64 {
    let output = Command::new("klist")
        .arg(cache)
        .env("LC_ALL", "C")
        .envs(kdc.environment())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find(|line| line.contains("krbtgt/"))
        .unwrap_or_else(|| panic!("{text}"));
    let times: Vec<i64> = line
        .split_whitespace()
        .filter(|word| word.contains(':'))
        .map(seconds)
        .collect();
    (times[1] - times[0]).rem_euclid(86_400)
}

/// The seconds since midnight of `19:54:30`.
fn seconds(time: &str) -> i64 {
    time.split(':').fold(0, |seconds, part| {
        seconds * 60 + part.parse::<i64>().unwrap()
    })
}

#[tokio::test]
async fn tickets_live_no_longer_than_asked_and_keys_can_change() {
    let kdc = Kdc::start(KdcOptions::default().ticket_life(Duration::from_secs(30))).await;
    let cache = kdc
        .ticket_cache("kerberos_user", Duration::from_secs(3600))
        .unwrap();
    assert_eq!(lifetime(&kdc, &cache), 30);
    // However long is asked for, the realm starts and gives a ticket.
    let longest = Kdc::start(KdcOptions::default().ticket_life(Duration::MAX)).await;
    let cache = longest
        .ticket_cache("kerberos_user", Duration::MAX)
        .unwrap();
    // Whole days, of which no part is left over.
    assert_eq!(lifetime(&longest, &cache), 0);
    let stale = std::fs::read(kdc.keytab_path("kerberos_user")).unwrap();
    kdc.change_key("kerberos_user").unwrap();
    kdc.keytab("kerberos_user").unwrap();
    assert_ne!(
        stale,
        std::fs::read(kdc.keytab_path("kerberos_user")).unwrap()
    );
    assert_eq!(
        kdc.add_principal("kerberos_user").unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(
        kdc.keytab("missing").unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}

#[tokio::test]
async fn keytabs_are_private_and_everything_goes_with_the_realm() {
    use std::os::unix::fs::PermissionsExt;
    let kdc = Kdc::start(KdcOptions::default()).await;
    let keytab = kdc.keytab_path("kerberos_user");
    assert_eq!(
        std::fs::metadata(&keytab).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let (directory, port) = (kdc.directory().to_owned(), kdc.port());
    drop(kdc);
    assert!(!directory.exists());
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}
