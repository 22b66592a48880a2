//! Each failure, with its kind and its advice.

use std::time::Duration;

use crdb_auth::{Doctor, Endpoint, ErrorKind, Kerberos};

use crate::realm::{Realm, config, connector, refusal, without_server};

pub(crate) async fn what_the_kdc_refuses_has_its_kind(realm: Realm) {
    let engine = realm.engine().await;
    let keytab = || realm.by_keytab("app");

    let unknown = refusal(&engine, "app", keytab().service("nonsense")).await;
    assert_eq!(
        unknown.kind(),
        ErrorKind::KerberosUnknownService,
        "{unknown}"
    );
    let text = unknown.to_string();
    for part in [
        "nonsense/localhost",
        "\"nonsense\" (as configured)",
        "\"localhost\" (the endpoint's",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }

    // The name asked for is that of the endpoint; it can be overridden.
    let by_address = Endpoint::new("127.0.0.1", engine.port());
    let found = connector(config(&engine, "app", keytab()))
        .connect(&by_address)
        .await
        .unwrap_err();
    assert_eq!(found.kind(), ErrorKind::KerberosUnknownService);
    assert!(found.to_string().contains("(the default)"), "{found}");
    let overridden = keytab().host("localhost").realm("CRDB.TEST");
    connector(config(&engine, "app", overridden))
        .connect(&by_address)
        .await
        .unwrap();

    let unknown = Kerberos::keytab(realm.keytab("app")).principal("nobody");
    let unknown = refusal(&engine, "app", unknown).await;
    assert!(
        matches!(
            unknown.kind(),
            ErrorKind::KerberosKeytab | ErrorKind::KerberosRefused
        ),
        "{unknown}"
    );

    // The key was changed since.
    realm.kdc.change_key("app").unwrap();
    let stale = refusal(&engine, "app", keytab()).await;
    assert_eq!(stale.kind(), ErrorKind::KerberosRefused, "{stale}");

    realm.kdc.keytab("app").unwrap();
    realm.kdc.administer("modprinc -allow_tix app").unwrap();
    let locked = refusal(&engine, "app", keytab()).await;
    assert_eq!(locked.kind(), ErrorKind::KerberosRefused, "{locked}");
}

pub(crate) async fn what_the_server_refuses_has_its_kind(realm: Realm) {
    let engine = realm.engine().await;
    let unmapped = refusal(&engine, "app", realm.by_keytab("stranger")).await;
    assert_eq!(unmapped.kind(), ErrorKind::KerberosNotMapped, "{unmapped}");
    assert!(unmapped.is_kerberos() && unmapped.is_authentication());
    assert!(
        unmapped.to_string().contains("Kerberos itself succeeded"),
        "{unmapped}"
    );

    // The service's key was changed, and the server does not know.
    realm.kdc.change_key("postgres/localhost").unwrap();
    let refused = refusal(&engine, "app", realm.by_keytab("app")).await;
    assert_eq!(refused.kind(), ErrorKind::Kerberos, "{refused}");
    assert!(refused.to_string().contains("keytab"), "{refused}");
}

pub(crate) async fn keytabs_that_cannot_be_used_have_their_kind(realm: Realm) {
    use std::os::unix::fs::PermissionsExt;

    let prepared = |kerberos: Kerberos| async {
        connector(without_server(kerberos))
            .prepare()
            .await
            .unwrap_err()
    };
    let missing = prepared(Kerberos::keytab(realm.keytab("missing"))).await;
    assert_eq!(missing.kind(), ErrorKind::KerberosKeytab, "{missing}");

    let empty = realm.keytab("empty");
    std::fs::write(&empty, b"no keytab").unwrap();
    std::fs::set_permissions(&empty, PermissionsExt::from_mode(0o600)).unwrap();
    let unusable = prepared(Kerberos::keytab(&empty).principal("app")).await;
    assert_eq!(unusable.kind(), ErrorKind::KerberosKeytab, "{unusable}");

    let wide = realm.keytab("app");
    std::fs::set_permissions(&wide, PermissionsExt::from_mode(0o644)).unwrap();
    let wide = prepared(Kerberos::keytab(&wide)).await;
    assert_eq!(wide.kind(), ErrorKind::KerberosKeytab);
    assert!(wide.to_string().contains("chmod 0600"), "{wide}");
}

pub(crate) async fn a_kdc_that_is_down_is_told_apart(mut realm: Realm) {
    let connector = connector(without_server(realm.by_keytab("app")));
    realm.kdc.stop();
    let error = connector.prepare().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosKdcUnreachable, "{error}");
    let asked = format!("127.0.0.1:{} of CRDB.TEST", realm.kdc.port());
    assert!(error.to_string().contains(&asked), "{error}");
    realm.kdc.resume().unwrap();
    connector.prepare().await.unwrap();
}

/// As a firewall that drops packets, or a KDC that hangs.
pub(crate) async fn a_kdc_that_says_nothing_is_told_apart(realm: Realm) {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let honest = std::fs::read_to_string(realm.kdc.config_path()).unwrap();
    let configuration = honest.replace(&format!("127.0.0.1:{}", realm.kdc.port()), &address);
    let path = realm.keytab("silent").with_extension("conf");
    std::fs::write(&path, configuration).unwrap();
    realm.configure(&path);
    let limit = Duration::from_millis(1500);
    let builder = without_server(realm.by_keytab("app")).connect_timeout(limit);
    let start = std::time::Instant::now();
    let error = connector(builder).prepare().await.unwrap_err();
    assert!(start.elapsed() < limit + Duration::from_secs(1));
    assert_eq!(error.kind(), ErrorKind::KerberosKdcUnreachable, "{error}");
    let text = error.to_string();
    assert!(text.contains(&address) && text.contains("1.5s"), "{text}");
}

pub(crate) async fn a_hung_kdc_holds_one_thread(realm: Realm) {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let honest = std::fs::read_to_string(realm.kdc.config_path()).unwrap();
    let configuration = honest.replace(&format!("127.0.0.1:{}", realm.kdc.port()), &address);
    let path = realm.keytab("silent").with_extension("conf");
    std::fs::write(&path, configuration).unwrap();
    realm.configure(&path);
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let before = threads();
    let builder =
        || without_server(realm.by_keytab("app")).connect_timeout(Duration::from_millis(20));
    let connector = connector(builder());
    for _ in 0..40 {
        let error = connector.prepare().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KerberosKdcUnreachable, "{error}");
    }
    let more = threads().saturating_sub(before);
    assert!(more < 20, "{more} more threads for 40 logins");
}

/// Runs two hours ahead of the KDC.
pub(crate) async fn a_clock_that_is_wrong_is_told_apart(realm: Realm) {
    realm.configure(&realm.kdc.config_without_time_correction().unwrap());
    let connector = connector(without_server(realm.by_keytab("app")));
    let error = connector.prepare().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KerberosClockSkew, "{error}");
    let (text, kdc) = (error.to_string(), realm.kdc.port());
    assert!(
        text.contains("this machine's clock is 2 h 0 min")
            && text.contains(&format!("ahead of that of the KDC 127.0.0.1:{kdc}")),
        "{text}"
    );
    let diagnosis = Doctor::new(connector)
        .examine(&Endpoint::new("127.0.0.1", 1))
        .await;
    assert!(diagnosis.to_string().contains("2 h 0 min"), "{diagnosis}");
}
