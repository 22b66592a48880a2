//! Certificate revocation lists.

use crdb_auth::{
    Config, ConnectionString, Endpoint, ErrorKind, RevocationLists, SslMode, TlsConfig,
};

use crate::bed::connector;
use crate::issued::{Issued, assert_told, authority, connect, refusal, serve, server, trusting};

/// A root, an authority between it and the server, and the server.
struct Chain {
    root: Issued,
    between: Issued,
    endpoint: Endpoint,
}

async fn chain() -> Chain {
    let root = Issued::itself(authority("the root"));
    let mut params = authority("the intermediate");
    params.serial_number = Some(rcgen::SerialNumber::from(3_u64));
    let between = root.by(params);
    let leaf = between.by(server());
    let endpoint = serve(&(leaf.pem() + &between.pem()), &leaf.key).await;
    Chain {
        root,
        between,
        endpoint,
    }
}

#[tokio::test]
async fn every_certificate_of_the_chain_must_be_covered_and_not_revoked() {
    let Chain {
        root,
        between,
        endpoint,
    } = chain().await;
    let with = |lists: &[String]| {
        trusting(&root.pem()).revocation_lists(RevocationLists::pem(lists.concat()))
    };
    let (by_root, by_between) = (
        root.revoking(&[1, 2], 4000),
        between.revoking(&[8, 9], 4000),
    );
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        let tls = with(&[by_root.clone(), by_between.clone()]).mode(mode);
        connect(tls, &endpoint).await.unwrap();
    }
    use ErrorKind::TlsCertificate;
    let revoked = with(&[by_root.clone(), between.revoking(&[7], 4000)]);
    let told = refusal(revoked.clone(), &endpoint).await;
    assert_told(told, TlsCertificate, &["revoked", "new one"]);
    let told = refusal(revoked.mode(SslMode::VerifyCa), &endpoint).await;
    assert_told(told, TlsCertificate, &["revoked"]);
    let told = refusal(
        with(&[root.revoking(&[3], 4000), by_between.clone()]),
        &endpoint,
    )
    .await;
    assert_told(told, TlsCertificate, &["one of its authorities is revoked"]);
    for list in [&by_root, &by_between] {
        let told = refusal(with(std::slice::from_ref(list)), &endpoint).await;
        assert_told(told, TlsCertificate, &["no given revocation list covers"]);
    }
    let overdue = with(&[by_root.clone(), between.revoking(&[], 2005)]);
    let told = refusal(overdue, &endpoint).await;
    assert_told(
        told,
        TlsCertificate,
        &["to be replaced by 2005-01-01", "get the present list"],
    );
    // A list by another key under the same name.
    let namesake = Issued::itself(authority("the intermediate"));
    let told = refusal(with(&[by_root, namesake.revoking(&[], 4000)]), &endpoint).await;
    assert_told(told, TlsCertificate, &["not signed by the key"]);
}

#[tokio::test]
async fn connection_strings_name_a_file_or_a_directory() {
    let Chain {
        root,
        between,
        endpoint,
    } = chain().await;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(path("ca.crt"), root.pem()).unwrap();
    std::fs::create_dir(path("lists")).unwrap();
    let (good, bad) = (between.revoking(&[], 4000), between.revoking(&[7], 4000));
    std::fs::write(path("lists/one.r0"), root.revoking(&[], 4000)).unwrap();
    std::fs::write(path("lists/README"), "lists are replaced every night").unwrap();
    let string = format!(
        "host=localhost hostaddr=127.0.0.1 port={} user=app sslrootcert='{}' sslcrl='{}' sslcrldir='{}'",
        endpoint.port,
        path("ca.crt"),
        path("two.pem"),
        path("lists")
    );
    let string: ConnectionString = string.parse().unwrap();
    let connector = connector(string.config());
    let open = || connector.open(&string.endpoints()[0]);
    let error = open().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    assert!(error.to_string().contains("two.pem"), "{error}");

    std::fs::write(path("two.pem"), &good).unwrap();
    open().await.unwrap();
    // Files and directories are read again when they change, and a list that is cut leaves the last one in use.
    std::fs::write(path("two.pem"), &good[..good.len() / 2]).unwrap();
    open().await.unwrap();
    std::fs::write(path("two.pem"), &bad).unwrap();
    let error = open().await.unwrap_err();
    assert!(error.to_string().contains("revoked"), "{error}");
    std::fs::write(path("two.pem"), &good).unwrap();
    open().await.unwrap();
    // Of several lists of an authority the newest counts.
    std::fs::write(
        path("lists/three.pem"),
        between.revoking_in(2000, &[7], 4000),
    )
    .unwrap();
    open().await.unwrap();
    std::fs::write(
        path("lists/four.pem"),
        between.revoking_in(2002, &[7], 4000),
    )
    .unwrap();
    let error = open().await.unwrap_err();
    assert!(error.to_string().contains("revoked"), "{error}");
}

#[tokio::test]
async fn lists_that_would_check_nothing_are_refused() {
    let lists = || RevocationLists::file("x.crl");
    for mode in [
        SslMode::Disable,
        SslMode::Allow,
        SslMode::Prefer,
        SslMode::Require,
    ] {
        let tls = TlsConfig::new().mode(mode).revocation_lists(lists());
        let error = Config::builder().user("app").tls(tls).build().unwrap_err();
        assert!(error.is_config(), "{error}");
        assert!(error.to_string().contains("verify-full"), "{error}");
    }
    // A certificate that is its own root is in no list.
    let own = Issued::itself(authority("localhost"));
    let endpoint = serve(&own.pem(), &own.key).await;
    let tls = trusting(&own.pem());
    connect(tls.clone(), &endpoint).await.unwrap();
    let tls = tls.revocation_lists(RevocationLists::pem(own.revoking(&[], 4000)));
    let told = refusal(tls, &endpoint).await;
    assert_told(told, ErrorKind::TlsUntrusted, &["without revocation lists"]);
    // What is no list.
    let directory = tempfile::tempdir().unwrap();
    for lists in [
        RevocationLists::pem("nonsense"),
        RevocationLists::pem(own.pem()),
        RevocationLists::directory(directory.path()),
        RevocationLists::file(directory.path().join("none")),
    ] {
        let error = connect(trusting(&own.pem()).revocation_lists(lists), &endpoint)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
        assert!(error.to_string().contains("revocation list"), "{error}");
    }
}
