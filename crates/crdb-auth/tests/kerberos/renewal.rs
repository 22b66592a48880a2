//! Tickets and keytabs that change while a connector is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crdb_auth::{ErrorKind, Kerberos};

use crate::realm::{Realm, config, connector, endpoint, principal, without_server};

pub(crate) async fn a_replaced_keytab_is_read_again(realm: Realm) {
    let engine = realm.engine().await;
    let path = realm.keytab("current");
    std::fs::copy(realm.keytab("app"), &path).unwrap();
    let connector = connector(config(&engine, "app", Kerberos::keytab(&path)));
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Another principal's key, under the same path: the login that follows is as that one.
    let next = realm.keytab("next");
    std::fs::copy(realm.keytab("stranger"), &next).unwrap();
    std::fs::rename(&next, &path).unwrap();
    let error = connector.connect(&endpoint(&engine)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosNotMapped, "{error}");
}

/// With `CRDB_TEST_LONG` set it is half an hour with tickets that live a minute.
pub(crate) async fn tickets_are_renewed_under_load(realm: Realm) {
    let engine = Arc::new(realm.engine().await);
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let (life, run) = if long { (60, 1800) } else { (6, 20) };
    let (life, run) = (Duration::from_secs(life), Duration::from_secs(run));
    let command = format!("modprinc -maxlife {}s app", life.as_secs());
    realm.kdc.administer(&command).unwrap();
    let connector = connector(config(&engine, "app", realm.by_keytab("app")));
    let until = Instant::now() + run;
    let logins = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (connector, engine, logins) =
                (connector.clone(), Arc::clone(&engine), Arc::clone(&logins));
            tokio::spawn(async move {
                let mut slowest = Duration::ZERO;
                let mut pace = tokio::time::interval(Duration::from_millis(25));
                while Instant::now() < until {
                    pace.tick().await;
                    let start = Instant::now();
                    connector.connect(&endpoint(&engine)).await.unwrap();
                    slowest = slowest.max(start.elapsed());
                    logins.fetch_add(1, Ordering::Relaxed);
                }
                slowest
            })
        })
        .collect();
    let mut slowest = Duration::ZERO;
    for task in tasks {
        slowest = slowest.max(task.await.unwrap());
    }
    let tickets = realm.logged(&["AS_REQ", "ISSUE", "app@"]);
    let logins = logins.load(Ordering::Relaxed);
    assert!(tickets >= 3, "{tickets} tickets in {logins} logins");
    // Not one per login, and not one per task when a ticket ends.
    assert!(tickets < 12 || long, "{tickets} tickets");
    println!("row R11: figure logins = {logins}");
    println!("row R11: figure tickets = {tickets}");
    println!(
        "row R11: figure slowest login = {:.1} ms",
        slowest.as_secs_f64() * 1000.0
    );
    println!("row R11: done {} minutes", run.as_secs() / 60);
}

/// Kubernetes swaps `..data`, and a deployment's script writes in place: both while the KDC may be down.
pub(crate) async fn a_ticket_is_used_while_it_lives_whatever_becomes_of_the_keytab(
    mut realm: Realm,
) {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let engine = realm.engine().await;
    let content = std::fs::read(realm.keytab("app")).unwrap();
    let directory = realm.keytab("mounted");
    let write = |version: &str, content: &[u8]| {
        let directory = directory.join(version);
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("app.keytab");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    };
    let point_at = |version: &str| {
        let next = directory.join("..data_tmp");
        symlink(version, &next).unwrap();
        std::fs::rename(&next, directory.join("..data")).unwrap();
    };
    write("..1", &content);
    point_at("..1");
    let path = directory.join("..data/app.keytab");
    let connector = connector(config(&engine, "app", Kerberos::keytab(&path)));
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    realm.kdc.stop();

    // Touched.
    write("..1", &content);
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Half written.
    write("..1", &content[..content.len() / 2]);
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Empty.
    write("..1", b"");
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Swapped.
    write("..2", &content);
    point_at("..2");
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Accessible to all.
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
    // Gone.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");

    realm.kdc.resume().unwrap();
    write("..3", &content);
    point_at("..3");
    assert_eq!(principal(&connector, &engine).await, "app@CRDB.TEST");
}

/// As a machine that sleeps for an hour: the wall clock goes on, the monotonic one does not.
pub(crate) async fn a_ticket_that_ended_while_the_machine_slept_is_replaced(realm: Realm) {
    realm.kdc.administer("modprinc -maxlife 120s app").unwrap();
    let connector = connector(without_server(realm.by_keytab("app")));
    let issued = || realm.logged(&["AS_REQ", "ISSUE", "app@"]);
    connector.prepare().await.unwrap();
    connector.prepare().await.unwrap();
    assert_eq!(issued(), 1);

    let before = std::time::SystemTime::now();
    let clock = std::env::var_os("FAKETIME_TIMESTAMP_FILE").unwrap();
    std::fs::write(clock, "+3600s\n").unwrap();
    let slept = before.elapsed().unwrap();
    assert!(slept > Duration::from_secs(3000), "the clock is not faked");
    connector.prepare().await.unwrap();
    assert_eq!(issued(), 2, "{}", realm.kdc.log());
}
