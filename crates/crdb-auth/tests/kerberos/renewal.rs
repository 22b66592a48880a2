//! Tickets and keytabs that change while a connector is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crdb_auth::{ErrorKind, Kerberos};

use crate::realm::{Realm, config, connector, endpoint, principal};

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
