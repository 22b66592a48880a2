//! Logins that succeed, and as whom.

use std::time::{Duration, Instant};

use crdb_auth::{Doctor, ErrorKind, Kerberos, TlsConfig};

use crate::realm::{Realm, config, connector, endpoint, principal, refusal};

pub(crate) async fn a_keytab_logs_in_and_principals_do_not_disturb_each_other(realm: Realm) {
    let engine = realm.engine().await;
    let of = |user: &str| connector(config(&engine, user, realm.by_keytab(user)));
    let (app, other) = (of("app"), of("other"));
    assert_eq!(app.time_left().ticket, None, "none was acquired yet");
    app.prepare().await.unwrap();
    let left = app.time_left().ticket.unwrap();
    assert!(!left.is_zero(), "{left:?}");
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
    let first = Kerberos::keytab(realm.keytab("other"));
    assert_eq!(
        principal(&connector(config(&engine, "other", first)), &engine).await,
        "other@CRDB.TEST"
    );
    assert!(
        !realm.default_cache().exists(),
        "the default cache is left alone"
    );
}

pub(crate) async fn a_cache_logs_in_and_an_expired_or_missing_one_says_so(realm: Realm) {
    let engine = realm.engine().await;
    let ticket = |seconds| {
        let life = Duration::from_secs(seconds);
        realm.kdc.ticket_cache("app", life).unwrap()
    };
    let by_cache = |path: &std::path::Path| Kerberos::cache(format!("FILE:{}", path.display()));
    let cache = ticket(600);
    assert_eq!(
        principal(
            &connector(config(&engine, "app", by_cache(&cache))),
            &engine
        )
        .await,
        "app@CRDB.TEST"
    );

    let missing = refusal(&engine, "app", Kerberos::default_cache()).await;
    assert_eq!(missing.kind(), ErrorKind::KerberosNoTicket, "{missing}");
    assert!(missing.to_string().contains("kinit"), "{missing}");
    std::fs::copy(&cache, realm.default_cache()).unwrap();
    let by_default = connector(config(&engine, "app", Kerberos::default_cache()));
    assert_eq!(principal(&by_default, &engine).await, "app@CRDB.TEST");
    let others = Kerberos::default_cache().principal("other");
    let wrong = refusal(&engine, "other", others).await;
    assert_eq!(wrong.kind(), ErrorKind::KerberosNoTicket, "{wrong}");

    let short = ticket(1);
    let start = Instant::now();
    let expired = loop {
        match connector(config(&engine, "app", by_cache(&short)))
            .connect(&endpoint(&engine))
            .await
        {
            Ok(_) => assert!(start.elapsed() < Duration::from_secs(20)),
            Err(error) => break error,
        }
    };
    assert_eq!(expired.kind(), ErrorKind::KerberosExpired, "{expired}");
}

/// To delegate, the library gets a ticket for the KDC itself that the server may use (RFC 4120, 2.6): the KDC sees it
/// asked for, and by nothing else that a login does.
pub(crate) async fn nothing_is_delegated_unless_asked(realm: Realm) {
    let engine = realm.engine().await;
    let forwarded = || realm.logged(&["TGS_REQ", "ISSUE", "for krbtgt/CRDB.TEST@CRDB.TEST"]);
    let asked = || realm.logged(&["TGS_REQ", "ISSUE", "for postgres/localhost@CRDB.TEST"]);
    let kerberos = || realm.by_keytab("app");
    principal(&connector(config(&engine, "app", kerberos())), &engine).await;
    assert_eq!((asked(), forwarded()), (1, 0), "{}", realm.kdc.log());
    let delegating = kerberos().delegate(true);
    principal(&connector(config(&engine, "app", delegating)), &engine).await;
    assert_eq!((asked(), forwarded()), (2, 1), "{}", realm.kdc.log());

    // A ticket that cannot be forwarded is no reason to log in without delegating.
    realm
        .kdc
        .administer("modprinc -allow_forwardable app")
        .unwrap();
    let refused = refusal(&engine, "app", kerberos().delegate(true)).await;
    assert_eq!(refused.kind(), ErrorKind::Kerberos, "{refused}");
    assert!(refused.to_string().contains("forwardable"), "{refused}");
}

pub(crate) async fn without_tls_kerberos_must_be_asked_for(realm: Realm) {
    let engine = realm.engine().await;
    let plain = |kerberos| config(&engine, "app", kerberos).tls(TlsConfig::disabled());
    let refused = connector(plain(realm.by_keytab("app")))
        .connect(&endpoint(&engine))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Downgrade, "{refused}");
    connector(plain(realm.by_keytab("app").permit_without_tls(true)))
        .connect(&endpoint(&engine))
        .await
        .unwrap();
}
